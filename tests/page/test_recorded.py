"""The cards of the recorded runs: a sentence for each, and no figure but the trace's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accel.errors import InputError
from accel.metrics import metrics
from app import TRACES
from visuals.page.recorded import ABOUT, Recorded, named, recorded_in

RUNS = recorded_in(TRACES)


def test_every_shipped_run_has_its_sentence_and_no_sentence_is_left_over():
    assert set(ABOUT) == set(RUNS)
    assert len(RUNS) >= 12


@pytest.mark.parametrize("slug", RUNS)
def test_a_card_says_what_the_trace_holds(slug):
    card, trace = RUNS[slug].card(), RUNS[slug].trace()
    found = metrics(trace)
    assert (card["num_tokens"], card["num_steps"]) == (len(trace.tokens), len(trace.steps) - 1)
    assert card["mean_acceptance_length"] == pytest.approx(found["mean_acceptance_length"])
    assert card["speedup"] == pytest.approx(found["speedup_measured"])
    assert card["title"]
    assert card["about_method"]


@pytest.mark.parametrize("slug", ["", None, 3, ["a"], "../app", "x" * 1000])
def test_a_run_that_is_not_there_is_named(slug):
    with pytest.raises(InputError, match="trace: no recorded run"):
        named(RUNS, slug)


@pytest.mark.parametrize("sign", ["\u2028", "\x85"])
def test_a_run_may_hold_signs_that_other_readers_take_for_line_ends(sign, tmp_path):
    trace = next(iter(RUNS.values())).trace()
    path = tmp_path / "01-Signs,-Method.jsonl"
    replace(trace, footer=replace(trace.footer, text=f"one{sign}two")).save(path)
    assert Recorded(path).ends == (trace.header, replace(trace.footer, text=f"one{sign}two"))
