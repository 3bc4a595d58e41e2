"""Attention in which no row's result depends on what other rows are there, to the bit, in bfloat16 too.

With packed products, that makes each guess, in a chain or in a tree, get exactly the states that its token would have
got alone after the same text. A kernel groups its sums by how many keys there are and where they stand, so both are
made to depend on a token's place in the text only:

    keys of a token   0 ............ start | start ...... place     one sum over the keys long past, one over the
                                                                    newest; `start` moves in steps
    keys of a tree    0 .... shared | path a | path b | ...         each path has the text's last keys and its own
                                                                    guesses, and its tokens see no other

Keys come in groups of WIDTH, and groups that are masked add nothing (docs/decisions.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from accel.models.attention import Sight, additive
from accel.models.layered import Path, Rows

WIDTH = 32  # a cache's capacity is a multiple of it
NEWEST = 512  # keys at most of the second sum: so many a product sums one after another, wherever they stand
REACH = 64  # keys at least of the second sum, so that it has all guesses of a path
# Of `start`. Smaller, and shorter texts need the first sum, 5 % of a single row's time; larger, and paths lack room.
STEP = 256


@dataclass(frozen=True, slots=True)
class Reading:
    """Queries that are answered together, from keys in an order of their own where `columns` says so."""

    mask: Tensor  # [queries, keys] to add to the scores
    parts: tuple[tuple[slice, int], ...]  # queries of one `start`, in order
    columns: Tensor | None = None  # [keys] the cache rows to read; None: as they stand
    queries: Tensor | None = None  # [queries] which of the call's; None: all of them


@dataclass(frozen=True, slots=True)
class ExactSight(Sight):
    """A `Sight` that says how to sum: in several readings for a tree with many paths."""

    readings: tuple[Reading, ...]


def row_exact(queries: Tensor, held: Tensor, sight: Sight, scale: float) -> Tensor:
    """What queries [kv_heads, rows, head_dim] see of keys and values [2, kv_heads, capacity, head_dim]."""
    held = held[:, :, : sight.used]
    if not isinstance(sight, ExactSight):
        assert sight.mask is not None
        return torch.bmm(_shares(queries, held[0], sight.mask, scale), held[1])
    seen = torch.empty_like(queries)
    for reading in sight.readings:
        if reading.queries is None:
            return _read(queries, held, reading, scale)
        seen[:, reading.queries] = _read(queries[:, reading.queries], held, reading, scale)
    return seen


def _read(queries: Tensor, held: Tensor, reading: Reading, scale: float) -> Tensor:
    keys, values = held if reading.columns is None else held.index_select(2, reading.columns)
    shares = _shares(queries, keys, reading.mask, scale)
    seen = [_summed(shares[:, part], values, start) for part, start in reading.parts]
    return seen[0] if len(seen) == 1 else torch.cat(seen, 1)


def _shares(queries: Tensor, keys: Tensor, mask: Tensor, scale: float) -> Tensor:
    return torch.softmax(torch.baddbmm(mask, queries, keys.transpose(1, 2), alpha=scale), -1)


def _summed(shares: Tensor, values: Tensor, start: int) -> Tensor:
    """[kv_heads, rows, head_dim]: the values long past, and the newest added to them."""
    newest = shares[:, :, start : start + NEWEST], values[:, start : start + NEWEST]
    if start == 0:
        return torch.bmm(*newest)
    return torch.baddbmm(torch.bmm(shares[:, :, :start], values[:, :start]), *newest)


def sight_of(rows: Rows, groups: int, dtype: torch.dtype) -> Sight:
    """Made once for all layers of a call."""
    used, places, paths = _width(rows.used), rows.positions.tolist(), rows.paths
    if paths == ():
        mask = additive(torch.arange(used) <= rows.positions[:, None], groups, dtype)
        return ExactSight(used, None, (Reading(mask, _parts(places, groups)),))
    if paths is not None:
        room = _start(min(places)) + NEWEST
        first, longest = paths[0].first, len(paths[0].rows)
        if longest <= REACH and _width(first + longest) <= room:
            readings = (_reading(some, places, groups, dtype) for some in _fitting(paths, room))
            return ExactSight(used, None, tuple(readings))
    seen = torch.zeros(len(places), used, dtype=torch.bool)
    seen[:, : rows.used] = True if rows.mask is None else rows.mask
    return Sight(used, additive(seen, groups, dtype))


def _fitting(paths: Sequence[Path], room: int) -> Iterator[list[Path]]:
    """Paths that are read together, in at most so many keys."""
    shared = _shared(paths[0])
    some, size = list[Path](), shared
    for path in paths:
        own = _width(path.first + len(path.rows)) - shared
        if some and size + own > room:
            yield some
            some, size = [], shared
        some.append(path)
        size += own
    yield some


def _reading(paths: Sequence[Path], places: Sequence[int], groups: int, dtype: torch.dtype) -> Reading:
    shared, first = _shared(paths[0]), paths[0].first
    columns, found = list(range(shared)), list[tuple[int, int, int]]()
    for path in paths:
        found += [(places[slot], slot, len(columns)) for slot in path.slots]
        own = [*range(shared, first), *path.rows]
        columns += own + own[:1] * (_width(len(own)) - len(own))
    found.sort()
    seen = np.zeros((len(found), len(columns)), dtype=bool)
    for row, (place, _, begin) in enumerate(found):
        seen[row, : min(shared, place + 1)] = True
        seen[row, begin : begin + place + 1 - shared] = True
    slots = torch.tensor([slot for _, slot, _ in found])
    queries = (slots[:, None] * groups + torch.arange(groups)).flatten()
    mask = additive(torch.from_numpy(seen), groups, dtype)
    return Reading(mask, _parts([place for place, _, _ in found], groups), torch.tensor(columns), queries)


def _parts(places: Sequence[int], groups: int) -> tuple[tuple[slice, int], ...]:
    """The queries of neighbouring places whose sums start alike."""
    found, at = list[tuple[slice, int]](), 0
    for start, members in groupby(places, _start):
        count = len(list(members)) * groups
        found.append((slice(at, at + count), start))
        at += count
    return tuple(found)


def _start(place: int) -> int:
    """Where the second sum starts for a token at this place."""
    return max(0, (place + 1 - REACH) // STEP * STEP)


def _shared(path: Path) -> int:
    """How many keys stand before the paths, the same for all of them."""
    return path.first // WIDTH * WIDTH


def _width(used: int) -> int:
    return -(-used // WIDTH) * WIDTH
