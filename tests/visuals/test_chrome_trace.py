"""The Chrome trace: what viewers need of the format, the run's own times and calls, and what is modelled said."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest

from accel.metrics import metrics
from accel.trace import Trace
from tests.visuals.method_runs import ALL
from tests.visuals.runs import chain, tree
from visuals.chrome_trace import CALL, CALLS, TIME, chrome_trace_json

RUNS = {"chain": lambda: chain().trace(), "tree": lambda: tree().trace(), **ALL}


def opened(trace: Trace) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(chrome_trace_json(trace))
    return found


def slices(file: dict[str, Any], process: int) -> list[dict[str, Any]]:
    return [event for event in file["traceEvents"] if event["ph"] == "X" and event["pid"] == process]


@pytest.mark.parametrize("name", RUNS)
def test_a_viewer_can_lay_it_out(name: str) -> None:
    file = opened(RUNS[name]())
    named = {
        (e["pid"], e["tid"]) for e in file["traceEvents"] if e["ph"] == "M" and e["name"] == "thread_name"
    }
    threads: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    for event in slices(file, TIME) + slices(file, CALLS):
        assert isinstance(event["name"], str)
        assert event["ts"] >= 0
        assert event["dur"] >= 0
        threads[event["pid"], event["tid"]].append((event["ts"], event["dur"]))
    assert set(threads) <= named
    for spans in threads.values():  # on one thread, one after another
        assert spans == sorted(spans)
        assert all(a + length <= b + 0.01 for (a, length), (b, _) in pairwise(spans))


@pytest.mark.parametrize("name", RUNS)
def test_its_lengths_are_those_of_the_run(name: str) -> None:
    trace = RUNS[name]()
    file = opened(trace)
    steps = [event for event in slices(file, TIME) if event["tid"] == 1]
    assert [event["dur"] for event in steps] == [pytest.approx(s.seconds.total * 1e6) for s in trace.steps]
    lanes = [event for event in slices(file, CALLS) if event["tid"] > 2]
    after_prefill = sum(event["dur"] for event in lanes if event["args"]["step"]) / CALL
    assert after_prefill == metrics(trace)["layer_calls"]
    assert sum(e["dur"] for e in slices(file, CALLS) if e["tid"] == 1) == sum(e["dur"] for e in lanes)


def test_layer_runs_lie_within_their_phase_and_say_that_this_is_modelled() -> None:
    file = opened(ALL["skips"]())
    assert "Modelled" in file["otherData"]["placement"]
    assert {event["cat"] for event in slices(file, CALLS)} == {"counted"}
    phases = {
        (event["args"]["step"], event["name"]): (event["ts"], event["ts"] + event["dur"])
        for event in slices(file, TIME)
        if event["tid"] == 2
    }
    modelled = [event for event in slices(file, TIME) if event["cat"] == "modelled"]
    lanes = {event["tid"] for event in modelled}
    assert len(lanes) > 1
    for event in modelled:
        low, high = phases[event["args"]["step"], "verify" if event["tid"] == min(lanes) else "draft"]
        assert event["args"]["placement"] == "modelled"
        assert low - 0.01 <= event["ts"] <= event["ts"] + event["dur"] <= high + 0.01
