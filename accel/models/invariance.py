"""Measure how many rows a pass may have before one row's result depends on the others: batch invariance.

Kernels group their sums by the number of rows, by the number of keys or by where keys stand. Whether they do is up to
the processor, the data type and the release of the library, so it is measured where a model is loaded and never
assumed. In half precision a draft is exact to the bit only within the measured number.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from accel.lane import Lane
from accel.models.layered import LayeredModel
from accel.tree import TokenTree

ROWS = (2, 4, 8, 16, 32, 64)
HELD = (6, 250, 1030)  # tokens in the cache: kernels are known to change their order of sums between these
LAYERS = 2  # all layers of a model have the same shapes, so the lowest stand for the rest
LEAVES = 3  # paths of a tree that are compared


class _LowestLayers:
    """A `LayeredModel` cut off after its lowest layers."""

    def __init__(self, model: LayeredModel) -> None:
        self._model = model
        self.num_layers = min(LAYERS, model.num_layers)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)


@torch.inference_mode()
def invariant_rows(model: LayeredModel, context: int) -> int:
    """Count the rows up to which every pass gives each row, to the bit, what the row gets alone.

    Chains and trees of random tokens are compared with their tokens one by one, for caches of several lengths.

    Args:
        model: The layers to measure.
        context: The most positions that a run may use.

    Returns:
        The largest of ROWS for which it and all smaller ones agree; 1 if already two rows differ.
    """
    lowest: Any = _LowestLayers(model)
    found = max(ROWS) if context >= min(HELD) + min(ROWS) else 1
    for held in HELD:
        chance = random.Random(held)
        text = [chance.randrange(model.vocab_size) for _ in range(held)]
        for smaller, count in pairwise((1, *ROWS)):
            if count > found or held + count > context:
                break
            if not _agrees(lowest, text, count, chance):
                found = smaller
                break
    return found


def _agrees(model: LayeredModel, text: Sequence[int], count: int, chance: random.Random) -> bool:
    """Compare one chain and one tree of `count` rows, and the readout of as many."""
    chain = list(range(count - 1))
    tree = [max(0, at - chance.randrange(4)) for at in range(count - 1)]
    for parents in (chain, tree):
        tokens = [chance.randrange(model.vocab_size) for _ in parents]
        together = _together(model, text, parents, tokens)
        for leaf in _some_leaves(parents):
            path = _path(parents, leaf)
            alone = _one_by_one(model, text, [tokens[at] for at in path])
            rows = [0, *(at + 1 for at in path)]
            if not torch.equal(together[rows], torch.stack(alone)):
                return False
    normed = model.norm(together)
    logits = model.head(normed)
    return all(torch.equal(logits[row], model.head(normed[row : row + 1])[0]) for row in (0, count - 1))


def _together(
    model: LayeredModel, text: Sequence[int], parents: Sequence[int], tokens: Sequence[int]
) -> Tensor:
    """Hidden states [1 + drafts, dim] of the text's end and of drafts; parent 0 is the text's end."""
    tree = TokenTree(list(text))
    lane = Lane("together", model, tree, lambda run: None)
    lane.advance([tree.tip - 1])
    slots = [tree.tip]
    for parent, token in zip(parents, tokens, strict=True):
        slots.append(tree.add(slots[parent], token))
    return lane.advance(slots)


def _one_by_one(model: LayeredModel, text: Sequence[int], tokens: Sequence[int]) -> list[Tensor]:
    """The same for one path, each token in a pass of its own."""
    tree = TokenTree(list(text))
    lane = Lane("alone", model, tree, lambda run: None)
    lane.advance([tree.tip - 1])
    found = [lane.advance([tree.tip])[0]]
    for token in tokens:
        tree.commit([tree.add(tree.tip, token)])
        lane.commit([tree.tip])
        found.append(lane.advance([tree.tip])[0])
    return found


def _some_leaves(parents: Sequence[int]) -> list[int]:
    """Drafts without children, the last few: those are the deepest."""
    return [at for at in range(len(parents)) if at + 1 not in parents][-LEAVES:]


def _path(parents: Sequence[int], leaf: int) -> list[int]:
    """The drafts from the text's end to a leaf."""
    path = [leaf]
    while parents[path[0]] > 0:
        path.insert(0, parents[path[0]] - 1)
    return path
