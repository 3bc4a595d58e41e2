"""SuffixDecoding (Oliaro 2024): guess that what followed earlier occurrences of the newest text follows again.

Two counted suffix trees: one of this request (prompt and answer so far), one of this session's earlier answers,
which learns the answer while it is written. Both are asked; the draft with the higher score, the number of tokens
it expects to be accepted, is verified. The paper's trees are shared by all users; here a session's tree is its own.
As a hybrid, a draft that scores less than `min_score` gives way to another drafter's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from accel.method import Choice, Range, Switch
from accel.methods.draft_model import DraftModel
from accel.methods.prompt_lookup import PromptLookup
from accel.run import Run
from accel.speculation import LookUp
from accel.suffix_drafter import TREES, Answers, Plan, SuffixDrafter
from accel.trace import Match
from accel.verify import DraftTree, verify

FALLBACKS: dict[str, PromptLookup | DraftModel] = {
    "prompt_lookup": PromptLookup(),
    "draft_model": DraftModel(),
}


@dataclass(frozen=True, slots=True)
class SuffixState:
    """The trees of one run, and what its fallback remembers."""

    drafter: SuffixDrafter
    prompt_length: int
    fallback: Any


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
        str, Choice(("both", *TREES), "Where to look: this request, earlier answers, or both.")
    ] = "both"
    fallback: Annotated[
        str, Choice(("none", *FALLBACKS), "Who guesses where the best match promises too little.")
    ] = "none"
    min_score: Annotated[float, Range(0, 32, "Tokens a match must promise, or the fallback guesses.")] = 0.0
    calibrated: Annotated[bool, Switch("Draft less where a wider pass would cost more than it wins.")] = True

    def start(self, run: Run) -> SuffixState:
        fallback = None if self.fallback == "none" else self._fallback.start(run)
        answers = run.session.recall(Answers, Answers)
        drafter = SuffixDrafter(answers, number=run.session.num_answers + 1)
        return SuffixState(drafter, len(run.tree.trunk), fallback)

    def step(self, run: Run, state: SuffixState) -> None:
        with run.clock.phase("draft"):
            self._learn(run, state)
            plan = self._plan(run, state)
            trusted = plan.best.score >= self.min_score or self.fallback == "none"
            self._emit_matches(run, state, plan, trusted)
            draft = planted(run, plan.nodes, plan.source) if trusted else self._fall_back(run, state)
        verify(run, draft)
        with run.clock.phase("draft"):
            self._learn(run, state)  # at once, so that the session remembers an answer to its end

    def _learn(self, run: Run, state: SuffixState) -> None:
        """Tell the trees what was committed since they were told last."""
        told = state.drafter.num_tokens
        if told < state.prompt_length:
            state.drafter.learn(run.tree.text_from(0)[: state.prompt_length], answer=False)
        state.drafter.learn(run.tree.text_from(state.drafter.num_tokens), answer=True)

    def _plan(self, run: Run, state: SuffixState) -> Plan:
        most = min(self.num_draft_tokens, run.drafts_left)
        look_up = LookUp(most, self.alpha, self.offset, self.min_prob, self.branching)
        trees = TREES if self.memory == "both" else (self.memory,)
        calibration = run.calibration if self.calibrated else None
        return state.drafter.plan(look_up, trees, calibration, every=run.observes_all)

    def _fall_back(self, run: Run, state: SuffixState) -> DraftTree:
        return self._fallback.propose(run, state.fallback)

    @property
    def _fallback(self) -> PromptLookup | DraftModel:
        return replace(FALLBACKS[self.fallback], calibrated=self.calibrated)

    def _emit_matches(self, run: Run, state: SuffixState, plan: Plan, trusted: bool) -> None:
        """The best match of each tree; with everything observed, every length that promised anything."""
        if not run.wants(Match):
            return
        for name, speculation in plan.found.items():
            for candidate in speculation.candidates:
                is_best = candidate.length == speculation.match_length
                if is_best or (run.observes_all and candidate.score > 0):
                    is_chosen = is_best and name == plan.source and plan.num_nodes > 0 and trusted
                    run.emit(Match(name, candidate.length, candidate.count, candidate.score, is_chosen))
            with run.clock.phase("observe"):
                place = state.drafter.occurrence(name, speculation)
            if place is not None:
                run.emit(place)


def planted(run: Run, nodes: Sequence[tuple[int, int, float]], source: str) -> DraftTree:
    """Slots for nodes (token, index of the parent or -1 for the tip, probability), parents first."""
    draft, slots = DraftTree(), list[int]()
    for token, parent, prob in nodes:
        under = slots[parent] if parent >= 0 else run.tree.tip
        slots.append(draft.add(under, run.draft(under, token, prob, source)))
    return draft
