"""The seam to a model: all that any method can ask of one, and what a layer call is told about its tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, device

from accel.models.cache import Cache

Tap = Callable[[int, Tensor], None]
"""Called with (layers that have run, their output [slots, dim]) after each layer; it must not change it."""


@dataclass(frozen=True, slots=True)
class Path:
    """Drafts one after another from the trunk's end, and where the cache holds them."""

    slots: tuple[int, ...]  # the tokens of the call that look along this path, counted within the call
    rows: tuple[int, ...]  # the cache row of each draft, in the order of the text
    first: int  # the row where they would begin, were they text


@dataclass(frozen=True, slots=True)
class Rows:
    """The tokens of one layer call: where their keys and values go, and what each may look at.

    The cache's first rows are the trunk, row i holding position i; rows of drafted slots follow in any order.
    """

    index: Tensor  # [slots] the cache row each token writes
    start: int | None  # the first row where the rows are start, start + 1, ...; None where they are scattered
    positions: Tensor  # [slots] place in the sequence, for rotary or learned position embeddings
    used: int  # rows 0..used-1 of the cache may be looked at
    mask: Tensor | None  # [slots, used] True where a token may look; None: every token sees all used rows
    key_positions: Tensor  # [used] the position held by each cache row
    # Of a tree; () where every token stands in the cache as in the text, None where nothing is known of that.
    paths: tuple[Path, ...] | None = None

    def within(self, window: int | None) -> Tensor | None:
        """The mask [slots, used] of a layer that sees only the last `window` positions, itself included.

        Built at each call: a model should keep it for all layers of one kind within one `run_layers`.
        """
        if window is None or self.used <= window:
            return self.mask
        near = self.key_positions[None, :] > self.positions[:, None] - window
        return near if self.mask is None else near & self.mask


class LayeredModel(Protocol):
    """A decoder whose layers can be run one by one. It is read-only and shared; caches belong to runs.

    No batch axis anywhere: one run decodes one sequence.
    """

    @property
    def num_layers(self) -> int: ...
    @property
    def vocab_size(self) -> int: ...
    @property
    def device(self) -> device: ...

    def new_cache(self) -> Cache:
        """An empty cache for one run."""
        ...

    def embed(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Token ids [slots] at positions [slots] as the input of layer 0, [slots, dim]."""
        ...

    def run_layers(
        self, hidden: Tensor, first: int, last: int, rows: Rows, cache: Cache, tap: Tap | None = None
    ) -> Tensor:
        """Run layers first..last-1 on hidden [slots, dim]; writes the cache rows, returns [slots, dim]."""
        ...

    def norm(self, hidden: Tensor) -> Tensor:
        """The final norm, [slots, dim]."""
        ...

    def head(self, normed: Tensor) -> Tensor:
        """Logits [slots, vocab]; the plain readout of a layer is `head(norm(hidden))`."""
        ...
