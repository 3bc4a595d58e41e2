"""Layers as CUDA graphs: what a step tells the device to do, told once and repeated by one call.

A small model on a GPU waits for the processor, which takes longer to ask for an operation than the device takes to
do it. So the operations are captured over buffers that stay in place, for every number of rows up to a bucket:

    bucket of 4 rows    | a | b | c | - |     three rows asked for; the fourth sees row 0 and writes the trash row
    no tap, all layers  [ rows made ready, layers 0 ............. 29 ]            one graph
    layers 0-29 but 13  [ rows made ready ][0-7][8-11][12][14-15][16-23][24-27][28-29]
    with a tap          [ rows made ready ][0][1][2] ... [29]

Runs of layers are cut at multiples of powers of two, so that fewer than two graphs a layer serve every skip set,
exit layer and deferral. Capturing happens at first use. Only `cuda_capture` knows of CUDA; with a stand-in that hands
the work back, the same buffers and paddings run anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Lock

import torch
from torch import Tensor

from accel.models.attention import Sight, additive
from accel.models.cache import Cache
from accel.models.fused import FusedModel, Placed
from accel.models.layered import Rows, Tap
from accel.models.static_cache import Pool, StaticCache, Store

BUCKETS = (1, 2, 4, 8, 16, 32, 64)  # rows of a graph; more rows, as of a prompt, are run without one

Work = Callable[[], None]
Capture = Callable[[Work], Work]
"""Work on buffers that stay in place -> how to do it again. It may do the work while it captures, or not."""


def cuda_capture(device: torch.device) -> Capture:
    """By CUDA graphs. They share one memory pool: nothing in it outlives a replay, and all replays are queued
    on the device's one stream, from whatever thread."""
    stream, pool, turn = torch.cuda.Stream(device), torch.cuda.graph_pool_handle(), Lock()  # type: ignore[no-untyped-call]

    def capture(work: Work) -> Work:
        graph = torch.cuda.CUDAGraph()
        with turn:
            stream.wait_stream(torch.cuda.current_stream(device))
            with torch.cuda.stream(stream):
                for _ in range(2):  # libraries choose their kernels and get their workspaces
                    work()
                stream.synchronize()
                # Not torch.cuda.graph, which collects garbage and empties caches at every capture.
                graph.capture_begin(pool=pool, capture_error_mode="thread_local")
                try:
                    work()
                finally:
                    graph.capture_end()
            torch.cuda.current_stream(device).wait_stream(stream)
        return graph.replay

    return capture


class GraphedModel:
    """A LayeredModel that repeats what a FusedModel does. See `LayeredModel` for what each method promises."""

    def __init__(self, fused: FusedModel, capture: Capture) -> None:
        self._fused = fused
        self._capture = capture
        self._pool = Pool(lambda room: Store(fused.cache_shape, room, fused.dtype, fused.device))
        self.num_captures = 0

    @property
    def num_layers(self) -> int:
        return self._fused.num_layers

    @property
    def vocab_size(self) -> int:
        return self._fused.vocab_size

    @property
    def device(self) -> torch.device:
        return self._fused.device

    def new_cache(self) -> Cache:
        return StaticCache(self._pool)

    def embed(self, tokens: Tensor, positions: Tensor) -> Tensor:
        return self._fused.embed(tokens, positions)

    def norm(self, hidden: Tensor) -> Tensor:
        return self._fused.norm(hidden)

    def head(self, normed: Tensor) -> Tensor:
        return self._fused.head(normed)

    def run_layers(
        self, hidden: Tensor, first: int, last: int, rows: Rows, cache: Cache, tap: Tap | None = None
    ) -> Tensor:
        assert isinstance(cache, StaticCache)
        count = hidden.shape[0]
        if count > BUCKETS[-1]:
            return self._fused.run_layers(hidden, first, last, rows, cache, tap)
        size = next(size for size in BUCKETS if size >= count)
        bucket = cache.store.captured.get(size)
        if bucket is None:
            bucket = cache.store.captured[size] = Bucket(self._fused, cache.store, size, self._counted)
        given: Tensor = bucket.run_layers(hidden, first, last, rows, tap)
        return given

    def _counted(self, work: Work) -> Work:
        self.num_captures += 1
        return self._capture(work)


