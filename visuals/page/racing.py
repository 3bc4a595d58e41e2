"""A race as it is measured, and what the visitor is told meanwhile."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from time import perf_counter

from accel.models.catalogue import DEFAULT
from accel.models.load import load
from accel.models.model import Model
from accel.race import Lap, Race
from accel.request import Request, check_request
from accel.trace import FinishReason
from visuals.page import words
from visuals.page.inputs import AskedRace, is_public
from visuals.page.live import Update
from visuals.page.pair import Racer
from visuals.race import race

INTERVAL = 0.4  # seconds between words about progress: sending them takes time from what is being measured


def measure(racer: Racer, asked: AskedRace) -> Iterator[Update]:
    """Load, warm up, measure, compare. Stop is heard at each step."""
    yield Update(words.LOADING)
    model = load(asked.model, dtype=asked.dtype, private=not is_public())

    def stopping() -> FinishReason | None:
        return "cancelled" if racer.stop.is_set() else None

    yield Update(words.RACE_READY)
    requests = _requests(model, asked)
    running, sent = Race(model, requests, asked.rounds, stopping=stopping), 0.0
    for lap in running:
        if perf_counter() - sent >= INTERVAL:
            yield Update(_told(lap))
            sent = perf_counter()
    if running.stopped:
        yield Update(words.RACE_STOPPED, over=True)
        return
    yield Update(words.RACE_COMPARING)
    traces = running.traces()
    racer.take_lanes(traces)
    message = race(traces, run=secrets.token_hex(8), rounds=asked.rounds)
    yield Update(words.RACE_DONE, {**message, "play": True}, over=True)


def _requests(model: Model, asked: AskedRace) -> list[Request]:
    """Each method with the knobs it comes with, greedy, so that the texts can be compared."""
    private = not is_public()
    draft = load(DEFAULT, dtype=asked.dtype, private=private) if "draft_model" in asked.methods else None
    return [
        check_request(
            model, asked.prompt, method=method, knobs={}, max_new_tokens=asked.max_new_tokens,
            temperature=0.0, top_k=0, top_p=1.0, stop=(), seed=0, observe="decisions", chat=True,
            draft=draft if method == "draft_model" else None,
        )
        for method in asked.methods
    ]  # fmt: skip


def _told(lap: Lap) -> str:
    if lap.round == 0:
        return words.RACE_WARM.format(method=lap.method, tokens=lap.num_tokens)
    return words.RACE_ROUND.format(
        round=lap.round, rounds=lap.num_rounds, method=lap.method, tokens=lap.num_tokens
    )
