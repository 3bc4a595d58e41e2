"""What the page asks of the engine, as streams of plain data: words, steps, laps, traces. No gradio, no visitor.

Each stream runs here, stopped between steps, or on a lent GPU (`visuals/page/gpu.py`), where only its arguments go in
and only what it yields comes out; there the visitor's Stop is heard between two of its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any, TypeVar

from accel.api import stream
from accel.models.load import load
from accel.models.model import Model
from accel.race import Lap, Race
from accel.request import Request, greedy_request
from accel.session import Session
from accel.sweep import Measured, Progress, measure, settings_of
from accel.trace import FinishReason, Header, ModelInfo, Step, Trace
from accel.trace_reader import unfinished
from visuals.page import gpu, words
from visuals.page.inputs import Asked, AskedRace
from visuals.page.limits import is_public, limits, stopping_for
from visuals.page.measure_inputs import MeasureAsked

Stopping = Callable[[], FinishReason | None]
SessionOf = Callable[[Model], Session]
RunPart = str | Header | Step | Trace
RacePart = str | Lap | list[Trace]
MeasurePart = str | Progress | Measured | ModelInfo
Part = TypeVar("Part")


def _models(asked: Asked) -> tuple[Model, Model | None]:
    def fetched(name: str) -> Model:
        return load(name, device=asked.device, dtype=asked.dtype, private=not is_public())

    return fetched(asked.model), fetched(asked.draft) if asked.draft else None


def _run(asked: Asked, stop: Event, seconds: float | None, session_of: SessionOf | None) -> Iterator[RunPart]:
    """Load, decode, compare: the header, every step, the whole trace, and words between."""
    yield words.LOADING
    model, draft = _models(asked)
    yield words.READING
    decoding = stream(
        model, asked.prompt, method=asked.method, knobs=asked.knobs, max_new_tokens=asked.max_new_tokens,
        temperature=asked.temperature, top_k=asked.top_k, top_p=asked.top_p, stop=asked.stop, seed=asked.seed,
        observe=asked.observe, chat=asked.chat, draft=draft, session=session_of and session_of(model),
        check=asked.check, stopping=stopping_for(stop, seconds),
    )  # fmt: skip
    yield decoding.header
    yield from decoding
    if asked.check and not stop.is_set():
        yield words.ALONE
    yield decoding.trace()


def _race(asked: AskedRace, stop: Event, seconds: float | None) -> Iterator[RacePart]:
    """Load, warm up, measure, compare; no traces at the end where it was stopped."""
    yield words.LOADING
    model = load(asked.model, dtype=asked.dtype, private=not is_public())
    yield words.RACE_READY
    race = Race(model, _requests(model, asked), asked.rounds, stopping=stopping_for(stop, seconds))
    yield from race
    if not race.stopped:
        yield words.RACE_COMPARING
        yield race.traces()


def _requests(model: Model, asked: AskedRace) -> list[Request]:
    """Each method with the knobs it comes with, greedy, so that the texts can be compared."""
    draft = None
    if "draft_model" in asked.methods:
        draft = load(limits().models[0], dtype=asked.dtype, private=not is_public())
    return [
        greedy_request(
            model, asked.prompt, method, max_new_tokens=asked.max_new_tokens, observe="decisions",
            draft=draft if method == "draft_model" else None,
        )
        for method in asked.methods
    ]  # fmt: skip


def _measure(asked: MeasureAsked, stop: Event, seconds: float | None) -> Iterator[MeasurePart]:
    """Load, record, measure: the model, then how far it is, and every point."""
    yield words.LOADING
    run = asked.run
    model, draft = _models(run)
    yield model.info
    request = greedy_request(
        model, run.prompt, run.method, knobs=run.knobs, max_new_tokens=run.max_new_tokens, observe="decisions",
        seed=run.seed, chat=run.chat, draft=draft,
    )  # fmt: skip
    yield from measure(model, request, asked.grid, asked.rounds, stopping_for(stop, seconds))


def _run_seconds(asked: Asked) -> int:
    return gpu.seconds_for(asked.max_new_tokens * (2 if asked.check else 1))


def _race_seconds(asked: AskedRace) -> int:
    return gpu.seconds_for(asked.max_new_tokens * len(asked.methods) * (asked.rounds + 1))


def _measure_seconds(asked: MeasureAsked) -> int:
    runs = 2 + 2 * asked.rounds * len(settings_of(asked.grid))
    return gpu.seconds_for(asked.run.max_new_tokens * runs)


def _lent_run(asked: Asked) -> Iterator[RunPart]:
    yield from _run(asked, Event(), _run_seconds(asked) - gpu.SPARE, None)


def _lent_race(asked: AskedRace) -> Iterator[RacePart]:
    yield from _race(asked, Event(), _race_seconds(asked) - gpu.SPARE)


def _lent_measure(asked: MeasureAsked) -> Iterator[MeasurePart]:
    yield from _measure(asked, Event(), _measure_seconds(asked) - gpu.SPARE)


# Decorated when the page is built: the platform looks for them then.
LENT_RUN = gpu.on_gpu(_lent_run, _run_seconds)
LENT_RACE = gpu.on_gpu(_lent_race, _race_seconds)
LENT_MEASURE = gpu.on_gpu(_lent_measure, _measure_seconds)


def run_parts(asked: Asked, stop: Event, session_of: SessionOf | None = None) -> Iterator[RunPart]:
    """A run; its last part is its trace, also where it was stopped."""
    if not gpu.is_lent():
        yield from _run(asked, stop, None, session_of)
        return
    header: Header | None = None
    steps: list[Step] = []
    for part in _heard(LENT_RUN(asked), stop):
        yield part
        if isinstance(part, Header):
            header = part
        elif isinstance(part, Step):
            steps.append(part)
        elif isinstance(part, Trace):
            return
    if header is not None:
        yield unfinished(header, steps)


def race_parts(asked: AskedRace, stop: Event) -> Iterator[RacePart]:
    """A race; its last part is the traces of its lanes, unless it was stopped."""
    return _heard(LENT_RACE(asked), stop) if gpu.is_lent() else _race(asked, stop, None)


def measure_parts(asked: MeasureAsked, stop: Event) -> Iterator[MeasurePart]:
    """A sweep, as many of its points as were measured before it was stopped."""
    return _heard(LENT_MEASURE(asked), stop) if gpu.is_lent() else _measure(asked, stop, None)


def _heard(parts: Iterator[Part], stop: Event) -> Iterator[Part]:
    """The parts until Stop is pressed; the other process is told so by closing its stream."""
    for part in parts:
        yield part
        if stop.is_set():
            close: Any = getattr(parts, "close", None)
            if close is not None:
                close()
            return
