"""A sweep as it happens: points from the engine to messages for the Tune tab; their runs are kept to be opened."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event
from time import perf_counter
from typing import Any

from accel.errors import InputError
from accel.models.load import load
from accel.outcome import Point, front
from accel.request import check_request
from accel.sweep import Measured, measure, settings_of
from accel.trace import FinishReason, Trace
from visuals.page import tune_words as words
from visuals.page.inputs import is_public
from visuals.page.measure_inputs import MeasureAsked

INTERVAL = (
    0.2  # seconds between messages: a progress bar need not move faster, and decoding wants the processor
)


@dataclass
class Tuning:
    """One browser tab: what it measured last, and the sweep or fit that it may stop. Never shared."""

    stop: Event = field(default_factory=Event)
    asked: MeasureAsked | None = None
    points: list[Point] = field(default_factory=list)
    _traces: list[bytes] = field(default_factory=list)  # compressed, a tenth of their size

    def begin(self, asked: MeasureAsked) -> None:
        """Forget the sweep before."""
        self.asked, self.points, self._traces = asked, [], []

    def keep(self, measured: Measured) -> None:
        """One more point, and its run."""
        self.points.append(measured.point)
        self._traces.append(zlib.compress("\n".join(measured.trace.lines()).encode(), 3))

    def trace(self, at: Any) -> tuple[Point, Trace]:
        """The point of that number, and its run. InputError where there is none."""
        if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at < len(self.points):
            raise InputError("point", words.GONE)
        text = zlib.decompress(self._traces[at]).decode()
        return self.points[at], Trace.from_lines(text.split("\n"))

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


def measuring(tuning: Tuning, asked: MeasureAsked) -> Iterator[Told]:
    """Load, record, measure. Every yield is a point where it can be broken off; Stop is heard at each step."""
    tuning.begin(asked)
    yield Told(words.LOADING, 0.0)
    run, private = asked.run, not is_public()
    model = load(run.model, device=run.device, dtype=run.dtype, private=private)
    draft = load(run.draft, device=run.device, dtype=run.dtype, private=private) if run.draft else None
    yield Told(words.READING, 0.0)
    request = check_request(
        model, run.prompt, method=run.method, knobs=run.knobs, max_new_tokens=run.max_new_tokens, temperature=0.0,
        top_k=0, top_p=1.0, stop=(), seed=run.seed, observe="decisions", chat=run.chat, draft=draft,
    )  # fmt: skip
    settings = [
        ", ".join(f"{name} {value}" for name, value in one.items()) for one in settings_of(asked.grid)
    ]

    def stopping() -> FinishReason | None:
        return "cancelled" if tuning.stop.is_set() else None

    sent = fraction = 0.0
    said = words.RECORDING
    for found in measure(model, request, asked.grid, asked.rounds, stopping):
        if isinstance(found, Measured):
            tuning.keep(found)
        else:
            fraction = found.fraction
            if found.at is not None:
                said = words.MEASURING.format(
                    setting=settings[found.at], at=found.at + 1, count=len(settings)
                )
            if perf_counter() - sent < INTERVAL:
                continue
        sent = perf_counter()
        yield Told(said, fraction, fresh=isinstance(found, Measured))
    info = model.info
    if len(tuning.points) < len(settings):
        yield Told(words.STOPPED.format(done=len(tuning.points), count=len(settings)), fraction, done=True)
    else:
        said = words.DONE.format(count=len(settings), model=info.name, device=info.device, dtype=info.dtype)
        yield Told(said, 1.0, done=True)


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
