"""How many threads a pass runs on: measured when a model is loaded on the CPU, where nobody has said.

More are not always faster: threads that wait for one another on a machine with other work are many times slower than
one alone (docs/performance.md).
"""

from __future__ import annotations

import os

import torch

from accel.models.calibration import calibrate
from accel.models.layered import LayeredModel

SAID = "OMP_NUM_THREADS"  # as for every program that uses OpenMP; `--threads` sets it too
REPEATS = 5
WORTH = 0.95  # of the time with fewer threads, above which more are not taken


def say_threads(threads: int) -> None:
    """From now on so many, whatever would be measured."""
    os.environ[SAID] = str(threads)
    torch.set_num_threads(threads)


def settle_threads(model: LayeredModel, context: int) -> int:
    """Use the number of threads that runs a pass over one token soonest, of one and its doubles up to today's."""
    most = torch.get_num_threads()
    if SAID in os.environ or model.device.type != "cpu" or most == 1:
        return most
    best, least = 1, float("inf")
    for threads in (*(2**power for power in range((most - 1).bit_length())), most):
        torch.set_num_threads(threads)
        seconds = calibrate(model, context, rows=(1,), repeats=REPEATS).pass_seconds[0]
        if seconds < WORTH * least:
            best, least = threads, seconds
    torch.set_num_threads(best)
    return best
