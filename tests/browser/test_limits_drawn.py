"""The largest numbers that a trace may have are drawn in time; larger ones, in a page exported before, end too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from accel.trace import Match, Readout
from accel.trace_limits import MAX_LAYERS
from tests.browser.opened import Opened
from tests.visuals.runs import RunBook

pytestmark = pytest.mark.browser

DRAWN = """() => {
  const began = performance.now();
  explorer.goto(1);
  explorer.stage.heatmap.draw(explorer.scene, explorer.state);
  return performance.now() - began;
}"""
LARGER = "(layers) => { for (const one of [explorer.scene, explorer.scene.grid]) one.head.model.num_layers = layers; }"


def deepest() -> RunBook:
    book = RunBook()
    book.header = replace(book.header, model=replace(book.header.model, num_layers=MAX_LAYERS))
    book.run(*range(book.num_slots), last=MAX_LAYERS)
    book.commit((), " d", "plain")
    book.log(Match("text", 100_000_000, 2, 1.0, True), Readout(book.tip, MAX_LAYERS, 1, 0.5, 0.4, True))
    book.run(book.tip, last=MAX_LAYERS)
    book.commit((), " e", "plain")
    return book


def test_a_run_at_the_limits_is_drawn_and_one_beyond_them_does_not_hang(
    opened: Callable[..., Opened],
) -> None:
    here = opened(deepest().trace())
    assert here.page.evaluate(DRAWN) < 5_000
    here.page.evaluate(LARGER, 2**53)
    assert here.page.evaluate(DRAWN) < 5_000
    columns = "{ bars: [], first: 1, last: 2 ** 53, most: 1, width: 600, height: 100, label: '' }"
    ticks = f"DraftScope.columnChart({columns}).querySelectorAll('text').length"
    assert here.page.evaluate(ticks) < 100
