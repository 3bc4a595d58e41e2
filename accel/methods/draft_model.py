"""A second, smaller model guesses; the target checks (Leviathan 2023, Chen 2023), as a chain or as a tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from accel.drafting import worthwhile
from accel.errors import InputError
from accel.lane import Lane
from accel.method import Range, Switch
from accel.models.model import Model
from accel.run import Run
from accel.sampling import likeliest
from accel.verify import DraftTree, verify


@dataclass(slots=True)
class Drafting:
    """The draft model in one run: its lane, and how much of the text it can read."""

    lane: Lane
    model: Model
    num_read: int = 0  # committed tokens known to be in its vocabulary

    def levels_left(self, run: Run) -> int:
        """How many levels it can draft: none beyond its context, nor after a token that it has no row for."""
        fresh = run.tree.text_from(self.num_read)
        if any(token >= self.model.layers.vocab_size for token in fresh):
            return 0
        self.num_read += len(fresh)
        return self.model.context - run.tree.positions[run.tree.tip]

    def logits(self, slots: Sequence[int], vocab_size: int) -> Tensor:
        """Logits [slots, vocab_size] in the target's vocabulary: of two that are padded, the ids that both have."""
        logits = self.lane.logits(slots)[:, :vocab_size]
        missing = vocab_size - logits.shape[-1]
        return F.pad(logits, (0, missing), value=-torch.inf) if missing else logits


@dataclass(frozen=True, slots=True)
class DraftModel:
    """A smaller model with the same vocabulary writes a few tokens ahead, and the target checks them in one pass."""

    name: ClassVar[str] = "draft_model"
    lossless: ClassVar[bool] = True

    depth: Annotated[int, Range(1, 16, "How many tokens ahead to guess.")] = 4
    branching: Annotated[int, Range(1, 4, "How many guesses for each of the best places; 1 is a chain.")] = 1
    calibrated: Annotated[bool, Switch("Draft less where a wider pass would cost more than it wins.")] = True

    def start(self, run: Run) -> Drafting:
        if run.draft_model is None:
            raise InputError("draft", "the method draft_model needs a second model; give one with `draft`")
        return Drafting(run.open_lane("draft", run.draft_model.layers), run.draft_model)

    def step(self, run: Run, drafting: Drafting) -> None:
        with run.clock.phase("draft"):
            draft = self.propose(run, drafting)
        verify(run, draft)

    def propose(self, run: Run, drafting: Drafting) -> DraftTree:
        """Grow a chain or a tree, level by level, one call of the draft model a level."""
        draft = DraftTree()
        paths = {run.tree.tip: 1.0}  # the places to guess on from, and how probable each is
        for _ in range(self._levels(run, drafting)):
            paths = self._grow(run, drafting, draft, paths)
            if not paths:
                break
        return draft

    def _levels(self, run: Run, drafting: Drafting) -> int:
        """How deep to draft, decided before anything is drawn: dropping drawn tokens would bias the text."""
        depth = max(min(self.depth, run.drafts_left, drafting.levels_left(run)), 0)
        gains = [run.acceptance ** (level + 1) for level in range(depth)]
        calibration = run.calibration if self.calibrated else None
        return max(worthwhile(calibration, gains, self.branching**2), min(depth, 1))

    def _grow(
        self, run: Run, drafting: Drafting, draft: DraftTree, paths: dict[int, float]
    ) -> dict[int, float]:
        """One more level under each of these slots; returns the best `branching` new places to go on from."""
        slots = list(paths)
        logits = run.processed(slots, drafting.logits(slots, run.model.layers.vocab_size))  # [slots, vocab]
        likely = likeliest(logits, self.branching) if run.sampling.is_greedy else None
        grown: dict[int, float] = {}
        for row, (parent, path_prob) in enumerate(paths.items()):
            guesses = likely[row] if likely else self._drawn(run, draft, parent, logits[row])
            for token, prob in guesses:
                slot = draft.add(parent, run.draft(parent, token, prob, "draft"))
                if token not in run.model.end_tokens:
                    grown[slot] = path_prob * prob
        best = sorted(grown, key=lambda slot: (-grown[slot], slot))[: self.branching]
        return {slot: grown[slot] for slot in sorted(best)}

    def _drawn(self, run: Run, draft: DraftTree, parent: int, logits: Tensor) -> list[tuple[int, float]]:
        """Tokens to follow `parent`, drawn without replacement, with their probabilities."""
        probs = run.sampling.probs(logits[None])[0]
        draft.proposals[parent] = probs
        # One token always has some probability; that more have must be asked.
        most = 1 if self.branching == 1 else min(self.branching, int((probs > 0).sum().item()))
        left, guesses = probs.clone(), list[tuple[int, float]]()
        for _ in range(most):
            token, prob, _ = run.dice.guess(left)
            guesses.append((token, prob))
            left[token] = 0.0
        return guesses
