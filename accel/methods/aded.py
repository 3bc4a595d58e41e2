"""ADED (Liu 2024): guess from a tri-gram matrix that adapts to what is written, along the paths a tree search finds.

The matrix, its learning and the search are those of the released code (`accel.trigrams`, `accel.tree_search`), its
verification is not: when sampling, that draws anew for every path through the same token and throws the token that
refuted a guess away, so that a guessed token of probability p comes with 1 - (1 - p)^2. Here guesses are one-hot
proposals to the one verifier, and the text is the target's own. Where nothing is found nothing is guessed, where the
released code guesses token 100.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from accel.drafting import worthwhile
from accel.method import Choice, Range, Switch
from accel.run import MEMORY, Run
from accel.searched_tree import MOST, Found, Path
from accel.trace import MatrixUpdate, Search
from accel.tree_search import ITERATIONS, MODES, search
from accel.trigrams import RATE, RECENT, Learned, Trigrams, shipped_matrix
from accel.verify import DraftTree, verify


class AdedState:
    """The matrix of one run, and how far its promises came true."""

    def __init__(self, trigrams: Trigrams, length: int) -> None:
        self.trigrams = trigrams
        self.num_steps = 0
        self.promised = 0.0  # the sum of the probabilities of what was last drafted
        self._length = length
        self._sum_promised = 0.0
        self._sum_kept = 0.0

    @property
    def trust(self) -> float:
        """Tokens accepted over tokens promised, of late; 1 at first, to which it returns."""
        return (self._sum_kept + 1) / (self._sum_promised + 1)

    def settle(self, length: int) -> None:
        """Count what became of the last draft: of the tokens committed since, one was the target's own."""
        kept = max(length - self._length - 1, 0)
        self._sum_kept = self._sum_kept * MEMORY + kept
        self._sum_promised = self._sum_promised * MEMORY + self.promised
        self._length, self.promised = length, 0.0
        self.num_steps += 1


@dataclass(frozen=True, slots=True)
class Aded:
    """Knows which tokens like to follow which two, learns more while it writes, and searches for the likeliest ways
    on."""

    name: ClassVar[str] = "aded"
    lossless: ClassVar[bool] = True

    mode: Annotated[
        str,
        Choice(
            MODES, "The search: as published, bug included; with its reward mended; or simply best first."
        ),
    ] = "mended"
    iterations: Annotated[int, Range(1, 1000, "Rounds of the search; best first needs none.")] = ITERATIONS
    num_draft_tokens: Annotated[int, Range(1, MOST, "The most tokens to guess at once.")] = MOST
    rate: Annotated[float, Range(0, 3, "How much the newest text weighs each time it is learned.")] = RATE
    memory: Annotated[bool, Switch("Go on with what earlier answers taught.")] = True
    calibrated: Annotated[bool, Switch("Draft less where a wider pass would cost more than it wins.")] = True

    def start(self, run: Run) -> AdedState:
        tokenizer = run.model.tokenizer
        matrix = shipped_matrix(tokenizer and tokenizer.fingerprint)
        learned = run.session.recall(Learned, Learned) if self.memory else Learned()
        return AdedState(Trigrams(matrix, learned), len(run.tree.trunk))

    def step(self, run: Run, state: AdedState) -> None:
        with run.clock.phase("draft"):
            draft = self.propose(run, state)
        verify(run, draft)

    def propose(self, run: Run, state: AdedState) -> DraftTree:
        """Learn the newest text, search on from its last two tokens, and draft what is worth it."""
        recent = run.tree.text_from(max(0, len(run.tree.trunk) - RECENT))
        state.settle(len(run.tree.trunk))
        before = state.trigrams.learn(recent, self.rate)
        if before and run.wants(MatrixUpdate):
            with run.clock.phase("observe"):
                run.emit(state.trigrams.update(before))
        draft = DraftTree()
        if len(recent) < 2 or not run.drafts_left:
            return draft
        found = search(
            state.trigrams.row,
            (recent[-2], recent[-1]),
            mode=self.mode,
            iterations=self.iterations,
            most=self.num_draft_tokens,
            seed=f"{run.seed} {state.num_steps}",
        )
        probs = self._worthwhile(run, state, found)
        state.promised = sum(probs.values())
        slots: dict[Path, int] = {(): run.tree.tip}
        for path, prob in probs.items():
            parent = slots[path[:-1]]
            given = prob / found.draft.get(path[:-1], 1.0)
            slots[path] = draft.add(parent, run.draft(parent, path[-1], given, "matrix"))
        if found.draft and run.wants(Search):
            with run.clock.phase("observe"):
                run.emit(found.event(probs))
        return draft

    def _worthwhile(self, run: Run, state: AdedState, found: Found) -> dict[Path, float]:
        """The paths to verify with their probabilities, parents first."""
        probs = {path: prob for path, prob in found.draft.items() if len(path) <= run.drafts_left}
        if not self.calibrated:
            return probs
        likeliest = sorted(probs.items(), key=lambda item: (-item[1], len(item[0])))
        gains = [min(prob * state.trust, 1.0) for _, prob in likeliest]
        return dict(likeliest[: worthwhile(run.calibration, gains)])
