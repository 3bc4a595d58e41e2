"""A lane: a model as one run sees it, with its own cache and its own progress for every slot.

layers
  4 |  # # # # .      progress per slot: how many layers have run on it
  3 |  # # # # .      here slots 0-3 are complete (the watermark is 4) and slot 4,
  2 |  # # # # #      an early token, stopped after two layers; advancing slot 5 to
  1 |  # # # # #      the top takes slot 4 along, in the same calls where they meet
     slot 0 1 2 3 4

A lane may leave layers out: it then reads another lane's text in every layer that it keeps, and owns its drafts only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from accel.models.cache import Cache
from accel.models.layered import LayeredModel, Rows
from accel.paths import paths_of
from accel.trace import LayerRun
from accel.tree import TokenTree

Watch = Callable[[Sequence[int], int, Tensor], None]
"""Called with (slots, layers that have run, hidden [slots, dim]) after every layer."""


class Lane:
    """Advances slots through layers, idempotently, and logs every layer run itself."""

    def __init__(
        self,
        name: str,
        model: LayeredModel,
        tree: TokenTree,
        log: Callable[[LayerRun], None],
        watch: Watch | None = None,
        *,
        text: Lane | None = None,
        skipped: Collection[int] = (),
        pass_rows: int | None = None,
    ) -> None:
        """`pass_rows` is how many rows a pass with drafts may have at most; None: any number."""
        self.name = name
        self.model = model
        self.cache: Cache = model.new_cache() if text is None else text.cache
        self._device = model.device
        self._tree = tree
        self._log = log
        self._watch = watch
        self._skipped = frozenset(skipped)
        self._pass_rows = pass_rows
        self._watermark: int = 0 if text is None else text._watermark  # trunk[:watermark] have run all layers
        self._progress: dict[int, int] = {}  # of slots past the watermark
        self._hidden: dict[int, Tensor] = {}  # [dim] at the slot's progress
        self._lineage: dict[int, list[int]] = {}  # cache rows of a branch slot and its branch ancestors
        self._next_row = 0
        self._key_positions = torch.arange(self.cache.capacity, device=self._device)

    def progress(self, slot: int) -> int:
        """How many layers this slot has passed: run, or left out."""
        if self._is_complete(slot):
            return self.model.num_layers
        return self._progress.get(slot, 0)

    def skipping(self, name: str, skipped: Collection[int]) -> Lane:
        """This model without some layers, over the same cache: a new set costs nothing and copies nothing.

        It reads this lane's text, and writes the rows of the tip and of its drafts, which this lane overwrites when
        it verifies: it lasts until then, and is made between rounds, when this lane has no drafts of its own.
        """
        return Lane(name, self.model, self._tree, self._log, text=self, skipped=skipped)

    def advance(self, slots: Sequence[int], to: int | None = None, tap: Watch | None = None) -> Tensor:
        """Hidden states [slots, dim] after `to` layers (all, by default), running only what has not run.

        Lagging ancestors come along. A slot past `to`, or already part of the completed text, has no hidden
        state at `to` any more: ValueError. `tap` sees the states of this call after every layer.
        """
        to = self.model.num_layers if to is None else to
        lagging = self._lagging(slots, to)
        while lagging:
            front = min(self._progress.get(slot, 0) for slot in lagging)
            batch = [slot for slot in lagging if self._progress.get(slot, 0) == front]
            if not self._tree.is_committed(batch[-1]):
                batch = batch[: self._pass_rows]
            ceiling = min((p for s in lagging if (p := self._progress.get(s, 0)) > front), default=to)
            self._run(batch, front, ceiling, keep=set(slots), tap=tap)
            lagging = [slot for slot in lagging if self._progress.get(slot, 0) < to]
        for slot in slots:
            if self._progress.get(slot) != to or slot not in self._hidden:
                raise ValueError(f"slot {slot} is past layer {to} in lane {self.name!r}; its state is gone")
        return torch.stack([self._hidden[slot] for slot in slots])

    def logits(self, slots: Sequence[int], tap: Watch | None = None) -> Tensor:
        """Logits [slots, vocab] from the top layer."""
        return self.model.head(self.model.norm(self.advance(slots, tap=tap)))

    def commit(self, slots: Sequence[int]) -> None:
        """Keep the rows of a path that just joined the trunk, in order, and forget every other branch."""
        first = len(self._tree.trunk) - len(slots)
        kept = [slot for slot in slots if slot in self._lineage]
        self.cache.move([self._lineage[slot][-1] for slot in kept], first)
        lagging = self._tree.trunk[self._watermark :]
        for slot in lagging:
            if self._progress.get(slot, 0) < self.model.num_layers:
                break
            self._watermark += 1
        ahead = self._tree.trunk[self._watermark :]
        self._progress = {slot: self._progress[slot] for slot in ahead if slot in self._progress}
        self._hidden = {slot: self._hidden[slot] for slot in ahead if slot in self._hidden}
        self._lineage.clear()
        # Every row that a branch used holds its own index again, as a trunk row must.
        end = max(first, self._next_row)
        self._key_positions[first:end] = torch.arange(first, end, device=self._device)
        self._next_row = first

    def _is_complete(self, slot: int) -> bool:
        return self._tree.positions[slot] < self._watermark and self._tree.is_committed(slot)

    def _lagging(self, slots: Sequence[int], to: int) -> list[int]:
        """Slots and ancestors with less than `to` layers, oldest first.

        The walk stops at the first ancestor that has got so far: older slots are never behind newer ones.
        """
        found: set[int] = set()
        for slot in slots:
            at: int | None = slot
            while at is not None and at not in found and not self._is_complete(at):
                if self._progress.get(at, 0) >= to:
                    break
                found.add(at)
                at = self._tree.parent(at)
        return sorted(found)

    def _run(self, batch: list[int], first: int, last: int, keep: set[int], tap: Watch | None) -> None:
        rows, tokens = self._rows(batch)
        if first == 0:
            hidden = self.model.embed(tokens, rows.positions)
        else:
            hidden = torch.stack([self._hidden[slot] for slot in batch])
        watches = [watch for watch in (self._watch, tap) if watch is not None]
        each_layer = partial(_tell, watches, batch) if watches else None
        for start, end in self._kept(first, last):
            hidden = self.model.run_layers(hidden, start, end, rows, self.cache, each_layer)
            self._log(LayerRun(self.name, start, end, tuple(batch)))
        resumable = last < self.model.num_layers
        for i, slot in enumerate(batch):
            self._progress[slot] = last
            if resumable or slot in keep:
                self._hidden[slot] = hidden[i]
            else:
                self._hidden.pop(slot, None)  # of a lower layer: not to be taken for the top

    def _kept(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The layers first..last-1 that this lane has, as runs of neighbours."""
        if not self._skipped:
            yield first, last
            return
        for skipped, layers in groupby(range(first, last), key=self._skipped.__contains__):
            if not skipped:
                start, *others = layers
                yield start, start + len(others) + 1

    def _rows(self, batch: list[int]) -> tuple[Rows, Tensor]:
        """Where these slots live in the cache and what they may look at (the trunk before them, and their line), and
        their tokens: all that is told of them goes to the device at once."""
        tree, trunk = self._tree, len(self._tree.trunk)
        self._next_row = max(self._next_row, trunk)
        fresh = [slot for slot in batch if not tree.is_committed(slot) and slot not in self._lineage]
        if fresh:
            self._allocate(fresh)
        index = [self._lineage[s][-1] if s in self._lineage else tree.positions[s] for s in batch]
        used = max(index) + 1
        self._reserve(used)
        alone = len(batch) == 1 and (used <= trunk or len(self._lineage[batch[0]]) == used - trunk)
        contiguous = index[-1] - index[0] == len(index) - 1 and index == sorted(index)
        places = [tree.positions[slot] for slot in batch]
        told = torch.tensor([index, places, [tree.tokens[slot] for slot in batch]], device=self._device)
        rows = Rows(
            index=told[0],
            start=index[0] if contiguous else None,
            positions=told[1],
            used=used,
            mask=None if alone else self._mask(batch, used, trunk),
            key_positions=self._key_positions[:used],
            paths=paths_of([self._lineage.get(slot, []) for slot in batch], trunk),
        )
        return rows, told[2]

    def _allocate(self, slots: list[int]) -> None:
        """The next rows for new slots of branches, parents before children."""
        first = self._next_row
        self._next_row += len(slots)
        self._reserve(self._next_row)
        for row, slot in enumerate(slots, first):
            parent = self._tree.parent(slot)
            assert parent is not None
            self._lineage[slot] = [*self._lineage.get(parent, []), row]
        places = [self._tree.positions[slot] for slot in slots]
        self._key_positions[first : self._next_row] = torch.tensor(places, device=self._device)

    def _reserve(self, rows: int) -> None:
        self.cache.reserve(rows)
        held = len(self._key_positions)
        if held < self.cache.capacity:
            fresh = torch.arange(held, self.cache.capacity, device=self._device)
            self._key_positions = torch.cat([self._key_positions, fresh])

    def _mask(self, batch: list[int], used: int, trunk: int) -> Tensor:
        """True where a slot may look, [slots, used]; siblings never see each other."""
        mask = np.zeros((len(batch), used), dtype=bool)
        for i, slot in enumerate(batch):
            if slot in self._lineage:
                mask[i, :trunk] = True
                mask[i, self._lineage[slot]] = True
            else:
                mask[i, : self._tree.positions[slot] + 1] = True
        return torch.from_numpy(mask).to(self._device)


def _tell(watches: list[Watch], slots: list[int], layer: int, hidden: Tensor) -> None:
    for watch in watches:
        watch(slots, layer, hidden)
