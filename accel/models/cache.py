"""Keys and values of one run. Rows are tokens: the trunk's first (row i holds position i), then branches."""

from __future__ import annotations

import torch
from torch import Tensor

BLOCK = 256


class Cache:
    """One tensor [layers, 2, kv_heads, capacity, head_dim], so that a commit moves all layers in one call.

    It grows by doubling from one block; a full context for every session would cost far more memory.
    """

    def __init__(
        self,
        num_layers: int,
        num_kv_heads: int,
        head_dim: int,
        *,
        dtype: torch.dtype,
        device: torch.device,
        rows: int = BLOCK,
    ) -> None:
        self._kv = torch.zeros(num_layers, 2, num_kv_heads, rows, head_dim, dtype=dtype, device=device)

    @property
    def capacity(self) -> int:
        return self._kv.shape[3]

    def layer(self, layer: int) -> Tensor:
        """Keys and values of a layer, [2, kv_heads, capacity, head_dim]: a view to write into and read from."""
        return self._kv[layer]

    def reserve(self, rows: int) -> None:
        """Make room for `rows` rows in all; what is held stays in place."""
        if rows <= self.capacity:
            return
        capacity = max(2 * self.capacity, -(-rows // BLOCK) * BLOCK)
        shape = list(self._kv.shape)
        shape[3] = capacity
        grown = torch.zeros(shape, dtype=self._kv.dtype, device=self._kv.device)
        grown[:, :, :, : self.capacity] = self._kv
        self._kv = grown

    def write(self, layer: int, index: Tensor, start: int | None, keys_values: Tensor) -> None:
        """Store [2, kv_heads, slots, head_dim] at rows `index`, or at start, start + 1, ... where given."""
        if start is None:
            self._kv[layer].index_copy_(2, index, keys_values)
        else:
            self._kv[layer, :, :, start : start + keys_values.shape[2]] = keys_values

    def move(self, sources: list[int], first: int) -> None:
        """Gather rows `sources` into first, first + 1, ... in every layer at once.

        Source and target rows overlap, so the gathered copy is made before anything is written.
        """
        targets = list(range(first, first + len(sources)))
        stay = next(
            (i for i, (a, b) in enumerate(zip(sources, targets, strict=True)) if a != b), len(sources)
        )
        if stay == len(sources):
            return
        gathered = self._kv[:, :, :, torch.tensor(sources[stay:], device=self._kv.device)]
        self._kv[:, :, :, first + stay : first + len(sources)] = gathered

    def rows(self, first: int, last: int) -> Tensor:
        """A copy of rows first..last-1, [layers, 2, kv_heads, rows, head_dim]; for audits in tests."""
        return self._kv[:, :, :, first:last].clone()
