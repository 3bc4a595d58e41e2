"""A race as it is measured, and what the visitor is told meanwhile."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from threading import Event
from time import perf_counter

from accel.race import Lap
from visuals.page import words
from visuals.page.inputs import AskedRace
from visuals.page.limits import too_long
from visuals.page.live import Update
from visuals.page.pair import Racer
from visuals.page.work import race_parts
from visuals.race import race

INTERVAL = 0.4  # seconds between words about progress: sending them takes time from what is being measured


def measure(racer: Racer, asked: AskedRace, stop: Event) -> Iterator[Update]:
    """Load, warm up, measure, compare. `stop` is heard at each step."""
    sent = 0.0
    for part in race_parts(asked, stop):
        if isinstance(part, str):
            yield Update(part)
        elif isinstance(part, Lap):
            if perf_counter() - sent >= INTERVAL:
                yield Update(_told(part))
                sent = perf_counter()
        else:
            racer.take_lanes(part)
            message = race(part, run=secrets.token_hex(8), rounds=asked.rounds)
            yield Update(words.RACE_DONE, {**message, "play": True}, over=True)
            return
    yield Update(words.RACE_STOPPED if stop.is_set() else too_long(words.RACE_LONG), over=True)


def _told(lap: Lap) -> str:
    if lap.round == 0:
        return words.RACE_WARM.format(method=lap.method, tokens=lap.num_tokens)
    return words.RACE_ROUND.format(
        round=lap.round, rounds=lap.num_rounds, method=lap.method, tokens=lap.num_tokens
    )
