"""Fifty sessions at once on one model: each gets exactly the tokens of its solo run, and nothing is left over."""

from __future__ import annotations

import gc
import resource
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from threading import Barrier
from typing import Any

import pytest

import accel
from accel.methods import METHODS
from tests.process_status import status
from tests.test_contract import KNOBS, drafting_for
from tests.tiny import tiny

SESSIONS = 50
NEW_TOKENS = 24
GROWTH = (
    150e6  # bytes that fifty sessions with their caches may add at most; a tiny model's run needs about 1 MB
)
CASES = [(name, knobs) for name in METHODS for knobs in KNOBS[name]]


def job(number: int) -> dict[str, Any]:
    """What session `number` asks for: its own method, knobs, prompt, seed and temperature."""
    name, knobs = CASES[number % len(CASES)]
    steady = {"calibrated": False} if "calibrated" in METHODS[name].__dataclass_fields__ else {}
    prompt = list(islice(cycle([3 + number, 17, 42 + number % 7, 5]), 5 + number % 11))
    return {
        "prompt": prompt, "method": name, "knobs": {**steady, **knobs}, "seed": number,
        "temperature": 0.0 if number % 2 else 0.8, "max_new_tokens": NEW_TOKENS,
        "draft": drafting_for(name, "llama", knobs),
    }  # fmt: skip


def tokens(number: int, session: accel.Session | None = None) -> list[int]:
    return accel.generate(tiny(), **job(number), session=session).tokens


def resident() -> int:
    """Bytes of memory that this process holds now; the most it ever held where the system does not say."""
    try:
        return status("VmRSS") * 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.case(14)
def test_fifty_sessions_at_once_get_what_each_gets_alone():
    alone = [tokens(number) for number in range(SESSIONS)]
    assert len({tuple(found) for found in alone}) > SESSIONS // 2  # they do differ
    together, threads, before = Barrier(SESSIONS), threading.active_count(), resident()

    def visit(number: int) -> list[list[int]]:
        session = accel.Session(tiny())
        together.wait(timeout=60)
        first = tokens(number, session)
        return [first, tokens(number)]  # and once more, cold, while the others are still at work

    with ThreadPoolExecutor(SESSIONS) as pool:
        found = list(pool.map(visit, range(SESSIONS)))
    assert found == [[expected, expected] for expected in alone]
    gc.collect()
    assert threading.active_count() == threads
    assert resident() - before < GROWTH
