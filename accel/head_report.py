"""What exit heads are worth: how often they agree with the top layer, how well they know it, and what a look costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import perf_counter

import torch

from accel.head_lessons import Lessons
from accel.heads import ExitHeads
from accel.lane import Lane
from accel.models.model import Model
from accel.tree import TokenTree

THRESHOLDS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95)
LOOKS = 31  # timed, each after a pass has emptied the processor's caches of the head


@dataclass(frozen=True, slots=True)
class Gate:
    """A threshold: the share of tokens over it, and how many of those are the top layer's own (None of none)."""

    threshold: float
    coverage: float
    precision: float | None


@dataclass(frozen=True, slots=True)
class LayerReport:
    """One head on one text."""

    layer: int
    agreement: float  # share of tokens whose top word is the top layer's
    possible: float  # share of tokens whose top word is on the short list: no agreement can be higher
    mean_confidence: float
    gates: tuple[Gate, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """Median microseconds, one slot."""

    check: float  # readout over the short list, its confidence and its token
    full_readout: float  # the final norm and the whole head
    model_pass: float  # all layers and the whole head, with a short text in the cache


@torch.inference_mode()
def judge(heads: ExitHeads, lessons: Lessons) -> list[LayerReport]:
    """Every head against the top layer's words."""
    truth = lessons.top_ids[:, 0].long()
    possible = torch.isin(truth, heads.shortlist.cpu()).float().mean().item()
    reports = []
    for at, layer in enumerate(heads.layers):
        sure, right = [], []
        for states, wanted in zip(torch.split(lessons.normed[at], 512), torch.split(truth, 512), strict=True):
            said = heads.of_normed(at, states.to(heads.shortlist.device))
            sure.append(said.confidence().cpu())
            right.append(said.tokens().cpu() == wanted)
        confidence, correct = torch.cat(sure), torch.cat(right)
        gates = tuple(_gate(threshold, confidence, correct) for threshold in THRESHOLDS)
        agreement, mean = correct.float().mean().item(), confidence.mean().item()
        reports.append(LayerReport(layer, agreement, possible, mean, gates))
    return reports


def _gate(threshold: float, confidence: torch.Tensor, correct: torch.Tensor) -> Gate:
    over = confidence > threshold
    precision = correct[over].float().mean().item() if bool(over.any()) else None
    return Gate(threshold, over.float().mean().item(), precision)


@torch.inference_mode()
def cost_of_a_look(model: Model, heads: ExitHeads) -> Cost:
    """Looks as decoding meets them: between passes, so that the head's rows come from memory."""
    tree = TokenTree([0] * 64)
    lane = Lane("cost", model.layers, tree, lambda run: None)
    hidden = lane.advance([tree.tip])
    checks, fulls, passes = list[float](), list[float](), list[float]()
    layer = heads.layers[0]

    def check() -> None:
        said = heads.readout(layer, hidden)
        said.confidence().item()
        said.tokens().item()

    for _ in range(LOOKS):
        lane.commit([])
        slot = tree.add(tree.tip, 0)
        passes.append(_seconds(partial(lane.logits, [slot])))
        checks.append(_seconds(check))
        fulls.append(_seconds(lambda: model.layers.head(model.layers.norm(hidden))))
    return Cost(*(1e6 * median(seconds) for seconds in (checks, fulls, passes)))


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start
