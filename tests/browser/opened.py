"""A page with an exported run in it, and a run to put there."""

from __future__ import annotations

import hashlib
from typing import Any

from accel.trace import Match, Observed, Residual, Trace
from tests.visuals.runs import NUM_LAYERS, RunBook

# All that is drawn, canvases included; what is focused or moving is not part of a state.
PICTURE = """() => JSON.stringify([
  ...['.ds-counters', '.ds-text', '.ds-panel-tree', '.ds-panel-method', '.ds-panel-time .ds-head'].map(
    (at) => document.querySelector(at).outerHTML),
  ...['.ds-panel-layers canvas', '.ds-panel-method canvas', '.ds-panel-time canvas', '.ds-map'].map(
    (at) => document.querySelector(at).toDataURL()),
])"""


def run(num_steps: int = 6, pieces: tuple[str, ...] = (" one", " two", " three", " four")) -> Trace:
    """Steps of four drafts in a small tree, at observe=full."""
    book = RunBook(observe="full")
    book.prefill()
    for step in range(num_steps):
        tip = book.tip
        book.log(Match("text", 7, 2, 3.5, True))
        first = book.draft(tip, pieces[step % 4])
        second = book.draft(first, pieces[(step + 1) % 4], 0.25)
        other = book.draft(first, pieces[(step + 2) % 4], 0.125)
        below = book.draft(other, pieces[(step + 3) % 4], 0.0625)
        book.run(tip, first, second, other, below)
        book.judge(first, True)
        book.judge(second, False, 0.0625)
        book.log(Residual(second, (book.token(pieces[0]),), (1.0,)))
        for slot in (tip, first, second, other, below):
            book.log(*(Observed(slot, layer, 0, layer / 5) for layer in range(1, NUM_LAYERS + 1)))
        book.commit((first,), f" own{step}", "recovered")
    return book.trace(measured=True)


class Opened:
    """A page with an exported run in it, and what it asked for and complained of."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda asked: self.requests.append(asked.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def goto(self, step: int, phase: str = "commit") -> None:
        self.page.evaluate("([step, phase]) => explorer.goto(step, phase)", [step, phase])

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate(
            "() => ({...explorer.state, palette: null, busy: explorer.player.busy})"
        )
        return found

    def picture(self) -> str:
        return hashlib.sha256(self.page.evaluate(PICTURE).encode()).hexdigest()

    def settle(self, step: int) -> None:
        self.page.wait_for_function(
            "step => explorer.state.step == step && explorer.state.phase == 'commit' && !explorer.player.busy"
            " && !explorer.stage.behind"
            " && new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))",
            arg=step,
        )

    def text(self, selector: str) -> str:
        found: str = self.page.inner_text(selector)
        return found
