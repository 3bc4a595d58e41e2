"""CLaSp (Chen 2025): the model without some of its layers guesses; which layers, is planned anew as the text goes on.

No training and no second model: the plan is made from states that the last verification computed anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from accel.drafting import worthwhile
from accel.method import Range, Switch
from accel.rehearsal import Rehearsal
from accel.run import Run
from accel.sampling import likeliest
from accel.skip_plan import plan_skips
from accel.trace import SkipPlan
from accel.verify import DraftTree, verify

DRAFT, PLAN = "draft", "plan"  # lanes


@dataclass
class ClaspState:
    """What one run remembers: the layers it skips, for how long it has, and the target's newest states."""

    prompt_length: int
    skipped: tuple[int, ...] | None = None  # None: not planned yet
    age: int = 0  # verifications since the plan was made
    _seen: dict[int, list[Tensor]] = field(default_factory=dict)  # by slot, then layer: [dim]

    def is_due(self, interval: int) -> bool:
        """Is the next thing to make a plan?"""
        return self.skipped is None or self.age >= interval

    def see(self, slots: Sequence[int], layer: int, hidden: Tensor) -> None:
        """Keep the states of one layer, from the prompt's last token on: any row may be the last accepted.

        The slots of one verification may come in several passes, one after the other through all layers.
        """
        for row, slot in enumerate(slots):
            if slot >= self.prompt_length - 1:
                self._seen.setdefault(slot, []).append(hidden[row].clone())  # not a view of the whole pass

    def forget(self) -> None:
        """Let go of the states of the verifications before."""
        self._seen.clear()

    def full_states(self, run: Run, slot: int) -> Tensor:
        """States [layers + 1, dim] of a slot of the newest verification that was seen."""
        layers = run.model.layers
        token = torch.tensor([run.tree.tokens[slot]], device=layers.device)
        position = torch.tensor([run.tree.positions[slot]], device=layers.device)
        return torch.stack([layers.embed(token, position)[0], *self._seen[slot]])


@dataclass(frozen=True, slots=True)
class Clasp:
    """The model itself, with some of its layers left out, guesses a few tokens; the whole model checks them. Which
    layers matter least is worked out again and again from the newest token."""

    name: ClassVar[str] = "clasp"
    lossless: ClassVar[bool] = True

    skip_share: Annotated[float, Range(0, 1, "Share of the layers to leave out; one is always run.")] = 0.4
    interval: Annotated[int, Range(1, 256, "Choose the layers anew after this many checks.")] = 16
    draft_exit: Annotated[
        float, Range(0, 1, "Stop guessing after a token whose best guess was less sure than this.")
    ] = 0.7
    num_draft_tokens: Annotated[int, Range(1, 32, "The most tokens to guess at once.")] = 8
    calibrated: Annotated[bool, Switch("Draft less where a wider pass would cost more than it wins.")] = True

    def start(self, run: Run) -> ClaspState:
        state = ClaspState(len(run.tree.trunk))
        run.prompt_tap = state.see
        return state

    def step(self, run: Run, state: ClaspState) -> None:
        draft = DraftTree()
        with run.clock.phase("draft"):
            most = self._most(run)
            if most:
                self._draft(run, draft, self._plan(run, state), most)
        state.age += 1
        is_due = state.is_due(self.interval)
        if is_due:
            state.forget()
        verify(run, draft, tap=state.see if is_due else None)

    def _most(self, run: Run) -> int:
        """How deep to draft, decided before anything is drawn: dropping drawn tokens would bias the text."""
        most = min(self.num_draft_tokens, run.drafts_left)
        gains = [run.acceptance ** (level + 1) for level in range(most)]
        return max(worthwhile(run.calibration if self.calibrated else None, gains), min(most, 1))

    def _plan(self, run: Run, state: ClaspState) -> tuple[int, ...]:
        """The layers to skip; where it is time, chosen anew by the newest token that the whole model has read."""
        if state.skipped is not None and not state.is_due(self.interval):
            return state.skipped
        slot, num_layers = run.tree.trunk[-2], run.model.layers.num_layers
        count = min(round(self.skip_share * num_layers), num_layers - 1)
        rehearse = Rehearsal(PLAN, slot, run.target, run.tree, run.emit)
        plan = plan_skips(rehearse, state.full_states(run, slot), count)
        run.emit(SkipPlan(plan.skipped, plan.cosines))
        state.skipped, state.age = plan.skipped, 0
        return plan.skipped

    def _draft(self, run: Run, draft: DraftTree, skipped: tuple[int, ...], most: int) -> None:
        """A chain, up to and with the first token that was not sure enough."""
        lane, at = run.target.skipping(DRAFT, skipped), run.tree.tip
        for _ in range(most):
            logits = run.processed([at], lane.logits([at]))
            token, prob, confidence = self._guess(run, draft, at, logits)
            at = draft.add(at, run.draft(at, token, prob, "skipping"))
            # The largest probability, not the drawn token's: how sure the draft is, not how lucky.
            if confidence < self.draft_exit or token in run.model.end_tokens:
                break

    def _guess(self, run: Run, draft: DraftTree, parent: int, logits: Tensor) -> tuple[int, float, float]:
        """The token to follow `parent`, its probability, and that of the most probable token."""
        if run.sampling.is_greedy:
            token, prob = likeliest(logits)[0][0]
            return token, prob, prob
        probs = run.sampling.probs(logits)[0]
        draft.proposals[parent] = probs
        return run.dice.guess(probs)
