"""A run under other knobs: what it comes to, or why the recorded one cannot say. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from accel.drafting import pass_seconds
from accel.trace import Trace

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
