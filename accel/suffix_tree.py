"""A counted suffix tree over several growing texts, for SuffixDecoding (Oliaro 2024)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from accel.speculation import LookUp, Speculation, Spot
from accel.suffix_draft import speculate
from accel.suffix_states import ROOT, SuffixStates


@dataclass(slots=True)
class _Text:
    """What is held of one sequence: its tokens from number `first` on."""

    source: str
    first: int = 0
    tokens: list[int] = field(default_factory=list)
    is_open: bool = True
    tip: int = ROOT  # the state of the last `depth` - 1 tokens, as it was after that many removals
    removals: int = 0


class SuffixTree:
    """Counts every string of up to `depth` tokens in some sequences, as they grow, and drafts what followed.

    Holds at most `max_tokens` tokens. Beyond that the oldest sequence goes, whole, but never the one that is
    being extended: alone above the limit, it forgets its own oldest tokens, up to a quarter of the limit at a
    time. An open sequence that was evicted may go on growing, from nothing.

    >>> tree = SuffixTree(depth=8)
    >>> tree.extend(tree.start("first answer"), [1, 2, 3, 4, 5, 1, 2, 3])
    >>> tree.speculate([1, 2, 3, 4, 5, 1, 2, 3], max_tokens=8).tokens
    (4, 5, 1)
    """

    def __init__(self, depth: int = 64, max_tokens: int | None = None) -> None:
        if depth < 2:
            raise ValueError(f"depth must be at least 2, a token matched and a token drafted, not {depth}")
        if max_tokens is not None and max_tokens < 1:
            raise ValueError(f"max_tokens must be at least 1, not {max_tokens}")
        self.depth = depth
        self.max_tokens = max_tokens
        self._states = SuffixStates(depth)
        self._texts: dict[int, _Text] = {}  # the oldest first
        self._num_tokens = 0
        self._num_started = 0
        self._num_removals = 0

    @property
    def num_tokens(self) -> int:
        return self._num_tokens

    @property
    def num_sequences(self) -> int:
        """How many sequences hold tokens."""
        return sum(bool(text.tokens) for text in self._texts.values())

    @property
    def num_nodes(self) -> int:
        """Edges of the compressed tree and the root; strings that end at the same places share an edge."""
        return len(self._states)

    def start(self, source: str) -> int:
        """A new, empty sequence; `source` says where it comes from when a match is shown."""
        sequence = self._num_started
        self._num_started += 1
        self._texts[sequence] = _Text(source)
        return sequence

    def extend(self, sequence: int, tokens: Iterable[int]) -> None:
        """Append tokens to an open sequence. KeyError if it was removed, ValueError if it was closed."""
        text = self._texts[sequence]
        if not text.is_open:
            raise ValueError(f"sequence {sequence} is closed")
        self._find_tip(text)
        for token in tokens:
            position = len(text.tokens)
            text.tip = self._append(text.tip, position, token, (sequence, text.first + position + 1))
            text.tokens.append(token)
            self._num_tokens += 1
            if self.max_tokens is not None and self._num_tokens > self.max_tokens:
                self._make_room(sequence)
                self._find_tip(text)

    def close(self, sequence: int) -> None:
        """The sequence will not grow any more; what it taught stays until it is evicted or removed."""
        self._texts[sequence].is_open = False
        if not self._texts[sequence].tokens:
            del self._texts[sequence]

    def remove(self, sequence: int) -> None:
        """Forget a sequence: nothing that was counted for it stays."""
        text = self._texts.pop(sequence)
        self._forget(sequence, text, len(text.tokens))

    def count(self, tokens: Sequence[int]) -> int:
        """How often these tokens, at most `depth`, stand in a row; for none, how many tokens are held."""
        if len(tokens) > self.depth:
            raise ValueError(f"strings of up to {self.depth} tokens are counted, not of {len(tokens)}")
        if not tokens:
            return self._num_tokens
        state, length = self._states.match(tokens[:-1])
        child = self._states.after[state].get(tokens[-1], ROOT)
        return self._states.count[child] if length == len(tokens) - 1 else 0

    def excerpt(self, sequence: int, start: int, stop: int) -> tuple[int, ...]:
        """Tokens number `start` to `stop` of a sequence, as far as they are still held."""
        text = self._texts[sequence]
        return tuple(text.tokens[max(start - text.first, 0) : max(stop - text.first, 0)])

    def speculate(
        self,
        context: Sequence[int],
        *,
        max_tokens: int,
        alpha: float = 1.0,
        offset: float = 0.0,
        min_prob: float = 0.1,
        branching: bool = False,
    ) -> Speculation:
        """The draft that promises most, over all lengths of match at the context's end (see LookUp)."""
        return self.look_up(context, LookUp(max_tokens, alpha, offset, min_prob, branching))

    def look_up(self, context: Sequence[int], look_up: LookUp, *, every: bool = True) -> Speculation:
        """The same, its knobs in one value; without `every` only lengths that could win are among the candidates."""
        return speculate(self._states, context, look_up, self._locate, every=every)

    def _locate(self, home: tuple[int, int], tokens: list[int], length: int) -> Spot:
        """Where `tokens`, the first `length` of them matched, stand: `home`, unless that was forgotten."""
        sequence, end = home
        text = self._texts.get(sequence)
        if text is not None and end - len(tokens) >= text.first:
            return Spot(sequence, text.source, end - len(tokens) + length)
        for sequence, text in reversed(self._texts.items()):  # the youngest first
            for start, token in enumerate(text.tokens):
                if token == tokens[0] and text.tokens[start : start + len(tokens)] == tokens:
                    return Spot(sequence, text.source, text.first + start + length)
        raise AssertionError(f"{tokens} are counted but not held")

    def _append(self, tip: int, position: int, token: int, end: tuple[int, int]) -> int:
        """Count one more token of a sequence; returns its tip: the state of its last `depth` - 1 tokens."""
        room = self.depth - 1
        state = self._states.add(tip, min(position, room), token, end)
        return self._states.narrow(state, min(position + 1, room))

    def _find_tip(self, text: _Text) -> None:
        """Its state may have been split by another's tokens since, or renamed by a removal."""
        room = self.depth - 1
        if text.removals == self._num_removals:
            text.tip = self._states.narrow(text.tip, min(len(text.tokens), room))
        else:
            text.tip = self._states.match(text.tokens[-room:])[0]
            text.removals = self._num_removals

    def _make_room(self, growing: int) -> None:
        assert self.max_tokens is not None
        while self._num_tokens > self.max_tokens:
            oldest = next((s for s, text in self._texts.items() if text.tokens and s != growing), growing)
            text = self._texts.pop(oldest)
            if oldest == growing:  # several at once, as forgetting a start costs another `depth` tokens
                excess = self._num_tokens - self.max_tokens
                self._forget(oldest, text, max(excess, min(4 * self.depth, self.max_tokens // 4)))
            else:
                self._forget(oldest, text, len(text.tokens))
            if text.is_open:  # from now on the youngest
                self._texts[oldest] = text

    def _forget(self, sequence: int, text: _Text, number: int) -> None:
        """Forget the first tokens of a text, as if it had started after them."""
        stop = min(number + self.depth - 1, len(text.tokens))
        tip = ROOT
        # First the new start, then the old: every string that is counted has its own start counted.
        for position, token in enumerate(text.tokens[number:stop]):
            tip = self._append(tip, position, token, (sequence, text.first + number + position + 1))
        self._states.forget(text.tokens, stop)
        del text.tokens[:number]
        text.first += number
        self._num_tokens -= number
        self._num_removals += 1
