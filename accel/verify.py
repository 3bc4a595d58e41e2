"""Lossless verification: one walk down the draft, from the tip, asking at every node what the target says.

At a node the target's distribution is p. Its drafted children are tested in order:

* one-hot proposals (picked, not drawn: n-grams, suffixes, top-k): accept x with probability p(x); otherwise take
  x out of p, renormalise, and test the next sibling (SpecInfer 2023; the same as drawing once from p).
* drawn proposals (from q, siblings without replacement): accept x with probability min(1, p(x) / q(x)); otherwise
  p becomes norm(max(0, p - q)), x leaves q, and the next sibling is tested against these
  (Leviathan 2023, Chen 2023; recursive rejection without replacement, Jeon 2024).

When no child is accepted, a token is drawn from what is left of p: `recovered` if a child was tested, else `bonus`.
At temperature 0, p is one-hot: a child is accepted exactly if it is the top token.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from accel.lane import Watch
from accel.run import Run
from accel.sampling import Dice, read, top_tokens
from accel.trace import Last, Residual, Rollback, Rule, Verdict

SHOWN = 5  # tokens of a residual that a trace keeps


@dataclass
class DraftTree:
    """Drafted slots in the order they will be tested, and the distributions they were drawn from.

    `proposals[slot]` is q [vocab] for the children of `slot`; a parent without one has one-hot proposals.
    """

    children: dict[int, list[int]] = field(default_factory=dict)
    proposals: dict[int, Tensor] = field(default_factory=dict)

    @property
    def slots(self) -> list[int]:
        """All drafted slots, parents before children."""
        return sorted(slot for siblings in self.children.values() for slot in siblings)

    def add(self, parent: int, slot: int) -> int:
        self.children.setdefault(parent, []).append(slot)
        return slot


class _Greedy:
    """The target at temperature 0: all its mass on one token."""

    rule: Rule = "greedy"

    def __init__(self, token: int) -> None:
        self._token = token

    def accept(self, token: int, dice: Dice) -> tuple[float, bool, float]:
        return float(token == self._token), token == self._token, 0.0

    def reject(self, token: int) -> None:
        """Nothing to take away: a rejected token had no mass."""

    def pick(self, dice: Dice) -> tuple[int, float]:
        return self._token, 0.0

    def left(self) -> tuple[tuple[int, ...], tuple[float, ...]]:
        return (self._token,), (1.0,)


class _Sampled:
    """What is left of the target's distribution p [vocab] as siblings drawn from q [vocab] are rejected."""

    def __init__(self, p: Tensor, q: Tensor | None) -> None:
        self._p = p
        self._q = q
        self.rule: Rule = "one-hot" if q is None else "drawn"

    def accept(self, token: int, dice: Dice) -> tuple[float, bool, float]:
        if self._q is None:
            prob = self._p[token].item()
        else:
            target_prob, draft_prob = read(self._p[token], self._q[token])
            prob = min(target_prob / draft_prob, 1.0)  # in this order NaN is never accepted
        accepted, draw = dice.accept(prob)
        return prob, accepted, draw

    def reject(self, token: int) -> None:
        if self._q is None:
            left = self._p.clone()
            left[token] = 0.0
        else:
            left = (self._p - self._q).clamp_min(0.0)
            self._q = self._q.clone()
            self._q[token] = 0.0
            self._q = self._q / self._q.sum()
        mass = left.sum()
        # p equal to q leaves nothing but rounding; such a rejection has probability 0 and p is as right as any.
        self._p = torch.where(mass > 0, left / mass, self._p)

    def pick(self, dice: Dice) -> tuple[int, float]:
        return dice.pick(self._p)

    def left(self) -> tuple[tuple[int, ...], tuple[float, ...]]:
        top = self._p.topk(min(SHOWN, len(self._p)))
        return tuple(top.indices.tolist()), tuple(top.values.tolist())


