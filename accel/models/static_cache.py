"""Caches that stay where they are in memory, lent to runs: what was captured over one has its addresses in it."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from accel.models.cache import BLOCK, Cache

KEPT = 2  # caches of each size kept for the next run


class Store(Cache):
    """A cache that never grows, and whatever was captured over it.

    One row more than it has room for is the trash row: padded rows write there, and nothing reads it, so not even
    numbers that are none can leak from it (nought times infinity is none, so a mask alone would not do).
    """

    def __init__(
        self, shape: tuple[int, int, int], room: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        with torch.inference_mode(False):  # it outlives the run that first asks for it
            super().__init__(*shape, dtype=dtype, device=device, rows=room + 1)
        self.captured: dict[int, Any] = {}  # by number of rows; the model's own

    @property
    def capacity(self) -> int:
        return self._kv.shape[3] - 1

    @property
    def trash(self) -> int:
        return self.capacity

    @property
    def values(self) -> Tensor:
        return self._kv

    def reserve(self, rows: int) -> None:
        if rows > self.capacity:
            raise ValueError(f"{rows} rows do not fit into {self.capacity}")


class Pool:
    """Stores that no run holds. Without locks: a store may come back in the middle of anything, from the collector."""

    def __init__(self, make: Callable[[int], Store]) -> None:
        self._make = make
        self._free: dict[int, deque[Store]] = {}

    def take(self, rows: int) -> Store:
        """An empty store with room for at least `rows` rows, a power of two times a block."""
        room = BLOCK
        while room < rows:
            room *= 2
        try:
            store = self._of(room).pop()
        except IndexError:
            return self._make(room)
        # Nobody's text may be seen by another run; and what is masked must be a number all the same.
        store.values.zero_()
        return store

    def give(self, store: Store) -> None:
        self._of(store.capacity).append(store)

    def _of(self, room: int) -> deque[Store]:
        return self._free.setdefault(room, deque(maxlen=KEPT))


class StaticCache(Cache):
    """A store on loan to one run, which changes to a larger one when it is full, and gives it back when it goes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._borrow(pool.take(BLOCK))

    @property
    def capacity(self) -> int:
        return self.store.capacity

    def reserve(self, rows: int) -> None:
        """Make room for `rows` rows in all; what is held keeps its rows, in another store if need be."""
        if rows <= self.capacity:
            return
        small, held, large = self.store, self.capacity, self._pool.take(rows)
        large.values[:, :, :, :held] = small.values[:, :, :, :held]
        self._return.detach()
        self._borrow(large)
        self._pool.give(small)

    def _borrow(self, store: Store) -> None:
        self.store = store
        self._kv = store.values
        self._return = weakref.finalize(self, self._pool.give, store)
        self._return.atexit = False
