"""What a pass costs on this machine: measured once, when a model is loaded."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter

import torch

from accel.lane import Lane
from accel.models.layered import LayeredModel
from accel.trace import Calibration
from accel.tree import TokenTree

ROWS = (1, 2, 4, 8, 16, 32)
CONTEXT = 128  # tokens already in the cache when a pass is timed
REPEATS = 3


@torch.inference_mode()
def calibrate(
    model: LayeredModel, context: int, rows: tuple[int, ...] = ROWS, repeats: int = REPEATS
) -> Calibration:
    """Median seconds of a pass over each number of rows, readout included, and of one readout; about a second."""
    held = max(1, min(CONTEXT, context - max(rows)))
    counts = [count for count in rows if held + count <= context] or [1]
    tree = TokenTree([0] * held)
    lane = Lane("calibration", model, tree, lambda run: None)
    top = lane.advance([tree.tip])
    seconds: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(repeats):
        for count in counts:
            slots = [tree.add(tree.tip, 0)]
            while len(slots) < count:
                slots.append(tree.add(slots[-1], 0))
            seconds[count].append(_timed(model, partial(lane.logits, slots)))
            lane.commit([])  # the chain was a draft: forget it
    readout = median(_timed(model, lambda: model.head(model.norm(top))) for _ in range(2 * repeats))
    return Calibration(tuple(counts), tuple(median(seconds[count]) for count in counts), readout)


def _timed(model: LayeredModel, work: Callable[[], object]) -> float:
    _settle(model)
    start = perf_counter()
    work()
    _settle(model)
    return perf_counter() - start


def _settle(model: LayeredModel) -> None:
    """Wait for the device: a GPU is only told what to do, not done, when a call returns."""
    if model.device.type == "cuda":
        torch.cuda.synchronize(model.device)
