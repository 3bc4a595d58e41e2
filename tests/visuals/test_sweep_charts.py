"""Charts of a sweep: what is drawn of each point, in light and dark, for one knob and for two."""

from __future__ import annotations

from typing import Any

import pytest

from accel.outcome import Outcome, Point
from visuals.charts.sweep import by_setting, pareto
from visuals.theme import METHOD_COLOURS


def point(knobs: dict[str, Any], speedup: float, calls: float, predicted: float | None = 1.5) -> Point:
    outcome = Outcome("estimate", 10, 5, 4.5, 1.5, calls, predicted) if predicted else None
    return Point("", knobs, outcome, calls, 2.0, 0.5, 0.25, speedup, True)


POINTS = [
    point({"threshold": 0.9}, 1.2, 25.0),
    point({"threshold": 0.3}, 0.8, 40.0, None),
    point({"threshold": 0.6}, 1.5, 30.0),
]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_measured_and_predicted_stand_side_by_side_in_the_order_of_the_knob(mode: Any) -> None:
    measured, predicted = by_setting(POINTS, method="adadecode", mode=mode).data
    assert measured.line.color == predicted.line.color == METHOD_COLOURS[mode]["adadecode"]
    assert (measured.x, measured.y) == ((0.3, 0.6, 0.9), (0.8, 1.5, 1.2))
    assert (predicted.x, predicted.y) == ((0.6, 0.9), (1.5, 1.5))
    assert predicted.line.dash
    assert not measured.line.dash


def test_a_second_knob_gives_a_line_for_each_of_its_values() -> None:
    grid = [point({"threshold": t, "branching": b}, t, 30.0, None) for t in (0.3, 0.6) for b in (False, True)]
    drawn = by_setting(grid).data
    assert [line.name for line in drawn] == ["measured, branching False", "measured, branching True"]
    assert len({(line.line.color, line.marker.symbol) for line in drawn}) == 2


def test_settings_that_are_words_keep_their_order() -> None:
    words = [point({"memory": name}, 1.0, 30.0, None) for name in ("session", "both", "request")]
    assert by_setting(words).data[0].x == ("session", "both", "request")


def test_the_front_is_marked_and_every_point_is_drawn_once() -> None:
    beaten, best = pareto(POINTS).data
    assert beaten.x == (40.0,)
    assert (best.x, best.y) == ((25.0, 30.0), (1.2, 1.5))
    assert beaten.marker.symbol != best.marker.symbol
