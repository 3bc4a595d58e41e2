"""The tri-gram matrix of ADED (Liu 2024): which tokens follow a pair of tokens, and how heavily each weighs.

A shipped matrix, read-only and shared, is where everyone begins; what a user's own texts teach lies over it, in that
user's session. The shipped one is used only with the tokenizer it was made with; others begin with nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from accel.trace import MatrixUpdate, RowChange

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "trigrams"
RECENT = 16  # tokens: every tri-gram within the newest so many is learned, at every step anew
RATE = 0.04
CAP = 3.0
SUCCESSORS = 12  # of a pair that are shipped; what is learned comes on top
WIDEST = 32  # successors of a pair that are looked at, the heaviest; the released code has no limit here
LEARNED = 50_000  # tri-grams that a session remembers; the pairs longest unseen beyond this are forgotten
PARSED = 4096  # rows kept ready
SHOWN = 5  # successors of a row that a trace shows, besides those just learned

Pair = tuple[int, int]
Before = dict[Pair, dict[int, float]]
Weights = NDArray[np.float16]


class Row(NamedTuple):
    """The successors of a pair, the heaviest first; equals in the order of their ids."""

    tokens: tuple[int, ...]
    weights: tuple[float, ...]
    sums: tuple[float, ...]  # of the weights so far: what a successor is drawn by

    @property
    def total(self) -> float:
        return self.sums[-1] if self.sums else 0.0

    def weight(self, token: int) -> float:
        return self.weights[self.tokens.index(token)] if token in self.tokens else 0.0


def row_of(weights: dict[int, float]) -> Row:
    """
    >>> row_of({7: 0.25, 5: 0.75}).tokens
    (5, 7)
    """
    tokens = tuple(sorted(weights, key=lambda token: (-weights[token], token))[:WIDEST])
    heaviest = tuple(weights[token] for token in tokens)
    return Row(tokens, heaviest, tuple(accumulate(heaviest)))


NO_ROW = row_of({})


class Matrix:
    """Rows in one array after another; row i is `tokens[starts[i]:starts[i + 1]]`. Nothing here can be changed."""

    def __init__(
        self, pairs: NDArray[np.int32], starts: NDArray[np.int32], tokens: NDArray[np.int32], weights: Weights
    ) -> None:
        for array in (pairs, starts, tokens, weights):
            array.setflags(write=False)
        self._starts, self._tokens, self._weights = starts, tokens, weights
        self._rows: dict[Pair, int] = {(a, b): i for i, (a, b) in enumerate(pairs.tolist())}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Pair]:
        return iter(self._rows)

    def row(self, pair: Pair) -> dict[int, float]:
        """The weight of each successor, at most 12, together at most 1; a new dict every time."""
        index = self._rows.get(pair)
        if index is None:
            return {}
        first, last = self._starts[index : index + 2].tolist()
        return dict(zip(self._tokens[first:last].tolist(), self._weights[first:last].tolist(), strict=True))

    @property
    def digest(self) -> str:
        """Of all it holds: equal before and after, nothing has changed."""
        arrays = (np.array(list(self._rows.items()), object), self._starts, self._tokens, self._weights)
        return sha256(b"".join(str(array.tolist()).encode() for array in arrays)).hexdigest()


def empty_matrix() -> Matrix:
    none = np.zeros(0, np.int32)
    return Matrix(none.reshape(0, 2), np.zeros(1, np.int32), none, np.zeros(0, np.float16))


@cache
def shipped_matrix(tokenizer: str | None) -> Matrix:
    """The matrix made with the tokenizer of this fingerprint; an empty one where there is none."""
    from safetensors import safe_open

    for path in sorted(FOLDER.glob("*.safetensors")) if tokenizer else ():
        with safe_open(path, framework="numpy") as file:
            if (file.metadata() or {}).get("tokenizer") == tokenizer:
                return Matrix(*(file.get_tensor(name) for name in ("pairs", "starts", "tokens", "weights")))
    return empty_matrix()


class Learned:
    """What lies over a matrix: the weights that online learning changed. One user's; bounded."""

    def __init__(self) -> None:
        self._rows: dict[Pair, dict[int, float]] = {}  # the pair longest unseen comes first
        self._size = 0

    def __len__(self) -> int:
        """The number of tri-grams."""
        return self._size

    def row(self, pair: Pair) -> dict[int, float]:
        return self._rows.get(pair, {})

    def put(self, pair: Pair, token: int, weight: float) -> None:
        row = self._rows.pop(pair, {})
        self._size += token not in row
        row[token] = weight
        self._rows[pair] = row
        while self._size > LEARNED:
            self._size -= len(self._rows.pop(next(iter(self._rows))))


class Trigrams:
    """A matrix and what was learned over it, as one."""

    def __init__(self, matrix: Matrix, learned: Learned) -> None:
        self._matrix = matrix
        self._learned = learned
        self._parsed: dict[Pair, Row] = {}

    def row(self, pair: Pair) -> Row:
        row = self._parsed.get(pair)
        if row is None:
            if len(self._parsed) >= PARSED:
                self._parsed.clear()
            row = self._parsed[pair] = row_of(self._matrix.row(pair) | self._learned.row(pair))
        return row

    def learn(self, text: Sequence[int], rate: float = RATE) -> Before:
        """Every tri-gram among the newest tokens gains `rate`, up to the cap; missing ones begin at 0.

        It is called at every step, so a tri-gram gains again and again while it is recent. Rows are neither
        normalised nor cut again, as in the released code. Returns what each weighed before, by pair and token.
        """
        recent, before = text[-RECENT:], Before()
        for a, b, token in zip(recent, recent[1:], recent[2:], strict=False):
            pair = (a, b)
            known = self._matrix.row(pair) | self._learned.row(pair)
            before.setdefault(pair, {}).setdefault(token, known.get(token, 0.0))
            self._learned.put(pair, token, min(known.get(token, 0.0) + rate, CAP))
            self._parsed.pop(pair, None)
        return before

    def update(self, before: Before) -> MatrixUpdate:
        """What was just learned, for a trace: the newest pair first, its row cut to what one looks at."""
        return MatrixUpdate(tuple(self._change(pair, before[pair]) for pair in reversed(before)))

    def _change(self, pair: Pair, before: dict[int, float]) -> RowChange:
        row = self.row(pair)
        shown = [token for at, token in enumerate(row.tokens) if at < SHOWN or token in before]
        after = [round(row.weight(token), 6) for token in shown]
        earlier = [round(before.get(token, row.weight(token)), 6) for token in shown]
        return RowChange(pair, tuple(shown), tuple(earlier), tuple(after))
