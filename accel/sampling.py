"""From logits to a choice: one distribution for target and draft alike, and all chance behind two verbs."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from accel.errors import ModelFailed


@dataclass(frozen=True, slots=True)
class Sampling:
    """Temperature, then top-k, then top-p, as the library orders them; temperature 0 is greedy."""

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0

    @property
    def is_greedy(self) -> bool:
        return self.temperature == 0.0

    def probs(self, logits: Tensor) -> Tensor:
        """The distribution [slots, vocab] a token is drawn from, float32. Not for greedy: see `top_tokens`."""
        scaled = logits.float() / self.temperature
        if 0 < self.top_k < scaled.shape[-1]:
            scaled = scaled.masked_fill(~_is_top_k(scaled, self.top_k), -torch.inf)
        probs = scaled.softmax(-1)
        if self.top_p < 1.0:
            probs = _nucleus(probs, self.top_p)
        return probs


def _order(values: Tensor) -> Tensor:
    """Indices by falling value, [slots, vocab]; exact ties by rising token id."""
    return values.sort(dim=-1, descending=True, stable=True).indices


def _is_top_k(values: Tensor, top_k: int) -> Tensor:
    """Exactly `top_k` True per row; a tie at the edge goes to the lower ids."""
    keep = torch.zeros_like(values, dtype=torch.bool)
    return keep.scatter_(-1, _order(values)[..., :top_k], True)


def _nucleus(probs: Tensor, top_p: float) -> Tensor:
    """The smallest set of top tokens that holds `top_p` of the mass, renormalised; never empty."""
    order = _order(probs)
    ranked = probs.gather(-1, order)
    before = ranked.cumsum(-1) - ranked
    ranked = ranked.masked_fill(before >= top_p, 0.0)
    kept = torch.zeros_like(probs).scatter_(-1, order, ranked)
    return kept / kept.sum(-1, keepdim=True)


def read(*values: Tensor) -> list[Any]:
    """Tensors of one shape as numbers, in one transfer: each takes the device as long as a layer does.

    In float32, which tells token ids apart up to 16 million, unless one is wider.
    """
    wide = any(value.dtype == torch.float64 for value in values)
    numbers: list[Any] = torch.stack(
        [v.to(torch.float64 if wide else torch.float32) for v in values]
    ).tolist()
    return numbers


def top_tokens(logits: Tensor) -> list[int]:
    """The most probable token of each row of [slots, vocab]; exact ties go to the lowest id.

    Raises ModelFailed where the top value is not finite. One transfer from the device for all rows.
    """
    top, index = _top(logits)
    tokens, tops = read(index, top)
    _check_finite(tops)
    return [int(token) for token in tokens]


def likeliest(logits: Tensor, count: int = 1) -> list[list[tuple[int, float]]]:
    """The `count` most probable tokens of each row with their probabilities, for drafts at temperature 0.

    A single one is that of `top_tokens`. One transfer from the device for all rows.
    """
    if count == 1:
        top, index = (chosen[:, None] for chosen in _top(logits))
    else:
        top, index = logits.topk(count)
    tokens, probs, tops = read(index, logits.float().softmax(-1).gather(-1, index), top)
    _check_finite([row[0] for row in tops])
    return [[(int(t), p) for t, p in zip(*row, strict=True)] for row in zip(tokens, probs, strict=True)]


def _top(logits: Tensor) -> tuple[Tensor, Tensor]:
    top, index = logits.max(-1)
    if logits.device.type != "cpu":  # only the CPU's max is known to return the first of equal values
        ids = torch.arange(logits.shape[-1], device=logits.device)
        index = torch.where(logits == top[:, None], ids, logits.shape[-1]).amin(-1)
    return top, index


def _check_finite(tops: list[float]) -> None:
    if not all(map(math.isfinite, tops)):
        raise ModelFailed("the model's logits are not finite numbers; try dtype float32")


class Dice:
    """All chance of a run. Both verbs say which number was drawn, so that a trace can settle it again."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def pick(self, probs: Tensor) -> tuple[int, float]:
        """A token drawn from probs [vocab], and the number drawn: the first whose running total exceeds it."""
        draw = self._random.random()
        return token_at(probs, draw), draw

    def guess(self, probs: Tensor) -> tuple[int, float, float]:
        """As `pick`: a token, its probability, and the largest probability of any."""
        landed, sum_of_all = _landing(probs, self._random.random())
        at, total, prob, most = read(landed, sum_of_all, probs[landed.clamp_max(len(probs) - 1)], probs.max())
        return _token(at, total), prob, most

    def accept(self, prob: float) -> tuple[bool, float]:
        """True with probability `prob`, and the number drawn; it is True exactly where draw < prob."""
        draw = self._random.random()
        return draw < prob, draw


def token_at(probs: Tensor, draw: float) -> int:
    """The token that `draw` in [0, 1) falls on when probs [vocab] are laid end to end.

    >>> token_at(torch.tensor([0.2, 0.0, 0.8]), 0.2)
    2
    """
    at, total = _landing(probs, draw)
    return _token(*read(at, total))


def _landing(probs: Tensor, draw: float) -> tuple[Tensor, Tensor]:
    """Where `draw` falls, and the sum of probs [vocab], as tensors []."""
    totals = probs.double().cumsum(-1)
    total = totals[-1:]
    at = torch.searchsorted(totals, draw * total, right=True)
    # Where the product rounds up to the total: the last token that has any probability.
    return torch.minimum(at, torch.searchsorted(totals, total))[0], total[0]


def _token(at: float, total: float) -> int:
    if not 0.0 < total < math.inf:  # a nan must not pass
        raise ModelFailed("the model's probabilities do not add up; try dtype float32")
    return int(at)