def verify(run: Run, draft: DraftTree, tap: Watch | None = None, *, early: bool = False) -> None:
    """One target pass over the tip and the draft, the walk, and the commit that ends the step.

    `tap` sees the state of every row after every layer of that pass, as it is computed. `early` drafts were shown
    as text already, so those not kept are taken back.
    """
    slots = [run.tree.tip, *draft.slots]
    with run.clock.phase("verify"):
        logits = run.target.logits(slots, tap)  # [slots, vocab]
        targets = _Targets(run, draft, slots, logits)
        accepted, last, token, draw = _walk(run, draft, targets)
    if early and len(accepted) < len(draft.slots):
        run.emit(Rollback(tuple(slot for slot in draft.slots if slot not in accepted)))
    run.commit(accepted, token, last, draw)


class _Targets:
    """The target's distribution at each verified slot, worked out only for those the walk reaches."""

    def __init__(self, run: Run, draft: DraftTree, slots: list[int], logits: Tensor) -> None:
        self._run = run
        self._draft = draft
        self._row = {slot: row for row, slot in enumerate(slots)}
        self._logits = logits
        self._processed: dict[int, Tensor] = {}
        # One transfer for all rows, unless processors have to run: they cost more, and few rows are reached.
        all_at_once = run.sampling.is_greedy and run.processors is None
        self._top = top_tokens(logits) if all_at_once else None

    def at(self, slot: int) -> _Greedy | _Sampled:
        if self._top is not None:
            return _Greedy(self._top[self._row[slot]])
        if self._run.sampling.is_greedy:
            return _Greedy(top_tokens(self._logits_of(slot))[0])
        probs = self._run.sampling.probs(self._logits_of(slot))[0]
        return _Sampled(probs, self._draft.proposals.get(slot))

    def _logits_of(self, slot: int) -> Tensor:
        """Logits [1, vocab] after the model's processors."""
        if slot not in self._processed:
            row = self._row[slot]
            self._processed[slot] = self._run.processed([slot], self._logits[row : row + 1])
        return self._processed[slot]

    def shown_probs(self, slot: int, tokens: list[int]) -> list[float]:
        """The target's probability of each token after `slot`: for the trace, off the clock."""
        with self._run.clock.phase("observe"):
            logits = self._logits_of(slot)
            if self._run.sampling.is_greedy:
                probs = logits.softmax(-1, dtype=torch.float32)[0, tokens]
            else:
                probs = self._run.sampling.probs(logits)[0, tokens]
            shown: list[float] = probs.tolist()
            return shown


def _walk(run: Run, draft: DraftTree, targets: _Targets) -> tuple[list[int], Last, int | None, float]:
    """Accepted slots, and what comes last: its kind, its token (None for an accepted draft) and its draw."""
    at, path = run.tree.tip, list[int]()
    while True:
        target = targets.at(at)
        children = draft.children.get(at, [])
        accepted = _first_accepted(run, targets, target, at, children)
        if accepted is None:
            token, draw = target.pick(run.dice)
            last: Last = "recovered" if children else "bonus" if draft.children else "plain"
            return path, last, token, draw
        path.append(accepted)
        if run.ending.reason_after([run.tree.tokens[slot] for slot in path]):
            return path, "accepted", None, 0.0
        at = accepted


def _first_accepted(
    run: Run, targets: _Targets, target: _Greedy | _Sampled, parent: int, children: list[int]
) -> int | None:
    """Test siblings in order until one is accepted; each sees the target as its rejected elders left it."""
    tokens = [run.tree.tokens[slot] for slot in children]
    watched = run.wants(Verdict) and bool(tokens)
    shown = targets.shown_probs(parent, tokens) if watched else [0.0] * len(tokens)
    for slot, token, target_prob in zip(children, tokens, shown, strict=True):
        prob, accepted, draw = target.accept(token, run.dice)
        run.count_tested(accepted)
        run.emit(Verdict(slot, target.rule, target_prob, prob, draw, accepted))
        if accepted:
            return slot
        target.reject(token)
        if run.wants(Residual):
            run.emit(Residual(slot, *target.left()))
    return None
