"""A text that was read with every layer's states at hand, for tests of leaving layers out."""

from __future__ import annotations

import torch
from transformers import LlamaConfig

from accel.lane import Lane
from accel.models.adapter import TransformersModel
from accel.models.cache import Cache
from accel.models.layered import Rows
from accel.rehearsal import Rehearsal
from accel.skip_plan import plan_skips
from accel.tree import TokenTree
from tests.families import build

TEXT = [5, 17, 42, 7, 5, 17, 42, 9, 5, 17, 60, 61, 62, 63]
SHAPE = {
    "vocab_size": 99, "hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 4,
    "num_key_value_heads": 2, "initializer_range": 0.3, "eos_token_id": None, "bos_token_id": None,
}  # fmt: skip


def deep(num_layers, **shape):
    """A random llama of this depth, by the library's own layers."""
    return TransformersModel(build(LlamaConfig(**{**SHAPE, **shape}, num_hidden_layers=num_layers)))


class Bench:
    """A text that the target has read but for its newest token, with the states it saw on the way."""

    def __init__(self, model, text=TEXT):
        self.model, self.tree, self.log = model, TokenTree(text), []
        self.states: dict[int, dict[int, torch.Tensor]] = {}
        self.target = Lane("target", model, self.tree, self.log.append)
        self.target.advance([self.tree.trunk[-2]], tap=self.see)
        self.target.commit([])
        self.log.clear()

    def see(self, slots, layer, hidden):
        for slot, state in zip(slots, hidden, strict=True):
            self.states.setdefault(slot, {})[layer] = state

    def full(self, slot):
        """x_0..x_L of a slot, [layers + 1, dim]."""
        token, position = torch.tensor([self.tree.tokens[slot]]), torch.tensor([self.tree.positions[slot]])
        above = [self.states[slot][layer] for layer in range(1, self.model.num_layers + 1)]
        return torch.stack([self.model.embed(token, position)[0], *above])

    @property
    def rehearse(self):
        """Layers in the place of the newest slot that the target has read."""
        return Rehearsal("plan", self.tree.trunk[-2], self.target, self.tree, self.log.append)

    def plan(self, count):
        return plan_skips(self.rehearse, self.full(self.tree.trunk[-2]), count)

    def chain(self, *tokens):
        slots = []
        for token in tokens:
            slots.append(self.tree.add(slots[-1] if slots else self.tree.tip, token))
        return slots


def by_hand(model, text, num_read, skipped):
    """Top states of text[num_read:] without some layers, where the whole model read what comes before.

    In plain calls of single layers, with a cache of its own and a mask for every row.
    """
    cache: Cache = model.new_cache()
    cache.reserve(len(text))
    hidden = None
    for first, last, kept in [
        (0, num_read, range(model.num_layers)),
        (num_read, len(text), [i for i in range(model.num_layers) if i not in skipped]),
    ]:
        positions = torch.arange(first, last)
        mask = torch.arange(last)[None] <= positions[:, None]
        rows = Rows(positions, None, positions, last, mask, torch.arange(last))
        hidden = model.embed(torch.tensor(text[first:last]), positions)
        for layer in kept:
            hidden = model.run_layers(hidden, layer, layer + 1, rows, cache)
    return hidden


def close(found, expected, atol=1e-4):
    torch.testing.assert_close(found, expected, atol=atol, rtol=1e-4)
