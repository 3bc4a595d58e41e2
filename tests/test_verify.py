"""Each acceptance rule, proved by every way the dice can fall; and broken rules, proved to be noticed."""

from __future__ import annotations

import itertools

import pytest
import torch

import accel.verify
from accel.decoding import decode, never
from accel.request import check_request
from accel.run import Run
from accel.sampling import Dice, Sampling, token_at, top_tokens
from accel.session import Session
from accel.trace import Commit, Draft, Residual, Verdict
from accel.verify import DraftTree, _Sampled, verify
from tests.tiny import library_greedy, tiny
from tests.toy import Toy, outcome_probs, play_method, tokens_of, toy_model

PROMPT = [0, 1, 2]
TOY, DRAFT_TOY = Toy(), Toy(seed=1)
ASKED = {
    "method": "autoregressive", "knobs": {}, "top_k": 0, "top_p": 1.0, "stop": (), "seed": 0,
    "observe": "full", "chat": False, "draft": None,
}  # fmt: skip


def new_run(model, prompt, dice, *, count=2, temperature=1.0, top_k=0):
    asked = {**ASKED, "max_new_tokens": count, "temperature": temperature, "top_k": top_k}
    request = check_request(model, prompt, **asked)
    return Run(model, request.terms, request.ending(model), Session(model), None, dice)


def play(drafter, dice, **asked):
    """The steps of a text whose every round is drafted by `drafter(run, draft)`."""
    run, steps = new_run(toy_model(TOY), PROMPT, dice, **asked), []
    while run.finish_reason is None:
        draft = DraftTree()
        drafter(run, draft)
        verify(run, draft)
        steps.append(run.close_step())
    return steps


def path_of(tree, slot):
    return [] if slot is None else [*path_of(tree, tree.parent(slot)), tree.tokens[slot]]


def target_probs(path, sampling, toy=TOY):
    return sampling.probs(toy.logits_after(toy.code(path))[None])[0]


def distance(drafter, count=2, temperature=1.0, top_k=0):
    """Total variation between what comes out and the target's own distribution over texts."""
    asked = {"count": count, "temperature": temperature, "top_k": top_k}
    found = outcome_probs(lambda dice: tokens_of(play(drafter, dice, **asked)))
    total, sampling = 0.0, Sampling(temperature, top_k)
    for text in itertools.product(range(3), repeat=count):
        prob = 1.0
        for i, token in enumerate(text):
            prob *= target_probs([*PROMPT, *text[:i]], sampling)[token].item()
        total += abs(prob - found.pop(text, 0.0))
    return (total + sum(found.values())) / 2


def given(*paths):
    """One-hot proposals: a tree of these texts, in this order."""

    def drafter(run, draft):
        for path in paths:
            at = run.tree.tip
            for token in path[: run.drafts_left]:
                known = {run.tree.tokens[slot]: slot for slot in draft.children.get(at, [])}
                at = known[token] if token in known else draft.add(at, run.draft(at, token, 1.0, "given"))

    return drafter


def drawn(proposal, branching, depth=1):
    """Drawn without replacement, level by level, from `proposal(path)` [vocab]."""

    def drafter(run, draft):
        level = [run.tree.tip]
        for _ in range(min(depth, run.drafts_left)):
            grown = []
            for parent in level:
                q = proposal(path_of(run.tree, parent))
                draft.proposals[parent], left = q, q.clone()
                for _ in range(min(branching, int((q > 0).sum()))):
                    token, _ = run.dice.pick(left)
                    left[token] = 0.0
                    grown.append(draft.add(parent, run.draft(parent, token, q[token].item(), "drawn")))
            level = grown
        assert all(draft.children[slot] for slot in draft.proposals)

    return drafter


def other_model(path):
    return target_probs(path, Sampling(1.0), DRAFT_TOY)


def best_only(path):
    """All of q on the token the target likes least: a support of one, smaller than any branching."""
    return torch.eye(3)[target_probs(path, Sampling(1.0)).argmin()]


def lopsided(path):
    """Less than the target gives its two best, by unequal shares: a second sibling is in doubt."""
    q = target_probs(path, Sampling(1.0)).clone()
    worst, middle, best = q.argsort().tolist()
    q[middle], q[best] = 0.95 * q[middle], 0.5 * q[best]
    q[worst] += 1 - q.sum()
    return q


def outside_top_two(path):
    """Where the target samples its top two, a q that proposes neither: supports without a common token."""
    kept = target_probs(path, Sampling(1.0, top_k=2)) > 0
    return (~kept).float()


