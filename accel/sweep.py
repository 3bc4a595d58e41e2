"""One knob over several values: what a recorded run predicts beside what a run measures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from accel.decoding import Decoding
from accel.method import with_knobs
from accel.methods import METHODS
from accel.models.model import Model
from accel.request import Request
from accel.trace import Trace
from accel.whatif import Outcome, WhatIfError, whatif


@dataclass(frozen=True)
class Point:
    """One value. The ratios over our own loop are medians over rounds of runs that alternate with it."""

    value: str
    predicted: Outcome | None  # None where the recorded run cannot say
    layer_calls_per_token: float
    mean_acceptance_length: float
    acceptance_rate: float | None
    speedup: float
    same_text: bool


def sweep(
    model: Model,
    request: Request,
    knob: str,
    values: Sequence[str],
    rounds: int,
    tell: Callable[[str, float], None] = lambda stage, fraction: None,
) -> list[Point]:
    """Measure every value `rounds` times, our own loop before each; the prediction is from one observed run."""
    recorded = _trace(model, replace(request, terms=replace(request.terms, observe="full")))
    alone = replace(request, method=with_knobs(METHODS["autoregressive"], {}), draft=None)
    _trace(model, alone)  # a warm-up
    points = []
    for number, value in enumerate(values):
        knobs = {**request.knobs, knob: value}
        asked = replace(request, method=with_knobs(METHODS[request.method.name], knobs))
        ratios = []
        for again in range(rounds):
            tell("measuring", (number + again / rounds) / len(values))
            baseline, trace = _trace(model, alone), _trace(model, asked)
            ratios.append(_seconds_a_token(baseline) / _seconds_a_token(trace))
        points.append(_point(value, recorded, knob, asked, trace, baseline, median(ratios)))
    tell("measuring", 1.0)
    return points


def _trace(model: Model, request: Request) -> Trace:
    decoding = Decoding(model, request, None, check=False)
    for _ in decoding:
        pass
    return decoding.trace()


def _seconds_a_token(trace: Trace) -> float:
    """After the prefill, nothing observed counted."""
    return sum(step.seconds.total for step in trace.steps[1:]) / max(len(trace.tokens) - 1, 1)


def _point(
    value: str, recorded: Trace, knob: str, asked: Request, trace: Trace, baseline: Trace, speedup: float
) -> Point:
    try:
        predicted = whatif(recorded, {knob: getattr(asked.method, knob)})
    except WhatIfError:
        predicted = None
    return Point(
        value=value,
        predicted=predicted,
        layer_calls_per_token=trace.metrics.get("layer_calls_per_token", 0.0),
        mean_acceptance_length=trace.metrics.get("mean_acceptance_length", 0.0),
        acceptance_rate=trace.metrics.get("acceptance_rate"),
        speedup=speedup,
        same_text=trace.tokens == baseline.tokens,
    )
