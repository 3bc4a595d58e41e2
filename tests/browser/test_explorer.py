"""The explorer in a real browser, from an exported file: the same however reached, inert, offline."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from accel.trace import Match, Observed, Residual, Trace
from tests.visuals.runs import NUM_LAYERS, RunBook
from visuals.export import explorer_html
from visuals.scene import SceneWriter, packed, whole

pytestmark = pytest.mark.browser

# All that is drawn, canvases included; what is focused or moving is not part of a state.
PICTURE = """() => JSON.stringify([
  ...['.ds-counters', '.ds-text', '.ds-panel-tree', '.ds-panel-time .ds-head'].map(
    (at) => document.querySelector(at).outerHTML),
  ...['.ds-panel-layers canvas', '.ds-panel-time canvas', '.ds-map'].map(
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
            " && new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))",
            arg=step,
        )

    def text(self, selector: str) -> str:
        found: str = self.page.inner_text(selector)
        return found


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Open a trace as an exported file. Any request or complaint that a test does not expect fails it."""
    made: list[Opened] = []

    def open_page(trace: Trace, **context: Any) -> Opened:
        file = tmp_path / f"run{len(made)}.html"
        file.write_text(explorer_html(trace), encoding="utf-8")
        here = Opened(chromium.new_page(**({"viewport": {"width": 1280, "height": 900}} | context)))
        made.append(here)
        here.page.goto(file.as_uri())
        return here

    yield open_page
    for here in made:
        here.page.close()
        assert here.complaints == []
        assert [url for url in here.requests if not url.startswith("file:")] == []
        assert len(here.requests) == 1


def test_a_step_looks_the_same_however_it_is_reached(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    by_jump = []
    for step in range(7):
        here.goto(step)
        by_jump.append(here.picture())
    assert len(set(by_jump)) == 7
    for step in range(6, -1, -1):  # backwards, with the keyboard
        assert here.picture() == by_jump[step]
        here.page.locator(".ds-root").press("ArrowLeft")
    for step in range(1, 7):  # forwards, acted out
        here.page.locator(".ds-root").press("ArrowRight")
        here.settle(step)
        assert here.picture() == by_jump[step]


def test_a_phase_looks_the_same_however_it_is_reached(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    seen = {}
    for phase in ("commit", "draft", "verify"):
        here.goto(3, phase)
        seen[phase] = here.picture()
    assert len(set(seen.values())) == 3
    here.goto(2)
    for phase in ("draft", "verify", "commit"):
        here.page.locator(".ds-root").press("Shift+ArrowRight")
        assert here.picture() == seen[phase]


def test_going_on_interrupts_what_is_being_acted_out(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    here.goto(1)
    here.page.evaluate("explorer.advance()")
    assert here.state()["phase"] == "draft"
    here.page.evaluate("explorer.advance()")  # no waiting: the step is shown whole
    assert (here.state()["step"], here.state()["phase"], here.state()["busy"]) == (2, "commit", False)


def test_fates_are_drawn_as_they_were(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    here.goto(2)
    count = "fate => document.querySelectorAll('.ds-tree .ds-mark.ds-fate-' + fate).length"
    fates = ("committed", "accepted", "rejected", "unreached", "recovered", "drafted")
    assert {fate: here.page.evaluate(count, fate) for fate in fates} == {
        "committed": 1, "accepted": 1, "rejected": 1, "unreached": 2, "recovered": 1, "drafted": 0,
    }  # fmt: skip
    here.goto(2, "draft")
    assert here.page.evaluate(count, "drafted") == 4
    assert here.page.evaluate(count, "recovered") == 0


def test_counters_and_sentences_say_what_the_trace_holds(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    here.goto(6)
    assert here.text("[data-counter=speedup] .ds-value") == "4.00×"  # 2 s alone, two tokens a second here
    assert here.text("[data-counter=speedup] .ds-kind") == "measured"
    assert here.text("[data-counter=tokens] .ds-value") == "2.00"
    assert here.text("[data-counter=acceptance] .ds-value") == "50 %"
    assert here.text("[data-counter=parity]").split("\n") == ["✓", "Same text", "token for token"]
    assert here.text(".ds-match") == (
        "The last 7 tokens were seen 2 times in the prompt and this answer; expects 3.5 more to be kept."
    )
    here.page.locator(".ds-tree .ds-fate-accepted.ds-mark").click()
    assert "was kept: it is the model’s own first choice here (.90); the draft gave it .50." in here.text(
        ".ds-why"
    )


def test_choosing_a_token_lights_it_everywhere_and_explains_it(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    here.goto(4)
    before = here.page.evaluate("document.querySelector('.ds-panel-layers canvas').toDataURL()")
    here.page.locator(".ds-tree .ds-node", has=here.page.locator(".ds-fate-unreached")).last.click()
    assert "was never tested" in here.text(".ds-why")
    assert before != here.page.evaluate("document.querySelector('.ds-panel-layers canvas').toDataURL()")
    here.page.locator(".ds-piece:not([hidden])").nth(3).click()
    state = here.state()
    assert state["step"] == 2
    slot = str(state["slot"])
    assert here.page.locator(".ds-tree .ds-selected").get_attribute("data-slot") == slot
    assert here.page.locator(".ds-text .ds-selected").get_attribute("data-slot") == slot


def test_keyboard_plays_pauses_and_jumps(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    root = here.page.locator(".ds-root")
    root.press("Home")
    assert here.state()["step"] == 0
    root.press("End")
    assert here.state()["step"] == 6
    root.press("Home")
    here.page.evaluate("explorer.setSpeed(4)")
    root.press(" ")
    assert here.state()["playing"]
    here.settle(6)
    here.page.wait_for_function("!explorer.state.playing")
    root.press("Home")
    root.press(" ")
    root.press(" ")
    assert not here.state()["playing"]


def test_reduced_motion_acts_nothing_out(opened: Callable[..., Opened]) -> None:
    here = opened(run(), reduced_motion="reduce")
    here.goto(1)
    here.page.evaluate("explorer.advance()")
    assert (here.state()["step"], here.state()["phase"]) == (2, "commit")


HOSTILE = (
    "<img src=x onerror=window.broken=1>",
    "</script><script>window.broken=2</script>",
    "${window.broken=3}{{constructor.constructor('window.broken=4')()}}",
    "a\u202eb\u200bc",
)


def test_hostile_text_is_shown_and_does_nothing(opened: Callable[..., Opened]) -> None:
    here = opened(run(pieces=HOSTILE))
    for step in range(7):
        here.goto(step)
        for node in here.page.locator(".ds-tree .ds-node").all():
            node.hover()
            node.click()
    box = here.page.locator(".ds-panel-layers canvas").bounding_box()
    for at in range(60, 400, 12):
        here.page.mouse.move(box["x"] + at, box["y"] + 60)
    shown = here.page.evaluate("document.querySelector('.ds-flow').textContent")
    assert HOSTILE[0] in shown
    assert HOSTILE[1] in shown
    assert HOSTILE[2] in shown
    assert "a⟨U+202E⟩b⟨U+200B⟩c" in shown
    assert here.page.evaluate("window.broken") is None
    assert here.page.locator("#ds-explorer img, #ds-explorer script").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_of_a_phone(opened: Callable[..., Opened], scheme: str) -> None:
    here = opened(run(), viewport={"width": 390, "height": 844}, color_scheme=scheme)
    for view in ("Tree", "Layers", "Timeline"):
        here.page.get_by_role("button", name=view, exact=True).click()
        assert here.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), view
    sizes = here.page.evaluate(
        "Array.from(document.querySelectorAll('.ds-root button, .ds-root select'))"
        ".map((one) => one.getBoundingClientRect()).filter((box) => box.width)"
        ".map((box) => [box.width, box.height])"
    )
    assert all(min(size) >= 44 for size in sizes), sizes


def test_every_button_has_a_name(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    for control in here.page.locator(".ds-root :is(button, select, input)").all():
        name = control.get_attribute("aria-label") or control.inner_text()
        assert name.strip()


def test_dark_follows_the_reader_and_the_page(opened: Callable[..., Opened]) -> None:
    ground = "getComputedStyle(document.querySelector('.ds-panel')).backgroundColor"
    dark = opened(run(), color_scheme="dark").page.evaluate(ground)
    here = opened(run(), color_scheme="light")
    light = here.page.evaluate(ground)
    assert dark != light
    here.page.evaluate("document.body.classList.add('dark')")
    assert here.page.evaluate(ground) == dark


def test_deltas_lead_to_the_same_pictures_as_the_whole(opened: Callable[..., Opened]) -> None:
    trace = run()
    writer = SceneWriter("live", trace.header)
    deltas = [writer.start(), *(writer.add([step]) for step in trace.steps), writer.finish(trace.footer)]
    here = opened(trace)
    here.goto(6)
    expected = here.picture()
    for delta in deltas:
        assert here.page.evaluate("delta => explorer.apply(delta)", packed(delta))
    here.settle(6)
    here.goto(6)
    assert here.picture() == expected


def test_a_missing_delta_is_noticed_and_mended(opened: Callable[..., Opened]) -> None:
    trace = run()
    writer = SceneWriter("live", trace.header)
    start, first, _, third = writer.start(), *(writer.add([step]) for step in trace.steps[:3])
    here = opened(trace)
    apply = "delta => explorer.apply(delta)"
    here.page.evaluate("explorer.options.onGap = (gap) => { window.gap = gap; }")
    assert here.page.evaluate(apply, start)
    assert here.page.evaluate(apply, first)
    assert here.page.evaluate(apply, first)  # the same again is ignored
    assert not here.page.evaluate(apply, third)
    assert here.page.evaluate("window.gap") == {"run": "live", "expected": 2, "got": 3}
    here.page.evaluate("delta => { explorer.apply(delta); delta.steps.length = 0; }", first)  # a copy is kept
    mended = whole(trace.header, trace.steps[:3], None, run="live", seq=3)
    here.page.evaluate("scene => explorer.load(scene)", mended)
    assert here.page.evaluate(apply, writer.add(trace.steps[3:4]))
    here.settle(3)


def test_the_newest_step_is_followed_until_one_looks_back(opened: Callable[..., Opened]) -> None:
    trace = run()
    writer = SceneWriter("live", trace.header)
    here = opened(trace)
    apply = "delta => explorer.apply(delta)"
    here.page.evaluate(apply, writer.start() | writer.add(trace.steps[:3]))
    here.settle(2)
    here.page.evaluate(apply, writer.add(trace.steps[3:4]))
    here.settle(3)
    here.page.locator(".ds-root").press("ArrowLeft")
    here.page.evaluate(apply, writer.add(trace.steps[4:5]))
    here.settle(2)
    here.page.get_by_role("button", name="Live").click()
    here.settle(4)


def test_without_a_run_every_panel_says_what_would_fill_it(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    here.page.evaluate("window.empty = DraftScope.mount(document.querySelector('#ds-explorer'), {})")
    for panel in ("text", "tree", "layers", "time"):
        assert "appears here" in here.text(f".ds-panel-{panel}")


def test_a_long_run_stays_quick(opened: Callable[..., Opened]) -> None:
    here = opened(run(num_steps=1_000))
    took = here.page.evaluate(
        "() => { const times = []; for (let k = 0; k < 1000; k += 37) { explorer.goto(k);"
        " times.push(explorer.drawMilliseconds); } return times.sort((a, b) => a - b)[times.length >> 1]; }"
    )
    assert took < 100  # milliseconds; about 10 on an idle machine
