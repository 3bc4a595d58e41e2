"""ADED's drafts, its memory and its events."""

from __future__ import annotations

import pytest

import accel
from accel.methods.aded import AdedState
from accel.session import Session
from accel.trace import Commit, Draft, Search, Verdict
from accel.tree_search import MODES
from accel.trigrams import Learned, Trigrams, empty_matrix, shipped_matrix
from tests.tiny import tiny
from tests.toy import Toy, toy_model

TOKENIZER = "736ce3145b64b3bc"  # of the embedded model
REPEATING = [5, 17, 42, 7, 5, 17, 42, 9, 5, 17]
each_mode = pytest.mark.parametrize("mode", MODES)


def runs_of(trace: accel.Trace, kind: type) -> list[list]:
    return [[event for event in step.events if isinstance(event, kind)] for step in trace.steps]


@each_mode
def test_the_search_event_shows_the_tree_and_what_was_drafted(mode):
    knobs = {"mode": mode, "calibrated": False, "num_draft_tokens": 3}
    asked = {"method": "aded", "knobs": knobs, "max_new_tokens": 24}
    trace = accel.generate(tiny(), REPEATING, **asked)
    searches, drafts = runs_of(trace, Search), runs_of(trace, Draft)
    assert any(searches)
    assert not all(searches), "nothing is known of some pair: nothing is searched, nothing guessed"
    for found, drafted in zip(searches, drafts, strict=True):
        assert len(found) == bool(drafted)
        for event in found:
            assert event.nodes[0].visits == max(node.visits for node in event.nodes)
            assert all(node.visits >= 1 for node in event.nodes)
            ends = [node.pair[1] for node in event.nodes]
            assert all(node.pair[0] in ends[:i] for i, node in enumerate(event.nodes) if i)
            chosen = [node.pair[1] for node in event.nodes if node.chosen]
            left = [draft.token for draft in drafted]
            for token in chosen:
                left.remove(token)
            assert chosen
            assert not event.nodes[0].chosen, "the root is the text's own"
    assert any(not node.chosen for found in searches for event in found for node in event.nodes[1:])
    assert not any(runs_of(accel.generate(tiny(), REPEATING, observe="none", **asked), Search))


def test_a_model_without_a_tokenizer_begins_with_nothing_and_drafts_what_it_learned():
    trace = accel.generate(
        toy_model(), [0, 1, 2, 0, 1], method="aded", knobs={"calibrated": False}, max_new_tokens=6
    )
    verdicts = [verdict for step in runs_of(trace, Verdict) for verdict in step]
    assert verdicts
    first = next(drafts for drafts in runs_of(trace, Draft) if drafts)
    assert {draft.source for draft in first} == {"matrix"}


def test_what_is_learned_stays_with_its_session():
    model = toy_model(Toy(vocab_size=5, seed=3))
    ours, theirs = Session(model), Session(model)
    asked = {"method": "aded", "max_new_tokens": 14, "knobs": {"calibrated": False}}
    cold = accel.generate(model, [0, 1, 2], session=ours, **asked)
    warm = accel.generate(model, [0, 1, 2], session=ours, **asked)
    assert warm.tokens == cold.tokens
    assert len(warm.steps) < len(cold.steps), "it remembers"
    assert accel.generate(model, [0, 1, 2], session=theirs, **asked).steps == cold.steps
    forgetful = {**asked, "knobs": {"calibrated": False, "memory": False}}
    learned = len(ours.recall(Learned, Learned))
    assert accel.generate(model, [0, 1, 2], session=ours, **forgetful).steps == cold.steps
    assert len(ours.recall(Learned, Learned)) == learned > 0


def test_trust_falls_with_promises_not_kept_and_comes_back():
    state = AdedState(Trigrams(empty_matrix(), Learned()), 10)
    assert state.trust == 1.0
    for length in range(11, 31):
        state.settle(length)
        state.promised = 2.0
    assert state.trust < 0.05
    for length in range(31, 631):
        state.settle(length)
    assert state.trust > 0.9
    state.promised = 1.0
    state.settle(634)
    assert state.trust > 1.3, "three of a promised one"


def test_no_more_is_drafted_than_may_be_of_use():
    every_pair = [0, 0, 1, 0, 2, 1, 1, 2, 2, 0, 0]
    trace = accel.generate(
        toy_model(), every_pair, method="aded", knobs={"calibrated": False}, max_new_tokens=3
    )
    assert any(runs_of(trace, Draft))
    for step, drafts in zip(trace.steps, runs_of(trace, Draft), strict=True):
        depth = {}
        for draft in drafts:
            depth[draft.slot] = depth.get(draft.parent, 0) + 1
        left = 3 - sum(len(s.commit.tokens) for s in trace.steps[: step.index])
        assert max(depth.values(), default=0) <= left - 1
        assert isinstance(step.events[-1], Commit)


@pytest.mark.slow
def test_the_embedded_model_uses_the_shipped_matrix_and_leaves_it_alone(embedded_folder):
    model = accel.load("smollm2-135m", dtype="float32")
    assert model.tokenizer.fingerprint == TOKENIZER
    before = shipped_matrix(TOKENIZER).digest
    trace = accel.generate(
        model,
        "Write a short story.",
        method="aded",
        knobs={"calibrated": False},
        max_new_tokens=24,
        check=True,
    )
    assert trace.footer.parity.equal
    assert trace.metrics["mean_acceptance_length"] > 1.1
    assert shipped_matrix(TOKENIZER).digest == before
