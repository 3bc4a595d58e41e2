"""Traces that tabs hold: what comes back is what was kept, it goes with its tab, and all together are bounded."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from accel.errors import InputError
from accel.trace import Trace
from tests.browser.served import ROOT
from visuals.page.kept_traces import KEPT, KeptTraces
from visuals.page.pair import MOST_FILES, Racer
from visuals.page.visitor import Visitor

FILES = sorted((ROOT / "assets" / "traces").glob("*.jsonl"))


@pytest.mark.parametrize("path", FILES[:3], ids=lambda path: path.stem[:2])
def test_a_kept_trace_comes_back_as_it_was(path):
    trace = Trace.load(path)
    assert KEPT.keep(trace).trace() == trace


def test_those_kept_first_make_room_and_say_so():
    trace = Trace.load(FILES[0])
    size = len(KeptTraces().keep(trace).data or b"")
    kept = KeptTraces(2 * size + 10)
    gone = kept.keep(trace)
    del gone  # a tab that went takes no room
    gc.collect()
    first, second, third = (kept.keep(trace) for _ in range(3))
    with pytest.raises(InputError, match="no longer kept"):
        first.trace()
    assert second.trace() == third.trace() == trace


def test_what_a_visitor_sent_is_held_in_few_bytes():
    tracemalloc.start()
    try:
        path = max(FILES, key=lambda one: one.stat().st_size)
        held: list[Visitor | Racer] = []
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(3):
            visitor, racer = Visitor(), Racer()
            trace = Trace.load(path)
            visitor.trace = trace
            for _ in range(MOST_FILES):
                racer.add(trace)
            racer.take_lanes([trace])
            held += [visitor, racer]
            del trace
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 3 * 6 * path.stat().st_size / 2
    finally:
        tracemalloc.stop()
