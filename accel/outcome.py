"""A run under other knobs: what it comes to, predicted or measured. Standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from accel.drafting import pass_seconds
from accel.trace import Knob, Trace

Kind = Literal["exact", "estimate"]


class WhatIfError(ValueError):
    """This trace cannot answer; the message says what it lacks."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A knob that a recorded run can answer for: its kind, and where it is a number, its bounds."""

    kind: type
    low: float = 0
    high: float = 0

    def allows(self, value: object) -> bool:
        """Is this a value that the knob can have?"""
        if self.kind in (bool, str):
            return isinstance(value, self.kind)
        number = isinstance(value, int if self.kind is int else int | float) and not isinstance(value, bool)
        return number and self.low <= value <= self.high  # type: ignore[operator]  # a number, as was just seen


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole run under other knobs. Tokens and steps after the prefill, as in metrics.py."""

    kind: Kind
    num_tokens: int
    num_steps: int
    num_drafted: float  # whole where exact
    num_taken_back: float  # drafted and not kept
    layer_calls_per_token: float
    speedup: float | None  # predicted from the trace's calibration; None without one


@dataclass(frozen=True, slots=True)
class Point:
    """One setting of a sweep. The speed-up over our own loop is the median of runs that alternate with it."""

    value: str  # as it was asked for
    knobs: dict[str, Knob]
    predicted: Outcome | None  # None where the recorded run cannot say
    layer_calls_per_token: float
    mean_acceptance_length: float
    acceptance_rate: float | None
    not_kept_share: float  # of drafted tokens; 0 where none were
    speedup: float
    same_text: bool


def front(points: Sequence[Point]) -> list[Point]:
    """The points that no other beats: at least as fast with at most as many layer calls, and better in one of them.

    From the fewest layer calls to the most; points with the same two numbers stay together.
    """
    found: list[Point] = []
    for point in sorted(points, key=lambda one: (one.layer_calls_per_token, -one.speedup)):
        best = found[-1] if found else None
        ties = best is not None and (best.layer_calls_per_token, best.speedup) == (
            point.layer_calls_per_token,
            point.speedup,
        )
        if best is None or point.speedup > best.speedup or ties:
            found.append(point)
    return found


def outcome_of(
    trace: Trace,
    kind: Kind,
    *,
    tokens: int,
    steps: int,
    drafted: float,
    taken_back: float,
    calls: float,
    seconds: float,
) -> Outcome:
    """The totals of a run as its outcome; `seconds` counts only where the trace has a calibration."""
    calibration = trace.header.calibration
    speedup = pass_seconds(calibration, 1) * tokens / seconds if calibration is not None and seconds else None
    return Outcome(kind, tokens, steps, drafted, taken_back, calls / max(tokens, 1), speedup)
