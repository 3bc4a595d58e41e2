"""A run under other knobs: what it comes to, predicted or measured. Standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from accel.drafting import pass_seconds
from accel.metrics import TARGET, tally
from accel.trace import Knob, LayerRun, Trace

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


def token_limit(trace: Trace) -> int | None:
    """How many tokens the run could have generated at most, which bounds every draft; None where nobody can say.

    A run that reached the limit says it by its length. Any other also needs the model's context, which older traces
    do not hold.
    """
    header, length = trace.header, len(trace.tokens)
    if trace.finish_reason in ("length", "context"):
        return length
    if header.context is None:
        return None
    return max(min(header.limits.max_new_tokens, header.context - len(header.prompt.tokens)), length)


def is_interrupted(trace: Trace) -> bool:
    """Whether the run was stopped from outside: its text would have gone on, so a step may reach beyond its end."""
    return trace.finish_reason in ("cancelled", "deadline")


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run adds up to after its prefill; `seconds` counts only where the trace has a calibration."""

    tokens: int
    steps: int
    drafted: float
    taken_back: float
    calls: float
    seconds: float


def recorded_totals(trace: Trace) -> Totals:
    """What the recorded run itself adds up to, its seconds by the calibration as those of a predicted one."""
    counted = tally(trace.header, trace.steps)
    seconds = counted.draft_seconds
    if (calibration := trace.header.calibration) is not None:
        runs = (run for step in trace.steps[1:] for run in step.of(LayerRun) if run.lane == TARGET)
        layers = sum(pass_seconds(calibration, len(run.slots)) * (run.last - run.first) for run in runs)
        seconds += layers / trace.header.model.num_layers
    kept = counted.num_accepted_tokens
    return Totals(
        tokens=counted.num_decoded,
        steps=counted.num_steps,
        drafted=counted.num_draft_tokens,
        taken_back=counted.num_draft_tokens - kept,
        calls=counted.num_layer_calls,
        seconds=seconds,
    )


def outcome_of(trace: Trace, kind: Kind, totals: Totals) -> Outcome:
    """The totals of a run as its outcome."""
    calibration, tokens = trace.header.calibration, totals.tokens
    speedup = None
    if calibration is not None and totals.seconds:
        speedup = pass_seconds(calibration, 1) * tokens / totals.seconds
    calls = totals.calls / max(tokens, 1)
    return Outcome(kind, tokens, totals.steps, totals.drafted, totals.taken_back, calls, speedup)