class Bucket:
    """The buffers and the graphs for up to `size` rows of one store; a run has them for as long as the store."""

    def __init__(self, fused: FusedModel, store: Store, size: int, capture: Capture) -> None:
        self._fused, self._store, self._size, self._capture = fused, store, size, capture
        room = store.capacity
        with torch.inference_mode(False):  # buffers outlive the run that first asks for them
            device, dtype = fused.device, fused.dtype
            self._hidden = torch.zeros(size, fused.dim, dtype=dtype, device=device)
            self._index = torch.full((size,), store.trash, device=device)
            self._positions = torch.zeros(size, dtype=torch.long, device=device)
            self._seen = torch.zeros(size, room, dtype=torch.bool, device=device)
            self._rotations = fused.rotations(room)  # held: a longer table may take its place in the model
            turned = torch.zeros(2, size, 1, self._rotations[0].shape[-1], device=device)
            cos, sin = turned.to(self._rotations[0].dtype)
            mask = torch.zeros(size * fused.groups, room, dtype=dtype, device=device)
        self._placed = Placed(self._index, None, Sight(room, mask), cos, sin)
        self._graphs: dict[tuple[int, int], Work] = {}
        self._rows: Rows | None = None  # those the buffers were made ready for
        self._last: Tensor | None = None  # what was given back last, while the hidden buffer still holds it

    def run_layers(self, hidden: Tensor, first: int, last: int, rows: Rows, tap: Tap | None) -> Tensor:
        whole = (0, self._fused.num_layers)
        parts = list(_parts(first, last, whole[1], single=tap is not None))
        # All of them before anything is written: capturing may overwrite the buffers.
        replays = [self._replay(part) for part in parts]
        ready = None if parts == [whole] else self._replay((0, 0))
        self._write(hidden, rows)
        if ready is not None and self._rows is not rows:
            ready()
        self._rows = rows
        for (_, end), replay in zip(parts, replays, strict=True):
            replay()
            if tap is not None:
                tap(end, self._hidden[: len(hidden)].clone())
        self._last = self._hidden[: len(hidden)].clone()
        return self._last

    def _write(self, hidden: Tensor, rows: Rows) -> None:
        """Into the buffers, on the device, without waiting for it."""
        count = len(hidden)
        if hidden is not self._last:  # else it stands there
            self._hidden[:count].copy_(hidden, non_blocking=True)
        if rows is self._rows:
            return
        self._index[:count].copy_(rows.index, non_blocking=True)
        self._positions[:count].copy_(rows.positions, non_blocking=True)
        self._seen.zero_()
        if rows.mask is None:
            self._seen[:count, : rows.used] = True
        else:
            self._seen[:count, : rows.used].copy_(rows.mask, non_blocking=True)
        if count < self._size:
            self._idle(count)

    def _idle(self, count: int) -> None:
        """Rows from `count` on are padding: they see row 0, since a row that sees none has no softmax."""
        self._index[count:] = self._store.trash
        self._positions[count:] = 0
        self._seen[count:, 0] = True

    def _replay(self, part: tuple[int, int]) -> Work:
        """The graph of layers part[0]..part[1]-1; (0, 0): what makes the rows ready. Captured at first use."""
        if part not in self._graphs:
            self._seen.zero_()
            self._idle(0)  # whatever is run while capturing writes to the trash row
            self._rows = self._last = None
            self._graphs[part] = self._capture(self._work(*part))
        return self._graphs[part]

    def _work(self, first: int, last: int) -> Work:
        def ready() -> None:
            cos, sin = self._rotations
            placed = self._placed
            placed.cos.copy_(cos[self._positions, None])
            placed.sin.copy_(sin[self._positions, None])
            mask = placed.sight.mask
            if mask is not None:
                mask.copy_(additive(self._seen, self._fused.groups, mask.dtype))

        def run() -> None:
            if (first, last) == (0, self._fused.num_layers):
                ready()
            hidden = self._hidden
            for layer in range(first, last):
                hidden = self._fused.run_layer(layer, hidden, self._placed, self._store)
            self._hidden.copy_(hidden)

        return run if first < last else ready


def _parts(first: int, last: int, num_layers: int, single: bool) -> Iterator[tuple[int, int]]:
    """The graphs that make up layers first..last-1: all in one, or the largest that start at their multiple.

    >>> list(_parts(0, 13, 30, False)), list(_parts(0, 30, 30, False)), list(_parts(5, 7, 30, True))
    ([(0, 8), (8, 12), (12, 13)], [(0, 30)], [(5, 6), (6, 7)])
    """
    if (first, last) == (0, num_layers) and not single:
        yield first, last
        return
    while first < last:
        size = 1 if single else first & -first or 1 << num_layers.bit_length()
        while first + size > last:
            size //= 2
        yield first, first + size
        first += size
