"""What SuffixDecoding is asked for and what it answers (Oliaro 2024), and the choice between two trees."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isfinite
from typing import NamedTuple

ROUNDING = 1e-6  # 0.58 * 50 is 28.999999999999996: meant is 29


@dataclass(frozen=True, slots=True)
class LookUp:
    """The knobs of a look-up.

    At most `alpha` tokens per matched token plus `offset` are drafted, never more than `max_tokens`, and none
    less probable than `min_prob`. The end of the context itself is among what is counted: after one earlier
    occurrence every continuation has probability 0.5, so a `min_prob` above that asks for two.
    `branching` drafts a tree, the most probable nodes first; otherwise a path along the most frequent tokens.
    """

    max_tokens: int
    alpha: float = 1.0
    offset: float = 0.0
    min_prob: float = 0.1
    branching: bool = False

    def __post_init__(self) -> None:
        if self.max_tokens < 0 or not (0 <= self.alpha < float("inf")) or not isfinite(self.offset):
            raise ValueError("max_tokens and alpha must be 0 or more, alpha and offset finite")
        if not 0 <= self.min_prob <= 1:
            raise ValueError(f"min_prob must be between 0 and 1, not {self.min_prob}")

    def budget(self, length: int) -> int:
        """How many tokens may be drafted after a match of that length."""
        return floor(min(max(self.alpha * length + self.offset + ROUNDING, 0), self.max_tokens))


class Candidate(NamedTuple):
    """One match length that was tried; a tuple, as a look-up makes up to depth - 1 of them."""

    length: int
    count: int  # type: ignore[assignment]  # the word of the whole trace, worth hiding tuple.count
    score: float


@dataclass(frozen=True, slots=True)
class Spot:
    """Where matched text was seen, the draft after it: it ends before token number `end` of the sequence."""

    sequence: int
    source: str
    end: int


@dataclass(frozen=True, slots=True)
class Speculation:
    """The best draft of one tree. A parent is an index into `tokens`, or -1 for the context's last token.

    A node's probability is the share of the match's occurrences that go on along its path: its count over
    the count of the match. The score is their sum, the number of tokens accepted on average by a target that
    chooses as these texts did. `candidates` run from the longest match.
    """

    tokens: tuple[int, ...]
    parents: tuple[int, ...]
    probs: tuple[float, ...]
    counts: tuple[int, ...]
    score: float
    match_length: int
    candidates: tuple[Candidate, ...]
    spot: Spot | None  # of the match and its longest branch; None where nothing matched


NOTHING = Speculation((), (), (), (), 0.0, 0, (), None)


def best_of(request: Speculation, session: Speculation) -> Speculation:
    """The draft with the higher score; the request's own on a tie."""
    return session if session.score > request.score else request
