"""Runs far longer than the shipped ones: every step is drawn in time, and nothing piles up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from accel.trace import Observed, Trace
from tests.browser.opened import Opened
from tests.pace import keeps
from tests.visuals.runs import RunBook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Times steps as they are scrubbed: each is drawn, laid out and painted in a frame of its own.
SCRUB = """async ([steps, stride]) => {
  const draws = [], frame = () => new Promise((done) => requestAnimationFrame(done));
  await frame();
  const began = performance.now();
  for (let at = 0; at < steps; at++) {
    explorer.goto((at * stride) % explorer.scene.steps.length);
    draws.push(explorer.drawMilliseconds);
    await frame();
  }
  const median = (all) => all.sort((a, b) => a - b)[all.length >> 1];
  return { draw: median(draws), rate: 1000 * steps / (performance.now() - began) };
}"""
REPAINT = """(times) => {
  const { stage, scene, state } = explorer, found = [];
  for (let at = 0; at < times; at++) {
    const began = performance.now();
    stage.heatmap.draw(scene, { ...state, step: scene.last - at });
    found.push(performance.now() - began);
  }
  return found.sort((a, b) => a - b)[times >> 1];
}"""


def long_run() -> Trace:
    """2,000 tokens from 20,000 guesses."""
    book = RunBook()
    book.prefill()
    for step in range(1_000):
        tip = book.tip
        first = book.draft(tip, f" w{step % 50}")
        others = [book.draft(first if at % 3 else tip, f" v{(step + at) % 70}") for at in range(19)]
        book.run(tip, first, *others)
        book.judge(first, True)
        book.judge(others[1], False)
        book.commit((first,), f" x{step % 60}", "recovered")
    return book.trace()


def deep_run() -> Trace:
    """512 tokens through 48 layers, every layer of every token looked at."""
    layers = 48
    book = RunBook(observe="full")
    book.header = replace(book.header, model=replace(book.header.model, num_layers=layers))
    book.run(*range(book.num_slots), last=layers)
    book.commit((), " d", "plain")
    for step in range(255):
        tip = book.tip
        first = book.draft(tip, f" w{step % 50}")
        second = book.draft(first, f" v{step % 40}")
        book.run(tip, first, second, last=layers)
        book.judge(first, True)
        book.judge(second, False)
        for slot in (tip, first, second):
            confidences = ((slot * 7 + layer * layer) % 101 / 100 for layer in range(1, layers + 1))
            book.log(*(Observed(slot, layer, slot % 30, sure) for layer, sure in enumerate(confidences, 1)))
        book.commit((first,), f" x{step % 60}", "recovered")
    return book.trace()


def test_a_long_run_is_stepped_in_time_and_piles_nothing_up(opened: Callable[..., Opened]) -> None:
    here = opened(long_run())
    devtools = here.page.context.new_cdp_session(here.page)
    devtools.send("Performance.enable")

    def metrics() -> dict[str, float]:
        devtools.send("HeapProfiler.collectGarbage")
        found = devtools.send("Performance.getMetrics")["metrics"]
        return {metric["name"]: metric["value"] for metric in found}

    here.goto(1_000)
    before = metrics()
    here.page.evaluate("() => { for (let step = 0; step <= 1000; step++) explorer.goto(step); }")
    after = metrics()
    growth = (after["JSHeapUsedSize"] - before["JSHeapUsedSize"]) / 1e6
    print(f"heap +{growth:.1f} MB")
    assert here.page.evaluate("explorer.scene.pieces.length") == 2_001
    assert growth <= 20
    assert after["JSEventListeners"] == before["JSEventListeners"]
    assert here.page.evaluate("document.querySelectorAll('.ds-tree .ds-node').length") < 100

    def is_in_time() -> bool:
        found = here.page.evaluate(SCRUB, [60, 37])
        print(f"step {found['draw']:.1f} ms, {found['rate']:.0f} steps a second")
        return bool(found["draw"] <= 33)

    assert keeps(is_in_time)


def test_a_deep_run_scrubs_at_thirty_frames_a_second(opened: Callable[..., Opened]) -> None:
    here = opened(deep_run())
    assert here.page.evaluate("explorer.scene.pieces.length") == 511

    def is_smooth() -> bool:
        found, repaint = here.page.evaluate(SCRUB, [90, 1]), here.page.evaluate(REPAINT, 21)
        print(f"{found['rate']:.0f} frames a second, step {found['draw']:.1f} ms, heatmap {repaint:.1f} ms")
        return bool(found["rate"] >= 30 and repaint <= 16)

    assert keeps(is_smooth)
