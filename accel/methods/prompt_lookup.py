"""Copy what followed the last time the newest few tokens were seen (Saxena 2023)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from accel.drafting import occurrence_in, worthwhile
from accel.method import Range, Switch
from accel.run import Run
from accel.trace import Match, Occurrence
from accel.verify import DraftTree, verify


@dataclass
class NgramIndex:
    """Where every n-gram of the text last ended, for n up to `longest`; each token is read once.

    >>> index = NgramIndex(longest=2)
    >>> index.extend([5, 6, 7, 5, 6])
    >>> index.find()
    (2, 2, 1)
    """

    longest: int
    text: list[int] = field(default_factory=list)
    _ends: dict[tuple[int, ...], int] = field(default_factory=dict)
    _counts: dict[tuple[int, ...], int] = field(default_factory=dict)

    def extend(self, tokens: Sequence[int]) -> None:
        """Append tokens. An n-gram is entered when a token follows it, so that the newest do not find themselves."""
        for token in tokens:
            end = len(self.text)
            for length in range(1, min(self.longest, end) + 1):
                ngram = tuple(self.text[end - length :])
                self._ends[ngram] = end
                self._counts[ngram] = self._counts.get(ngram, 0) + 1
            self.text.append(token)

    def find(self, shortest: int = 1) -> tuple[int, int, int] | None:
        """(length, where its continuation begins, times seen) of the longest newest n-gram seen before."""
        for length in range(min(self.longest, len(self.text)), shortest - 1, -1):
            ngram = tuple(self.text[-length:])
            if ngram in self._ends:
                return length, self._ends[ngram], self._counts[ngram]
        return None


@dataclass(frozen=True, slots=True)
class PromptLookup:
    """Looks for the newest few tokens earlier in the text and guesses that what followed them follows again."""

    name: ClassVar[str] = "prompt_lookup"
    lossless: ClassVar[bool] = True

    num_draft_tokens: Annotated[int, Range(1, 32, "The most tokens to copy at once.")] = 10
    longest_match: Annotated[int, Range(1, 8, "The longest run of newest tokens to look for.")] = 3
    shortest_match: Annotated[int, Range(1, 8, "Shorter matches than this are not used.")] = 1
    calibrated: Annotated[bool, Switch("Draft less where a wider pass would cost more than it wins.")] = True

    def start(self, run: Run) -> NgramIndex:
        return NgramIndex(self.longest_match)

    def step(self, run: Run, index: NgramIndex) -> None:
        with run.clock.phase("draft"):
            draft = self.propose(run, index)
        verify(run, draft)

    def propose(self, run: Run, index: NgramIndex) -> DraftTree:
        """The copied tokens as a chain; empty where nothing is found or copying would not pay."""
        draft = DraftTree()
        index.extend(run.tree.text_from(len(index.text)))
        found = index.find(min(self.shortest_match, self.longest_match))
        if found is None:
            return draft
        length, start, count = found
        copied = index.text[start : start + min(self.num_draft_tokens, run.drafts_left)]
        gains = [run.acceptance ** (i + 1) for i in range(len(copied))]
        copied = copied[: worthwhile(run.calibration if self.calibrated else None, gains)]
        run.emit(Match("text", length, count, sum(gains[: len(copied)]), bool(copied)))
        if run.wants(Occurrence):
            with run.clock.phase("observe"):
                run.emit(occurrence_in(index.text, "text", start, length, len(copied)))
        parent = run.tree.tip
        for token in copied:
            parent = draft.add(parent, run.draft(parent, token, 1.0, "text"))
        return draft
