"""Captured layers answer as those they were captured from, in every order a lane can ask for them.

There is no GPU here. Stand-ins capture: one hands the work back, one does it twice before, as warming up does, and
one records the operations with the very tensors they were on, and replays these without the Python that asked for
them, as a CUDA graph does.
"""

from __future__ import annotations

import dataclasses
import gc
import random

import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx
from transformers import LlamaConfig

import accel
from accel.lane import Lane
from accel.models.fused import FusedModel
from accel.models.graphs import BUCKETS, GraphedModel, _parts
from accel.models.load import from_library
from accel.models.static_cache import KEPT
from accel.tree import TokenTree
from tests.families import FAMILIES, build
from tests.skipping import SHAPE
from tests.test_contract import PROMPT, drafting_for, each_case
from tests.tiny import tiny

DEPTH = 7
LONG = [(i * 31 + i // 7) % 90 for i in range(250)]


def again(work):
    return work


def rehearsed(work):
    work()
    work()
    return work


def recorded(work):
    """The operations as they were, on the tensors they were on; the work itself is done once on the way."""
    graph = make_fx(work)()
    return lambda: graph()


both_ways = pytest.mark.parametrize("capture", [rehearsed, recorded])


@pytest.fixture(autouse=True)
def _inference():
    with torch.inference_mode():
        yield


def fused(name="llama"):
    """In double precision, where what is not the same shows at once."""
    if name == "qwen3":  # with norms of its heads
        return FusedModel(FAMILIES["qwen3"]().double())
    return FusedModel(build(LlamaConfig(**SHAPE, num_hidden_layers=DEPTH)).double())


class Twins:
    """The same lane twice, plain and captured: whatever is asked of both must have one answer."""

    def __init__(self, text, capture=rehearsed, model=None):
        model = model or fused()
        self.graphed = GraphedModel(model, capture)
        self.trees = [TokenTree(text), TokenTree(text)]
        self.logs = [[], []]
        kinds = zip((model, self.graphed), self.trees, self.logs, strict=True)
        self.lanes = [Lane("target", kind, tree, log.append) for kind, tree, log in kinds]

    def ask(self, act):
        """The one answer of `act(lane)`; the states that a tap sees on the way are answers, too."""
        plain, captured = (act(lane) for lane in self.lanes)
        close(captured, plain)
        return captured

    def add(self, parent, token):
        slots = [tree.add(parent, token) for tree in self.trees]
        assert slots[0] == slots[1]
        return slots[0]

    def commit(self, slots):
        for tree, lane in zip(self.trees, self.lanes, strict=True):
            tree.commit(slots)
            lane.commit(slots)

    @property
    def tip(self):
        return self.trees[0].tip

    @property
    def store(self):
        return self.lanes[1].cache.store


def close(found, expected):
    torch.testing.assert_close(found, expected, atol=1e-10, rtol=1e-10)


def states_seen(lane, slots, to=None):
    """Everything a tap sees, and the end."""
    seen = []
    end = lane.advance(slots, to, tap=lambda slots, layer, hidden: seen.append(hidden))
    return [*seen, end]


@both_ways
@pytest.mark.parametrize("name", ["llama", "qwen3"])
def test_one_row_a_chain_a_tree_and_a_long_prompt(capture, name):
    twins, chance = Twins(LONG[:100], capture, fused(name)), random.Random(3)
    twins.ask(lambda lane: lane.logits([twins.tip]))  # 100 rows: more than any bucket
    for _ in range(2 if capture is rehearsed else 1):  # recording takes long
        a = twins.add(twins.tip, 1)
        b = twins.add(a, 2)
        c = twins.add(b, 3)
        twins.ask(lambda lane, chain=(a, b, c): lane.logits(list(chain)))
        slots = [twins.tip]
        for _ in range(6):
            slots.append(twins.add(chance.choice(slots), chance.randrange(90)))
        asked = chance.sample(slots[1:], 6)
        twins.ask(lambda lane, asked=asked: lane.logits(asked))  # rows in no order, siblings among them
        more = twins.add(slots[1], 11)
        twins.ask(lambda lane, more=more: lane.logits([more]))  # one row that does not see all
        path = [more, twins.add(more, 50)]
        twins.commit([slots[1], *path])
        twins.ask(lambda lane: lane.logits([twins.tip]))


def test_rounds_of_drafts_exits_and_rejections():
    twins, chance = Twins(LONG[:14]), random.Random(7)
    for _ in range(40):
        slots = [twins.tip]
        for _ in range(chance.randrange(1, 8)):
            slots.append(twins.add(chance.choice(slots[-3:]), chance.randrange(90)))
            if chance.random() < 0.4:  # some leave early, and are brought along later
                to = chance.randrange(1, DEPTH)
                to = max(to, twins.lanes[0].progress(slots[-1]))
                watched = chance.random() < 0.5
                ask = states_seen if watched else Lane.advance
                twins.ask(lambda lane, ask=ask, slot=slots[-1], to=to: ask(lane, [slot], to))
        if chance.random() < 0.7:
            twins.ask(lambda lane, slots=slots: lane.logits(slots))
        at, path = chance.choice(slots), []
        while at != twins.tip:
            path.insert(0, at)
            at = twins.trees[0].parent(at)
        twins.commit([*path, twins.add(path[-1] if path else twins.tip, chance.randrange(90))])
        held = min(sum(lane.progress(slot) == DEPTH for slot in lane._tree.trunk) for lane in twins.lanes)
        twins.ask(lambda lane, held=held: lane.cache.rows(0, held))
    assert twins.logs[0] == twins.logs[1]
    assert twins.graphed.num_captures <= len(BUCKETS) * 2 * DEPTH


@both_ways
def test_a_run_outgrows_its_cache_and_keeps_what_it_held(capture):
    twins = Twins(LONG, capture)
    twins.ask(lambda lane: lane.logits([twins.tip]))
    small = twins.store
    chain = [twins.add(twins.tip, 1)]
    chain.append(twins.add(chain[-1], 2))
    twins.ask(lambda lane: lane.advance(chain))
    early = twins.add(chain[-1], 3)
    twins.ask(lambda lane: lane.advance([early], 3))  # its upper layers run in the larger cache
    others = [twins.add(early, 40 + i) for i in range(12)]
    twins.ask(lambda lane: lane.logits(others))
    assert (small.capacity, twins.store.capacity) == (256, 512)
    path = [*chain, early, others[-1]]
    twins.commit(path)
    twins.ask(lambda lane: lane.cache.rows(0, len(LONG) + len(path) - 1))
    nine = twins.add(twins.tip, 9)
    twins.ask(lambda lane: lane.logits([nine]))
    assert twins.graphed.new_cache().store is small, "the smaller cache did not go back"


@both_ways
def test_any_skip_set_and_the_verification_after_it(capture):
    twins = Twins(LONG[:20], capture)
    twins.ask(lambda lane: lane.logits([twins.tip]))
    twins.commit([twins.add(twins.tip, 8)])
    sets = [(0, 2, 5), (3,), (), (1, 2, 3, 4, 5, 6), tuple(range(DEPTH))]
    for skipped in sets if capture is rehearsed else sets[:1]:  # recording takes long
        lanes = [lane.skipping("draft", skipped) for lane in twins.lanes]
        at, drafts = twins.tip, []
        for token in (5, 6):
            plain, captured = (lane.logits([at]) for lane in lanes)
            close(captured, plain)
            at = twins.add(at, token)
            drafts.append(at)
        twins.ask(lambda lane, slots=[twins.tip, *drafts]: lane.logits(slots))
        twins.commit([*drafts, twins.add(drafts[-1], 30)])


def test_a_tap_sees_every_layer_and_keeps_what_it_saw():
    twins = Twins(LONG[:20])
    seen = twins.ask(lambda lane: states_seen(lane, [twins.tip]))
    assert len(seen) == DEPTH + 1
    one, other = twins.add(twins.tip, 1), twins.add(twins.tip, 2)
    first = twins.ask(lambda lane: states_seen(lane, [one]))
    kept = [state.clone() for state in first]
    twins.ask(lambda lane: states_seen(lane, [other]))
    assert all(torch.equal(state, copy) for state, copy in zip(first, kept, strict=True))


def graphed_tiny():
    """The tiny model, its calibration included: drafts are as long, whatever a pass costs."""
    return dataclasses.replace(tiny(), layers=GraphedModel(FusedModel(FAMILIES["llama"]()), again))


@pytest.mark.parametrize("asked", [{}, {"observe": "full"}, {"temperature": 0.8, "seed": 3}], ids=str)
@each_case
def test_every_method_writes_the_same_text(name, knobs, asked):
    model, draft = graphed_tiny(), drafting_for(name, "llama", knobs)
    asked = {"method": name, "knobs": knobs, "max_new_tokens": 24, "draft": draft, **asked}
    ours, theirs = accel.generate(model, PROMPT, **asked), accel.generate(tiny(), PROMPT, **asked)
    assert ours.tokens == theirs.tokens
    if not asked.get("temperature"):
        assert ours.tokens == accel.generate(tiny(), PROMPT, max_new_tokens=24).tokens


def test_two_runs_side_by_side_never_see_each_other():
    model = graphed_tiny()
    prompts = [PROMPT, [60, 61, *PROMPT[:3]], LONG[:80]]
    asked = {"method": "clasp", "knobs": {"draft_exit": 0.0, "calibrated": False}, "max_new_tokens": 20}
    alone = [accel.generate(tiny(), prompt, **asked).tokens for prompt in prompts]
    streams = [iter(accel.stream(model, prompt, **asked)) for prompt in prompts]
    found = [[], [], []]
    while streams_left := [i for i in range(3) if streams[i]]:
        for i in streams_left:
            step = next(streams[i], None)
            found[i] += [] if step is None else step.commit.tokens
            streams[i] = streams[i] if step else None
    assert found == alone


def test_a_cache_goes_back_empty_and_the_next_run_captures_nothing():
    model = GraphedModel(fused(), rehearsed)

    def run():
        lane = Lane("target", model, TokenTree(LONG[:30]), lambda run: None)
        lane.logits([29])
        lane.skipping("draft", (2, 3)).logits([lane._tree.add(29, 4)])
        return lane.cache.store

    first = run()
    captures = model.num_captures
    assert captures
    assert run() is first
    assert model.num_captures == captures
    cache = model.new_cache()
    assert cache.store is first
    assert not cache.rows(0, cache.capacity).any(), "another run's text is in it"
    caches = [model.new_cache() for _ in range(2 * KEPT)]
    assert len({id(one.store) for one in (cache, *caches)}) == 2 * KEPT + 1
    cache = caches = None
    gc.collect()
    assert len(model._pool._of(256)) == KEPT


@both_ways
def test_what_stands_in_the_trash_row_or_in_padding_changes_nothing(capture):
    twins = Twins(LONG[:30], capture)
    twins.ask(lambda lane: lane.advance([28]))
    slots = [twins.tip]
    for more in range(3):
        slots += [twins.add(slots[-1], more), twins.add(slots[0], 9 + more)]
        if more:  # the graphs of these buckets are there already
            twins.store.values[:, :, :, twins.store.trash] = torch.nan
            for bucket in twins.store.captured.values():
                bucket._hidden.fill_(torch.nan)
                bucket._last = None
        found = twins.ask(lambda lane, last=slots[-2:]: lane.logits(last))
        assert found.isfinite().all()
        # Not every kernel gives a row that sees nothing a number.
        assert all(bucket._seen.any(-1).all() for bucket in twins.store.captured.values())
    assert twins.store.values[:, :, :, twins.store.trash].isnan().all(), "padding wrote elsewhere"


def test_a_state_that_is_given_back_changed_is_read_anew():
    """What was given back last is not copied in again, so a copy of it must be."""
    twins = Twins(LONG[:30])
    half = twins.ask(lambda lane: lane.advance([29], 3))
    assert half.isfinite().all()
    twins.lanes[1]._hidden[29] = twins.lanes[1]._hidden[29].clone()
    twins.ask(lambda lane: lane.logits([29]))


@pytest.mark.parametrize("single", [False, True])
def test_parts_cover_any_run_of_layers_with_few_kinds(single):
    kinds = set()
    for num_layers in (1, 2, 7, 30, 32):
        for first in range(num_layers + 1):
            for last in range(first, num_layers + 1):
                parts = list(_parts(first, last, num_layers, single))
                assert [layer for part in parts for layer in range(*part)] == list(range(first, last))
                assert single or len(parts) < 2 * num_layers.bit_length()
                kinds.update(parts if num_layers == 30 else ())
        assert single or list(_parts(0, num_layers, num_layers, single)) == [(0, num_layers)]
    assert len(kinds) == 30 if single else 30 < len(kinds) < 60


def test_captures_stay_within_layers_times_buckets():
    model, chance = GraphedModel(fused(), rehearsed), random.Random(1)
    tree = TokenTree(LONG[:20])
    lane = Lane("target", model, tree, lambda run: None)
    lane.logits([tree.tip])
    for _ in range(60):
        tree.commit([tree.add(tree.tip, 1)])
        lane.commit([tree.tip])
        draft = lane.skipping("draft", chance.sample(range(DEPTH), chance.randrange(DEPTH)))
        draft.logits([tree.tip])
        guess = tree.add(tree.tip, 2)
        lane.advance([guess], chance.randrange(1, DEPTH))
        lane.logits([guess], tap=lambda *seen: None)
        tree.commit([guess])
        lane.commit([guess])
    buckets = lane.cache.store.captured
    assert set(buckets) == {1, 2, 32}
    assert DEPTH < max(len(bucket._graphs) for bucket in buckets.values()) < 2 * DEPTH
    assert model.num_captures == sum(len(bucket._graphs) for bucket in buckets.values())


def test_graphs_that_answer_wrong_are_not_used_and_it_is_said(caplog):
    wrong = from_library(FAMILIES["llama"](), None, name="tiny", capture=lambda work: lambda: None)
    assert wrong.info.backend == "fused"
    assert "its fast path (graphs) is not used, a slower one is: 'llama'" in caplog.text
    other = from_library(FAMILIES["gpt2"](), None, name="tiny", capture=again)
    assert other.info.backend == "transformers"
    right = from_library(FAMILIES["llama"](), None, name="tiny", capture=again)
    assert (right.info.backend, from_library(FAMILIES["llama"](), None, name="tiny").info.backend) == (
        "graphs",
        "fused",
    )
