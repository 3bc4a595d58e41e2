"""One layer on many states that all stand for one token of the text: what if the layers before had been others?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from accel.lane import Lane
from accel.models.layered import Rows
from accel.trace import LayerRun
from accel.tree import TokenTree


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Runs layers on states in the place of `slot`, part of the lane's completed text, and logs them.

    A state sees the text before the slot and itself: neither the other states nor what the cache holds for the
    slot. Their keys and values go to rows past the text, which the next drafts overwrite: for use between rounds.
    """

    name: str  # of the lane in the log
    slot: int
    lane: Lane
    tree: TokenTree
    log: Callable[[LayerRun], None]

    def __call__(self, layer: int, states: Tensor) -> Tensor:
        """The states [states, dim] after this one layer, all in one call."""
        rows = self._rows(len(states), states.device)
        hidden = self.lane.model.run_layers(states, layer, layer + 1, rows, self.lane.cache)
        self.log(LayerRun(self.name, layer, layer + 1, (self.slot,) * len(states)))
        return hidden

    def _rows(self, count: int, device: torch.device) -> Rows:
        if self.lane.progress(self.slot) < self.lane.model.num_layers:
            raise ValueError(f"slot {self.slot} has not passed every layer of lane {self.lane.name!r}")
        position, start = self.tree.positions[self.slot], len(self.tree.trunk)
        used = start + count
        self.lane.cache.reserve(used)
        index = torch.arange(used, device=device)
        positions = torch.full((count,), position, device=device)
        mask = torch.zeros(count, used, dtype=torch.bool, device=device)
        mask[:, :position] = True
        mask[:, start:].fill_diagonal_(True)
        key_positions = torch.cat([index[:start], positions])
        return Rows(index[start:], start, positions, used, mask, key_positions)
