"""How fast the machine is at this moment: bars in seconds are judged while it is as fast as they suppose."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

TRIES = 3  # other work on this machine slows a rate down, nothing speeds it up
SLOW = 1.3  # times the reference's time, beyond which a rate missed says nothing
# Seconds for WORK on each of the two cores at once, where the bars were set (docs/performance.md).
REFERENCE = 0.33
WORK = """
import time
def work(rounds):
    held = {}
    for at in range(rounds):
        held[at % 4096] = str(at * at)
    return len(held)
work(20_000)
began = time.perf_counter()
work(1_500_000)
print(time.perf_counter() - began)
"""


def slowness() -> float:
    """The time of a fixed piece of work on every core at once, as a multiple of the reference's."""
    cores = [
        subprocess.Popen([sys.executable, "-S", "-c", WORK], stdout=subprocess.PIPE, text=True)
        for _ in range(os.cpu_count() or 1)
    ]
    return max(float(core.communicate()[0]) for core in cores) / REFERENCE


def keeps(attempt: Callable[[], bool]) -> bool:
    """Was a bar in seconds kept in one of TRIES? Where the machine was slow around one that missed it, a skip."""
    seen = []
    for _ in range(TRIES):
        before = slowness()
        if attempt():
            return True
        seen.append(max(before, slowness()))
    if max(seen) > SLOW:
        said = ", ".join(f"{times:.1f}" for times in seen)
        pytest.skip(f"the machine took {said} times the reference's time for a fixed work: rates say nothing")
    return False
