"""SuffixDecoding (Oliaro 2024): guess that what followed earlier occurrences of the newest text follows again.

Two counted suffix trees: one of this request (prompt and answer so far), one of this session's earlier answers, which
learns the answer while it is written. Both are asked; the draft with the higher score, the number of tokens it
expects to be accepted, is verified. The paper's trees are shared by all users; here a session's tree is its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from accel.drafting import worthwhile
from accel.method import Choice, Range, Switch
from accel.run import Run
from accel.speculation import NOTHING, Speculation, best_of
from accel.suffix_tree import SuffixTree
from accel.trace import Match
from accel.verify import DraftTree, verify

DEPTH = 64  # longest match and draft together
SESSION_TOKENS = 200_000  # the oldest answers beyond this are forgotten


class Answers:
    """A session's memory: its answers in one tree, the oldest forgotten first."""

    def __init__(self) -> None:
        self.tree = SuffixTree(DEPTH, SESSION_TOKENS)
        self._open: int | None = None
        self._count = 0

    def begin(self) -> int:
        """The sequence of a new answer; the one before it grows no more."""
        if self._open is not None:
            self.tree.close(self._open)
        self._count += 1
        self._open = self.tree.start(f"answer {self._count}")
        return self._open


class SuffixState:
    """The trees of one run, and how much of its text they have been told."""

    def __init__(self, run: Run) -> None:
        answers = run.session.recall(Answers, Answers)
        self._prompt_length = len(run.tree.trunk)
        self._told = 0
        self.trees = {"request": SuffixTree(DEPTH), "session": answers.tree}
        self._sequences = {"request": self.trees["request"].start("request"), "session": answers.begin()}

    def learn(self, run: Run) -> None:
        """Tell both trees what was committed since the last step; prompts are never kept in the session's."""
        fresh = run.tree.text_from(self._told)
        answered = fresh[max(0, self._prompt_length - self._told) :]
        self.trees["request"].extend(self._sequences["request"], fresh)
        self.trees["session"].extend(self._sequences["session"], answered)
        self._told += len(fresh)


@dataclass(frozen=True, slots=True)
class Suffix:
    """Looks for the newest text in this prompt, this answer and earlier answers, and guesses that what followed there
    follows again. The longer the match, the more is guessed."""

    name: ClassVar[str] = "suffix"
    lossless: ClassVar[bool] = True

    alpha: Annotated[float, Range(0, 8, "Tokens to guess for each token matched.")] = 1.0
    offset: Annotated[float, Range(-16, 16, "Tokens to guess on top of that.")] = 0.0
    min_prob: Annotated[float, Range(0, 1, "Guesses seen more seldom than this share are left out.")] = 0.1
    num_draft_tokens: Annotated[int, Range(1, 63, "The most tokens to guess at once.")] = 32
    branching: Annotated[
        bool, Switch("Guess several ways on, as a tree, instead of the most frequent one.")
    ] = False
    memory: Annotated[
        str, Choice(("both", "request", "session"), "Where to look: this request, earlier answers, or both.")
    ] = "both"
    calibrated: Annotated[bool, Switch("Draft less where a wider pass would cost more than it wins.")] = True

    def start(self, run: Run) -> SuffixState:
        return SuffixState(run)

    def step(self, run: Run, state: SuffixState) -> None:
        draft = DraftTree()
        with run.clock.phase("draft"):
            state.learn(run)
            found = {name: self._look_up(run, state, name) for name in self._asked()}
            best = best_of(found.get("request", NOTHING), found.get("session", NOTHING))
            source = next((name for name, speculation in found.items() if speculation is best), "request")
            calibration = run.calibration if self.calibrated else None
            count = worthwhile(calibration, best.probs)
            self._emit_matches(run, found, source if count else None)
            self._draft(run, draft, best, count, source)
        verify(run, draft)

    def _asked(self) -> tuple[str, ...]:
        return ("request", "session") if self.memory == "both" else (self.memory,)

    def _look_up(self, run: Run, state: SuffixState, name: str) -> Speculation:
        return state.trees[name].speculate(
            run.tree.text_from(max(0, len(run.tree.trunk) - DEPTH)),
            max_tokens=min(self.num_draft_tokens, run.drafts_left),
            alpha=self.alpha,
            offset=self.offset,
            min_prob=self.min_prob,
            branching=self.branching,
        )

    def _draft(self, run: Run, draft: DraftTree, best: Speculation, count: int, source: str) -> None:
        """The first `count` nodes; parents come before children, so every cut is a tree."""
        slots: list[int] = []
        for token, parent, prob in list(zip(best.tokens, best.parents, best.probs, strict=True))[:count]:
            under, given = (run.tree.tip, 1.0) if parent < 0 else (slots[parent], best.probs[parent])
            slots.append(draft.add(under, run.draft(under, token, prob / given, source)))

    def _emit_matches(self, run: Run, found: dict[str, Speculation], chosen: str | None) -> None:
        """The best match of each tree; with everything observed, every length that promised anything."""
        for name, speculation in found.items():
            for candidate in speculation.candidates:
                is_best = candidate.length == speculation.match_length
                if is_best or (run.observes_all and candidate.score > 0):
                    is_chosen = is_best and name == chosen
                    run.emit(Match(name, candidate.length, candidate.count, candidate.score, is_chosen))
