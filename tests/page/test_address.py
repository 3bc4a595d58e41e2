"""An address that names what is not here is answered in words; one that names what is, without a word."""

from __future__ import annotations

import pytest

from app import LESSONS, TRACES
from visuals.page.address import unknown_parts
from visuals.page.learn import Shelf
from visuals.page.recorded import recorded_in

RUNS = recorded_in(TRACES)
CARDS = {entry["slug"]: entry["num_cards"] for entry in Shelf(LESSONS, RUNS).list}
LESSON = next(iter(CARDS))
TABS = {"explore", "tune", "race", "learn", "traces"}
EARLY = "leaving-too-early-adadecode-at-threshold-0-3"


def said(**asked: str) -> list[str]:
    return list(unknown_parts(asked, RUNS, CARDS, TABS))


def test_what_is_there_is_no_problem() -> None:
    trace = RUNS[EARLY].trace()
    step = trace.steps[3]
    asked = {"trace": EARLY, "step": "3", "phase": "verify", "slot": str(step.commit.slots[0])}
    assert said(**asked, **{"tab": "tune", "knob.threshold": "0.45", "utm": "x"}) == []
    assert said() == said(lesson=LESSON) == said(lesson=LESSON, card=str(CARDS[LESSON])) == []
    assert said(trace=EARLY, step=str(len(trace.steps) - 1)) == said(step="0") == []


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ({"trace": "nosuch", "step": "999"}, "no recorded run is called 'nosuch'"),
        ({"trace": ""}, "no recorded run is called ''"),
        ({"lesson": "nosuch"}, "no lesson is called 'nosuch'"),
        ({"lesson": LESSON, "card": "0"}, "card '0'"),
        ({"lesson": LESSON, "card": "999"}, "card '999'"),
        ({"tab": "nosuch"}, "no tab 'nosuch'"),
        ({"trace": EARLY, "step": "999"}, "step '999'"),
        ({"step": "1e3"}, "step '1e3'"),
        ({"trace": EARLY, "step": "3", "slot": "99999"}, "slot '99999'"),
        ({"phase": "lunch"}, "phase 'lunch'"),
        ({"trace": EARLY, "knob.nothing": "1"}, "'nothing' is no knob"),
        ({"trace": EARLY, "knob.threshold": "abc"}, "threshold cannot be 'abc'"),
        ({"trace": EARLY, "knob.threshold": "7"}, "threshold cannot be '7'"),
        ({"trace": EARLY, "knob.threshold": "nan"}, "threshold cannot be 'nan'"),
        ({"trace": EARLY, "knob.max_early": "1.5"}, "max_early cannot be '1.5'"),
        ({"trace": "x" * 10_000}, "called 'xxx"),
    ],
)
def test_each_part_that_is_not_here_is_named(asked: dict[str, str], part: str) -> None:
    (problem,) = said(**asked)
    assert part in problem
    assert len(problem) < 200
