"""A sweep as it happens: points from the engine to messages for the Tune tab; their runs are kept to be opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event
from time import perf_counter
from typing import Any

from accel.errors import InputError
from accel.outcome import Point, front
from accel.sweep import Measured, settings_of
from accel.trace import ModelInfo, Trace
from visuals.page import tune_words as words
from visuals.page.kept_traces import KEPT, KeptTrace
from visuals.page.limits import too_long
from visuals.page.measure_inputs import MeasureAsked
from visuals.page.work import measure_parts

INTERVAL = (
    0.2  # seconds between messages: a progress bar need not move faster, and decoding wants the processor
)


@dataclass
class Tuning:
    """One browser tab: what it measured last, and the sweep that it may stop. Never shared."""

    stop: Event = field(default_factory=Event)
    asked: MeasureAsked | None = None
    points: list[Point] = field(default_factory=list)
    _traces: list[KeptTrace] = field(default_factory=list)

    def begin(self, asked: MeasureAsked) -> None:
        """Forget the sweep before."""
        self.asked, self.points, self._traces = asked, [], []

    def keep(self, measured: Measured) -> None:
        """One more point, and its run."""
        self.points.append(measured.point)
        self._traces.append(KEPT.keep(measured.trace))

    def trace(self, at: Any) -> tuple[Point, Trace]:
        """The point of that number, and its run. InputError where there is none."""
        if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at < len(self.points):
            raise InputError("point", words.GONE)
        return self.points[at], self._traces[at].trace()

    @property
    def fastest(self) -> Point | None:
        return max(self.points, key=lambda point: point.speedup, default=None)


@dataclass(frozen=True, slots=True)
class Told:
    """How far it is, in words; `fresh` when a point has come, `done` at the end."""

    status: str
    fraction: float
    fresh: bool = False
    done: bool = False


def measuring(tuning: Tuning, asked: MeasureAsked, stop: Event) -> Iterator[Told]:
    """Load, record, measure. Every yield is a point where it can be broken off; Stop is heard at each step."""
    tuning.begin(asked)
    settings = [
        ", ".join(f"{name} {value}" for name, value in one.items()) for one in settings_of(asked.grid)
    ]
    sent = fraction = 0.0
    said, info = words.RECORDING, None
    for part in measure_parts(asked, stop):
        if isinstance(part, str):
            yield Told(part, 0.0)
            continue
        if isinstance(part, ModelInfo):
            info = part
            yield Told(words.READING, 0.0)
            continue
        if isinstance(part, Measured):
            tuning.keep(part)
        else:
            fraction = part.fraction
            if part.at is not None:
                said = words.MEASURING.format(setting=settings[part.at], at=part.at + 1, count=len(settings))
            if perf_counter() - sent < INTERVAL:
                continue
        sent = perf_counter()
        yield Told(said, fraction, fresh=isinstance(part, Measured))
    yield _end(tuning, len(settings), info, fraction, stop.is_set())


def _end(tuning: Tuning, count: int, info: ModelInfo | None, fraction: float, stopped: bool) -> Told:
    done = len(tuning.points)
    if done < count or info is None:
        said = words.STOPPED if stopped else too_long(words.LONG)
        return Told(said.format(done=done, count=count), fraction, done=True)
    said = words.DONE.format(count=count, model=info.name, device=info.device, dtype=info.dtype)
    return Told(said, 1.0, done=True)


def points_json(tuning: Tuning) -> list[dict[str, Any]]:
    """The points as the list on the page shows them."""
    on_front, fastest = {id(point) for point in front(tuning.points)}, tuning.fastest
    return [
        {
            "setting": ", ".join(f"{name} {value}" for name, value in point.knobs.items()),
            "speedup": point.speedup,
            "predicted": point.predicted and point.predicted.speedup,
            "kind": point.predicted and point.predicted.kind,
            "calls": point.layer_calls_per_token,
            "predicted_calls": point.predicted and point.predicted.layer_calls_per_token,
            "per_step": point.mean_acceptance_length,
            "not_kept": point.not_kept_share,
            "same_text": point.same_text,
            "on_front": id(point) in on_front,
            "fastest": point is fastest,
        }
        for point in tuning.points
    ]
