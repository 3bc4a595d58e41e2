"""A replay without the model drafts and keeps what the engine did."""

from __future__ import annotations

import pytest

import accel
from accel.replay import Knobs, replay, rounds_of
from accel.suffix_drafter import Answers
from accel.trace import Draft, Verdict
from tests.tiny import library_greedy, tiny

PROMPTS = [[5, 17, 42, 7, 5, 17, 42, 9, 5, 17], [1, 2, 3, 1, 2, 3, 1, 2], [60, 61, 62, 63]]


@pytest.mark.parametrize(
    "knobs",
    [
        {},
        {"alpha": 3.0, "branching": True, "min_prob": 0.0},
        {"memory": "session"},
        {"offset": 2.0, "num_draft_tokens": 5},
    ],
    ids=str,
)
def test_a_replay_drafts_and_keeps_what_the_engine_did(knobs):
    model = tiny()
    session, answers = accel.Session(model), Answers()
    total = 0
    for prompt in PROMPTS:
        trace = accel.generate(
            model,
            prompt,
            method="suffix",
            knobs={**knobs, "calibrated": False},
            max_new_tokens=40,
            session=session,
        )
        found = [
            (
                sum(isinstance(e, Draft) for e in step.events),
                sum(isinstance(e, Verdict) and e.accepted for e in step.events),
            )
            for step in trace.steps[1:]
        ]
        replayed = list(rounds_of(prompt, trace.tokens, Knobs(**knobs), answers, None))
        assert [(step.drafted, step.accepted) for step in replayed] == found
        total += sum(accepted for _, accepted in found)
    assert total > 0


def test_the_report_counts_by_hand():
    """After 1 2 3 1 2 the text 3 1 2 3 is promised; of a lone repeated answer nearly all is."""
    report = replay([([1, 2, 3, 1, 2], [3, 1, 2, 3, 9])], Knobs(alpha=8.0))
    assert (report.num_requests, report.num_tokens) == (1, 5)
    steps = list(rounds_of([1, 2, 3, 1, 2], [3, 1, 2, 3, 9], Knobs(alpha=8.0), Answers(), None))
    assert report.num_steps == len(steps)
    assert report.accepted * len(steps) == sum(step.accepted for step in steps) == 3
    assert report.request_speedup == 4 / len(steps)


def test_an_answer_seen_before_is_kept_and_speeds_up():
    answer = library_greedy(tiny(), PROMPTS[0], 40)
    cold = replay([([7, 8], answer)], Knobs())
    warm = replay([([7, 8], answer)] * 3, Knobs())
    assert warm.request_speedup > cold.request_speedup
    assert warm.rate > 0.5


def test_nothing_to_replay_is_no_error():
    assert replay([], Knobs()).request_speedup == 1.0
    assert replay([([1], [])], Knobs()).num_steps == 0
    assert replay([([1], [2])], Knobs()).num_steps == 0
