"""One knob or two over several values: what a recorded run predicts beside what runs measure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product
from statistics import median

from accel.decoding import Decoding, Stopping, never
from accel.method import with_knobs
from accel.methods import METHODS
from accel.models.model import Model
from accel.outcome import Point
from accel.request import Request
from accel.trace import Trace
from accel.whatif import WhatIfError, whatif

Grid = Mapping[str, Sequence[str]]  # knob -> its values


@dataclass(frozen=True)
class Progress:
    """How far a sweep has come: a share of all its tokens, and the point it is at (None: before the first)."""

    fraction: float
    at: int | None


@dataclass(frozen=True)
class Measured:
    """A point, and the newest of its runs."""

    point: Point
    trace: Trace


def sweep(
    model: Model,
    request: Request,
    grid: Grid,
    rounds: int,
    tell: Callable[[str, float], None] = lambda stage, fraction: None,
    stopping: Stopping = never,
) -> list[Point]:
    """Every point of the grid, in order; those before `stopping` had a reason."""
    points = []
    for found in measure(model, request, grid, rounds, stopping):
        if isinstance(found, Progress):
            tell("measuring", found.fraction)
        else:
            points.append(found.point)
    tell("measuring", 1.0)
    return points


def settings_of(grid: Grid) -> list[dict[str, str]]:
    """The points of a grid, the last knob turning fastest."""
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def measure(
    model: Model, request: Request, grid: Grid, rounds: int, stopping: Stopping = never
) -> Iterator[Progress | Measured]:
    """Measure every point `rounds` times, our own loop before each; predictions are from one observed run.

    Tells how far it is after each step of a run, and each point as it is measured; ends early, between two steps,
    where `stopping` has a reason. The time between two steps is not the runs'.
    """
    with suppress(_Stopped):
        yield from _measured(model, request, grid, rounds, stopping)


def _measured(
    model: Model, request: Request, grid: Grid, rounds: int, stopping: Stopping
) -> Iterator[Progress | Measured]:
    asked = settings_of(grid)
    alone = replace(request, method=with_knobs(METHODS["autoregressive"], {}), draft=None)
    runs = _Runs(model, stopping, 2 + 2 * rounds * len(asked))
    recorded = yield from runs.run(replace(request, terms=replace(request.terms, observe="full")))
    yield from runs.run(alone)  # a warm-up
    for at, settings in enumerate(asked):
        turned = replace(
            request, method=with_knobs(METHODS[request.method.name], {**request.knobs, **settings})
        )
        ratios = []
        for _ in range(rounds):
            baseline = yield from runs.run(alone, at)
            trace = yield from runs.run(turned, at)
            ratios.append(_seconds_a_token(baseline) / max(_seconds_a_token(trace), 1e-9))
        point = _point(settings, recorded, turned, trace, median(ratios), trace.tokens == baseline.tokens)
        yield Measured(point, trace)


class _Stopped(Exception):
    """A run was broken off: there is nothing to measure."""


class _Runs:
    """Runs one after another, told as shares of them all."""

    def __init__(self, model: Model, stopping: Stopping, total: int) -> None:
        self._model, self._stopping, self._total = model, stopping, total
        self._done = 0

    def run(self, request: Request, at: int | None = None) -> Generator[Progress, None, Trace]:
        """One run to its end; returns its trace."""
        decoding = Decoding(self._model, request, None, check=False, stopping=self._stopping)
        tokens = 0
        for step in decoding:
            tokens += len(step.commit.tokens)
            share = min(tokens / request.limits.max_new_tokens, 1.0)
            yield Progress((self._done + share) / self._total, at)
        if self._stopping() is not None:
            raise _Stopped
        self._done += 1
        return decoding.trace()


def _seconds_a_token(trace: Trace) -> float:
    """After the prefill, nothing observed counted."""
    return sum(step.seconds.total for step in trace.steps[1:]) / max(len(trace.tokens) - 1, 1)


def _point(
    settings: Mapping[str, str],
    recorded: Trace,
    turned: Request,
    trace: Trace,
    speedup: float,
    same_text: bool,
) -> Point:
    knobs = {name: getattr(turned.method, name) for name in settings}
    try:
        predicted = whatif(recorded, knobs)
    except WhatIfError:
        predicted = None
    drafted = trace.metrics.get("num_draft_tokens", 0.0)
    lost = drafted - trace.metrics.get("num_accepted_tokens", 0.0)
    return Point(
        value=", ".join(settings.values()),
        knobs=knobs,
        predicted=predicted,
        layer_calls_per_token=trace.metrics.get("layer_calls_per_token", 0.0),
        mean_acceptance_length=trace.metrics.get("mean_acceptance_length", 0.0),
        acceptance_rate=trace.metrics.get("acceptance_rate"),
        not_kept_share=lost / drafted if drafted else 0.0,
        speedup=speedup,
        same_text=same_text,
    )
