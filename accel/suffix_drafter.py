"""What SuffixDecoding drafts next, given the text so far (Oliaro 2024). Standard library only, so that a recorded
run can be replayed with other knobs where there is no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accel.drafting import around, occurrence_in, worthwhile
from accel.speculation import NOTHING, LookUp, Speculation, best_of
from accel.suffix_tree import SuffixTree
from accel.trace import Calibration, Occurrence

DEPTH = 64  # longest match and draft together
SESSION_TOKENS = 200_000  # the oldest answers beyond this are forgotten
TREES = ("request", "session")


class Answers:
    """A session's memory: its answers in one tree, the oldest forgotten first."""

    def __init__(self) -> None:
        self.tree = SuffixTree(DEPTH, SESSION_TOKENS)
        self._open: int | None = None

    def begin(self, number: int) -> int:
        """The sequence of the session's answer of that number; the one before it grows no more."""
        if self._open is not None:
            self.tree.close(self._open)
        self._open = self.tree.start(str(number))
        return self._open


@dataclass(frozen=True, slots=True)
class Plan:
    """The draft to verify: the first nodes of the best speculation, and what was found on the way."""

    source: str  # the tree it comes from
    num_nodes: int
    best: Speculation
    found: dict[str, Speculation]

    @property
    def nodes(self) -> list[tuple[int, int, float]]:
        """(token, parent or -1, probability given the parent) of each; parents come first, so a cut is a tree."""
        best = self.best
        whole = zip(best.tokens, best.parents, best.probs, strict=True)
        return [(t, p, prob / (best.probs[p] if p >= 0 else 1.0)) for t, p, prob in whole][: self.num_nodes]


class SuffixDrafter:
    """The two trees of one request: its own text, and the session's answers, this one included as it is written."""

    def __init__(self, answers: Answers, number: int = 1) -> None:
        """`number` is that of this answer among all of the session, by whatever method."""
        self._trees = {"request": SuffixTree(DEPTH), "session": answers.tree}
        self._sequences = {
            "request": self._trees["request"].start("request"),
            "session": answers.begin(number),
        }
        self._text: list[int] = []
        self._prompt_length = 0

    @property
    def num_tokens(self) -> int:
        """How much of the text it has been told."""
        return len(self._text)

    def learn(self, tokens: Sequence[int], *, answer: bool) -> None:
        """The text goes on with these tokens; prompts are never kept in the session's tree."""
        self._trees["request"].extend(self._sequences["request"], tokens)
        if answer:
            self._trees["session"].extend(self._sequences["session"], tokens)
        else:
            self._prompt_length += len(tokens)
        self._text.extend(tokens)

    def plan(
        self, look_up: LookUp, trees: Sequence[str], calibration: Calibration | None, *, every: bool = False
    ) -> Plan:
        """The draft with the higher score of these trees, as much of it as is worth a wider pass.

        `every` match length is scored, for a picture, or those alone that could win.
        """
        context = self._text[-DEPTH:]
        found = {name: self._trees[name].look_up(context, look_up, every=every) for name in trees}
        best = best_of(found.get("request", NOTHING), found.get("session", NOTHING))
        source = next((name for name, speculation in found.items() if speculation is best), "request")
        return Plan(source, worthwhile(calibration, best.probs), best, found)

    def occurrence(self, source: str, found: Speculation) -> Occurrence | None:
        """Where the match of a speculation stands, with the text around it; None where nothing matched."""
        spot = found.spot
        if spot is None:
            return None
        length, followed = found.match_length, len(found.tokens)
        if spot.sequence == self._sequences[source]:
            shift = self._prompt_length if source == "session" else 0  # the session's tree holds no prompt
            return occurrence_in(self._text, source, spot.end + shift, length, followed)
        first, stop = around(spot.end, length, followed)
        excerpt = self._trees[source].excerpt(spot.sequence, first, stop)
        return Occurrence(source, length, int(spot.source), spot.end, first, excerpt)