CHAINS = [given([0, 1]), given([2]), given([1, 1, 1])]
TREES = [given([0, 1], [2, 0]), given([0], [1], [2]), given([2, 2], [2, 0], [2, 1], [0, 1])]


@pytest.mark.parametrize("temperature", [0.6, 1.0])
@pytest.mark.parametrize("drafter", CHAINS + TREES, ids=range(6))
def test_given_guesses_leave_the_targets_distribution(drafter, temperature):
    assert distance(drafter, count=3, temperature=temperature) < 1e-6


@pytest.mark.parametrize(("branching", "depth", "count"), [(1, 2, 3), (2, 1, 2), (3, 1, 2), (2, 2, 2)])
@pytest.mark.parametrize("proposal", [other_model, lopsided, best_only], ids=lambda f: f.__name__)
def test_drawn_guesses_leave_the_targets_distribution(proposal, branching, depth, count):
    assert distance(drawn(proposal, branching, depth), count=count) < 1e-6


def test_a_proposal_equal_to_the_target_is_always_accepted():
    proposal = lambda path: target_probs(path, Sampling(1.0))  # noqa: E731
    assert distance(drawn(proposal, 2, 1)) < 1e-6
    for seed in range(50):
        steps = play(drawn(proposal, 1, 2), Dice(seed), count=4)
        assert all(e.accepted for step in steps for e in step.events if isinstance(e, Verdict))


def test_a_proposal_with_nothing_in_common_with_the_target_is_always_rejected():
    for branching in (1, 2, 3):
        assert distance(drawn(outside_top_two, branching), top_k=2) < 1e-6
    steps = play(drawn(outside_top_two, 1), Dice(1), count=5, top_k=2)
    assert not any(e.accepted for step in steps for e in step.events if isinstance(e, Verdict))
    assert [step.commit.last for step in steps] == ["recovered"] * 4 + ["plain"]


class Forgetful(accel.verify._Sampled):
    """The bug of testing every sibling against the original distribution."""

    def reject(self, token):
        original = self._p
        super().reject(token)
        self._left, self._p = self._p, original

    def pick(self, dice):
        return dice.pick(getattr(self, "_left", self._p))


class Generous(accel.verify._Sampled):
    """The bug of leaving the residual as it was."""

    def reject(self, token):
        return None


class Inverted(accel.verify._Sampled):
    """The bug of the ratio upside down."""

    def accept(self, token, dice):
        prob = 1.0 if self._q is None else min(1.0, (self._q[token] / self._p[token]).item())
        return prob, *dice.accept(prob)


@pytest.mark.parametrize("bug", [Forgetful, Generous, Inverted])
def test_a_broken_rule_is_noticed(bug, monkeypatch):
    monkeypatch.setattr(accel.verify, "_Sampled", bug)
    assert distance(given([0], [1])) > 0.02
    assert distance(drawn(other_model, 2)) > 0.02


def test_guessing_the_best_token_and_calling_it_drawn_is_noticed():
    def drafter(run, draft):
        if run.drafts_left:
            q, tip = other_model(run.tree.text), run.tree.tip
            draft.proposals[tip] = q
            draft.add(tip, run.draft(tip, int(q.argmax()), q.max().item(), "best"))

    assert distance(drafter) > 0.05


class Redrawn(accel.verify._Sampled):
    """The bug of asking the target anew for every sibling, and keeping the last answer."""

    def accept(self, token, dice):
        self._answer = dice.pick(self._p)[0]
        return self._p[token].item(), self._answer == token, 0.5

    def reject(self, token):
        return None

    def pick(self, dice):
        return (self._answer if hasattr(self, "_answer") else dice.pick(self._p)[0]), 0.5


def test_several_draws_for_one_place_are_noticed(monkeypatch):
    monkeypatch.setattr(accel.verify, "_Sampled", Redrawn)
    assert distance(given([1], [2])) > 0.02


@pytest.mark.parametrize("branching", [1, 2, 3])
def test_every_verdict_can_be_settled_again_from_the_trace(branching):
    knobs = {"branching": branching, "depth": 3, "calibrated": False}
    asked = {"method": "draft_model", "knobs": knobs, "draft": toy_model(DRAFT_TOY), "temperature": 0.9}
    sampling, settled = Sampling(0.9), 0
    for seed in range(12):
        steps = play_method(toy_model(TOY), PROMPT, Dice(seed), max_new_tokens=8, **asked)
        paths = {slot: PROMPT[: slot + 1] for slot in range(3)}
        for step in steps:
            settled += settle_again(step, paths, sampling)
    assert settled > 50


