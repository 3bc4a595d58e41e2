"""Runs leave nothing behind: memory after a thousand of them is what it was after two hundred."""

from __future__ import annotations

import gc
import sys

import pytest

import accel
from accel.session import Session
from tests.process_status import status
from tests.tiny import tiny

METHODS = ("autoregressive", "suffix", "aded", "clasp", "adadecode", "prompt_lookup")


def resident() -> float:
    """Megabytes."""
    gc.collect()
    return status("VmRSS") / 1000


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_thousand_runs_hold_no_more_than_two_hundred() -> None:
    model = tiny()
    session = Session(model)
    held: dict[int, float] = {}
    for number in range(1, 1001):
        method = METHODS[number % len(METHODS)]
        own = session if number % 2 else None
        prompt = [3 + number % 50, 7, 11, 3 + number % 50]
        accel.generate(model, prompt, method=method, max_new_tokens=8, session=own)
        if number in (200, 1000):
            held[number] = resident()
    assert held[1000] - held[200] < 12, held
