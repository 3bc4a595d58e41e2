"""Numbers of hand-made runs, worked out by hand. Each step takes 1 s that counts (0.25 of it drafting)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accel.metrics import Speedup, Tally, metrics, tally
from accel.trace import Baseline, Calibration, MethodInfo, Trace
from tests.visuals.runs import RunBook, chain, tree, without_verdicts


def test_chain_with_bonus_and_recovered() -> None:
    found = metrics(chain().trace(measured=True))
    expected = {
        "num_tokens": 5.0,  # the prefill's, then 3, then 1
        "num_steps": 2.0,
        "seconds": 2.0,  # observing is in no speed
        "prefill_seconds": 1.0,
        "num_drafts": 2.0,
        "num_draft_tokens": 3.0,
        "num_accepted_tokens": 2.0,
        "num_tested_tokens": 3.0,
        "tokens_per_second": 2.0,
        "mean_acceptance_length": 2.0,
        "mean_draft_acceptance_length": 2.0,  # 1 + 2 / 2
        "acceptance_rate": 2 / 3,
        "draft_acceptance_rate": 2 / 3,
        "passes_per_token": 0.5,
        "layer_calls": 8.0,
        "layer_calls_target": 8.0,
        "layer_calls_per_token": 2.0,
        "layer_rows_per_token": (4 * 3 + 4 * 2) / 4,
        "drafting_share": 0.25,
        "speedup_measured": 1.8,  # 0.9 s a token alone, 0.5 s here
        "speedup_modelled": 1.6,  # 0.8 s a token by the calibration
    }
    assert found == pytest.approx(expected)


def test_a_tree_counts_tested_and_drafted_apart() -> None:
    found = metrics(tree().trace())
    assert found["acceptance_rate"] == pytest.approx(2 / 3)  # of three with a verdict
    assert found["draft_acceptance_rate"] == pytest.approx(2 / 5)  # of five nodes
    assert found["mean_acceptance_length"] == 3.0


def test_positions_are_counted_from_the_tip() -> None:
    total = tally(*_parts(chain().trace()))
    assert total.accepted_per_position == [1, 1]


def test_undefined_ratios_are_absent() -> None:
    book = RunBook()
    book.prefill()
    found = metrics(book.trace(measured=True))
    assert found == {
        "num_tokens": 1.0,
        "num_steps": 0.0,
        "seconds": 0.0,
        "prefill_seconds": 1.0,
        "num_drafts": 0.0,
        "num_draft_tokens": 0.0,
        "num_accepted_tokens": 0.0,
        "layer_calls": 0.0,
    }


def test_a_plain_run_has_no_acceptance() -> None:
    book = RunBook()
    book.prefill()
    book.run(book.tip)
    book.commit((), " e", "plain")
    found = metrics(book.trace())
    assert "acceptance_rate" not in found
    assert "draft_acceptance_rate" not in found
    assert "mean_draft_acceptance_length" not in found
    assert found["passes_per_token"] == 1.0


def test_without_verdicts_what_was_accepted_is_still_known() -> None:
    found = metrics(without_verdicts(chain().trace()))
    assert found["num_accepted_tokens"] == 2.0
    assert "acceptance_rate" not in found


def test_layers_of_drafting_lanes_count_and_a_part_of_a_pass_is_none() -> None:
    book = RunBook()
    book.prefill()
    book.run(book.tip, lane="draft", last=2)
    book.run(book.tip, last=3)
    book.run(book.tip, first=3)
    book.commit((), " e", "plain")
    found = metrics(book.trace())
    assert found["layer_calls"] == 6.0
    assert found["layer_calls_draft"] == 2.0
    assert found["passes_per_token"] == 1.0


def test_speedup_says_whether_it_was_measured() -> None:
    total = tally(*_parts(chain().trace()))
    assert total.speedup(Baseline(10, 9.0)) == Speedup(pytest.approx(1.8), "measured")
    assert total.speedup(None) == Speedup(pytest.approx(1.6), "modelled")
    bare = Tally(replace(chain().header, calibration=None))
    assert bare.speedup(None) is None


def test_noise_makes_no_run_faster_than_its_passes_allow() -> None:
    total = tally(*_parts(chain().trace()))
    assert total.speedup(Baseline(10, 20.0)) == Speedup(2.0, "measured")  # two tokens a pass
    slow = replace(chain().header, calibration=Calibration((1,), (9.0,), 0.1))
    assert tally(slow, chain().steps).speedup(None) == Speedup(2.0, "modelled")


@pytest.mark.parametrize("seconds", [1.0, 40.0])
def test_the_model_alone_is_the_reference_whatever_the_clock_said(seconds: float) -> None:
    book = chain()
    alone = replace(book.header, method=MethodInfo("autoregressive", {}))
    assert tally(alone, book.steps).speedup(Baseline(10, seconds)) == Speedup(1.0, "measured")
    assert tally(alone, book.steps).speedup(None) == Speedup(1.0, "modelled")


def test_step_by_step_equals_all_at_once() -> None:
    trace = chain().trace(measured=True)
    total = Tally(trace.header)
    for step in trace.steps:
        total.add(step)
    assert total.numbers(trace.footer.baseline) == metrics(trace)


def _parts(trace: Trace):  # type: ignore[no-untyped-def]
    return trace.header, trace.steps