def settle_again(step, paths, sampling):
    """Every verdict of a step worked out anew from the two models; how many there were."""
    left, rejected = {}, {}
    parents = {e.slot: e.parent for e in step.events if isinstance(e, Draft)}
    tip = max(paths) if not parents else min(parents.values())
    for event in step.events:
        if isinstance(event, Draft):
            paths[event.slot] = [*paths[event.parent], event.token]
        elif isinstance(event, Verdict):
            at, token = parents[event.slot], paths[event.slot][-1]
            whole = [target_probs(paths[at], sampling, toy) for toy in (TOY, DRAFT_TOY)]
            p, q = left.get(at, whole)
            prob = min(1.0, (p[token] / q[token]).item())
            assert (event.rule, event.accept_prob) == ("drawn", pytest.approx(prob, abs=1e-6))
            assert event.target_prob == pytest.approx(whole[0][token].item(), abs=1e-6)
            assert event.accepted == (event.draw < event.accept_prob)
            if event.accepted:
                tip = event.slot
                continue
            rest = (p - q).clamp_min(0)
            q = q.index_fill(0, torch.tensor(token), 0.0)
            left[at] = (rest / rest.sum(), q / q.sum().clamp_min(1e-30))
            rejected[event.slot] = left[at][0]
        elif isinstance(event, Residual):
            shown = dict(zip(event.tokens, event.probs, strict=True))
            assert shown == pytest.approx(dict(enumerate(rejected[event.slot].tolist())), abs=1e-6)
        elif isinstance(event, Commit) and event.last != "accepted":
            p = left[tip][0] if event.last == "recovered" else target_probs(paths[tip], sampling)
            assert event.tokens[-1] == token_at(p, event.draw)
            paths[event.slots[-1]] = [*paths[tip], event.tokens[-1]]
    return sum(isinstance(event, Verdict) for event in step.events)


def test_greedy_verdicts_are_certain():
    for step in play(given([0, 1], [1, 2], [2, 0]), Dice(0), count=6, temperature=0.0):
        for event in step.events:
            if isinstance(event, Verdict):
                assert (event.rule, event.draw, event.accept_prob) == ("greedy", 0.0, float(event.accepted))


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma3"])
def test_a_second_branch_that_wins_is_the_text_from_then_on(family):
    model, prompt = tiny(family), [5, 17, 42, 7, 5, 17, 42, 9, 5, 17]
    free = library_greedy(model, prompt, 20)
    with torch.inference_mode():
        run = new_run(model, prompt, Dice(0), count=20, temperature=0.0)
        while run.finish_reason is None:
            done, draft = len(run.tree.text) - len(prompt), DraftTree()
            right = free[done : done + 3]
            wrong = [[(token + k) % 99 for token in right] for k in (1, 2)]
            given(wrong[0], wrong[1][:1], right, [right[0], wrong[1][0]])(run, draft)
            verify(run, draft)
            commit = run.close_step().commit
            assert len(commit.tokens) == min(4, 20 - done)
    assert run.tree.text[len(prompt) :] == free


def test_equal_logits_are_settled_for_the_lowest_id_alone_and_in_a_draft():
    class Level(Toy):
        def logits_after(self, code):
            return torch.tensor([0.5, 2.0, 2.0], dtype=torch.float64)

    model = toy_model(Level())
    request = check_request(model, PROMPT, **{**ASKED, "max_new_tokens": 3, "temperature": 0.0})
    run = Run(model, request.terms, request.ending(model), Session(model), None, Dice(0))
    assert tokens_of(list(decode(run, request, never))) == (1, 1, 1)
    for guesses, last in [(given([1, 1]), "bonus"), (given([2, 1]), "recovered"), (given([2], [1]), "bonus")]:
        run, draft = new_run(model, PROMPT, Dice(0), count=3, temperature=0.0), DraftTree()
        guesses(run, draft)
        verify(run, draft)
        assert run.close_step().commit.last == last
        assert set(run.tree.text[3:]) == {1}
    assert top_tokens(torch.tensor([[0.5, 2.0, 2.0]])) == [1]


def test_a_rejection_that_leaves_nothing_leaves_the_target_as_it_was():
    p = torch.tensor([0.25, 0.75])
    target = _Sampled(
        p, p.clone()
    )  # only rounding can reject a guess drawn from the target's own distribution
    target.reject(1)
    assert target.left() == ((1, 0), (0.75, 0.25))
