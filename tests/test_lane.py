"""A lane runs each layer once on each slot, in as few calls as it can, whatever is asked in which order."""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch

from accel import lane as lane_module
from accel.decoding import decode, never
from accel.lane import Lane
from accel.request import check_request
from accel.run import Run
from accel.sampling import Dice
from accel.session import Session
from accel.tree import TokenTree
from tests.tiny import tiny

PROMPT = [5, 17, 42, 7, 5, 17, 42, 9, 5, 17, 60, 61, 62, 63]
WINDOWED = ["gemma3", "mistral-window"]  # with sliding windows of 8


@pytest.fixture(autouse=True)
def _inference():
    with torch.inference_mode():
        yield


class Counted:
    """A model that counts the calls of its layers; all else is the model's own."""

    def __init__(self, model):
        self._model = model
        self.calls = 0

    def __getattr__(self, name):
        return getattr(self._model, name)

    def run_layers(self, *given):
        self.calls += 1
        return self._model.run_layers(*given)


class Bench:
    """A lane with what it logged and how often it called the model."""

    def __init__(self, family="llama", prompt=PROMPT):
        self.model = Counted(tiny(family).layers)
        self.tree = TokenTree(prompt)
        self.log = []
        self.lane = Lane("target", self.model, self.tree, self.log.append)

    def chain(self, *tokens):
        slots, parent = [], self.tree.tip
        for token in tokens:
            parent = self.tree.add(parent, token)
            slots.append(parent)
        return slots

    def runs(self):
        assert self.model.calls == len(self.log)  # a lane cannot misreport its cost
        return [(run.first, run.last, run.slots) for run in self.log]


def path_to(tree, slot):
    return [] if slot is None else [*path_to(tree, tree.parent(slot)), tree.tokens[slot]]


def logits_of(family, tokens):
    """Logits after a text, in one pass of a lane of its own."""
    fresh = Bench(family, tokens)
    return fresh.lane.logits([fresh.tree.tip])[0]


def close(found, expected, atol=2e-4):
    torch.testing.assert_close(found, expected, atol=atol, rtol=1e-4)


def test_advancing_again_runs_nothing_and_gives_the_same():
    bench = Bench()
    a, b = bench.chain(1, 2)
    first = bench.lane.advance([a, b])
    assert bench.runs() == [(0, 3, (*range(len(PROMPT)), a, b))]
    again = bench.lane.advance([b, a])
    assert torch.equal(first, again.flip(0))
    assert len(bench.runs()) == 1
    assert bench.lane.progress(a) == bench.lane.progress(0) == 3


def test_partial_advances_add_up_to_one_pass():
    once, parts = Bench(), Bench()
    tail = once.chain(1, 2, 3)
    expected = once.lane.logits(tail)
    assert parts.chain(1, 2, 3) == tail
    for slot, to in [(tail[0], 1), (tail[1], 2), (tail[0], 2), (tail[2], 1)]:
        parts.lane.advance([slot], to)
        assert parts.lane.progress(slot) == to
    close(parts.lane.logits(tail), expected)
    counted = Counter((slot, layer) for a, b, run in parts.runs() for slot in run for layer in range(a, b))
    assert set(counted.values()) == {1}
    assert len(counted) == 3 * (len(PROMPT) + 3)


def test_late_layers_of_an_early_slot_run_in_the_same_call_as_those_of_a_later_one():
    bench = Bench()
    bench.lane.advance([bench.tree.tip])
    a, b, c = bench.chain(1, 2, 3)
    bench.lane.advance([a], 1)
    bench.lane.advance([b], 1)
    bench.log.clear()
    bench.model.calls = 0
    bench.lane.advance([c])
    assert bench.runs() == [(0, 1, (c,)), (1, 3, (a, b, c))]
    close(bench.lane.logits([c])[0], logits_of("llama", [*PROMPT, 1, 2, 3]))


@pytest.mark.parametrize("family", ["llama", *WINDOWED])
def test_a_text_read_in_chunks_is_the_text_read_at_once(family):
    bench = Bench(family, PROMPT * 3)
    for end in (5, 6, 17, 30, 42):
        bench.lane.advance([end - 1])
    assert [len(slots) for _, _, slots in bench.runs()] == [5, 1, 11, 13, 12]
    close(bench.lane.logits([41])[0], logits_of(family, PROMPT * 3))


@pytest.mark.parametrize("family", ["llama", "gpt2", *WINDOWED])
def test_siblings_do_not_see_each_other(family):
    bench = Bench(family)
    tree, chance, slots = bench.tree, random.Random(3), []
    for _ in range(14):
        slots.append(tree.add(chance.choice([tree.tip, *slots]), chance.randrange(90)))
    asked = chance.sample(slots, len(slots))
    for slot, logits in zip(asked, bench.lane.logits(asked), strict=True):
        close(logits, logits_of(family, path_to(tree, slot)))
    more = [tree.add(slot, 11) for slot in slots[:4]]  # a later call, beside rows of strangers
    for slot, logits in zip(more, bench.lane.logits(more), strict=True):
        close(logits, logits_of(family, path_to(tree, slot)))


@pytest.mark.parametrize("family", WINDOWED)
def test_a_branch_deeper_than_the_window_forgets_its_own_beginning(family):
    bench = Bench(family)
    bench.lane.advance([bench.tree.add(bench.tree.tip, token) for token in (1, 2, 3, 4, 5)])
    chain = bench.chain(*range(20, 34))  # its rows are not its positions: five strangers lie before it
    for slot, logits in zip(chain, bench.lane.logits(chain), strict=True):
        close(logits, logits_of(family, path_to(bench.tree, slot)))


@pytest.mark.parametrize("family", ["llama", "gpt2", *WINDOWED])
def test_after_sixty_rounds_of_drafts_and_rejections_the_cache_is_the_texts_own(family):
    bench, chance = Bench(family), random.Random(7)
    tree, lane, layers = bench.tree, bench.lane, bench.model.num_layers
    for _ in range(60):
        slots = [tree.tip]
        for _ in range(chance.randrange(1, 8)):
            slots.append(tree.add(chance.choice(slots[-3:]), chance.randrange(90)))
            if chance.random() < 0.4:  # some leave early, and are brought along later
                lane.advance([slots[-1]], max(lane.progress(slots[-1]), chance.randrange(1, layers)))
        if chance.random() < 0.7:
            lane.logits(slots)
        at, path = chance.choice(slots), []
        while at != tree.tip:
            path.insert(0, at)
            at = tree.parent(at)
        tree.commit([*path, tree.add(path[-1] if path else tree.tip, chance.randrange(90))])
        lane.commit(tree.trunk[-len(path) - 1 :])
        fresh = Bench(family, tree.text)
        fresh.lane.advance([fresh.tree.tip])
        for layer in range(layers):
            held = sum(lane.progress(slot) > layer for slot in tree.trunk)
            close(lane.cache.rows(0, held)[layer], fresh.lane.cache.rows(0, held)[layer])
    assert 80 < len(tree.trunk) < 250


def test_the_cache_grows_in_the_middle_of_a_tree_and_in_a_long_text():
    text = [(i * 31 + i // 7) % 90 for i in range(250)]
    bench = Bench("llama", text)
    bench.lane.advance([bench.tree.tip])
    assert bench.lane.cache.capacity == 256
    first = bench.chain(1, 2, 3)
    bench.lane.advance(first)
    others = [bench.tree.add(slot, 40 + i) for slot in first for i in range(6)]
    logits = bench.lane.logits(others)
    assert bench.lane.cache.capacity == 512
    close(logits[-1], logits_of("llama", [*text, 1, 2, 3, 45]))
    bench.tree.commit([*first, others[-1]])
    bench.lane.commit([*first, others[-1]])
    close(bench.lane.logits(bench.chain(9))[0], logits_of("llama", [*text, 1, 2, 3, 45, 9]))


def test_a_state_that_is_gone_is_refused_never_another_in_its_place():
    bench = Bench()
    a, b = bench.chain(1, 2)
    bench.lane.advance([a], 2)
    with pytest.raises(ValueError, match=f"slot {a} is past layer 1 in lane 'target'"):
        bench.lane.advance([a], 1)
    bench.lane.advance([b])  # takes a along from layer 2 to the top, where nobody asked for its state
    with pytest.raises(ValueError, match=f"slot {a} is past layer 3"):
        bench.lane.advance([a])
    bench.tree.commit([a])
    bench.lane.commit([a])
    with pytest.raises(ValueError, match="its state is gone"):
        bench.lane.advance([0])


def lines_per_step(length: int) -> list[int]:
    """How many lines of the lane and the tree run in each step of a decode, after a text of this length."""
    model = tiny()
    files = {lane_module.__file__, str(Path(lane_module.__file__).with_name("tree.py"))}
    asked = {
        "method": "autoregressive", "knobs": {}, "max_new_tokens": 12, "temperature": 0.0, "top_k": 0,
        "top_p": 1.0, "stop": (), "seed": 0, "observe": "none", "chat": False, "draft": None,
    }  # fmt: skip
    request = check_request(model, [1] * length, **asked)
    run = Run(model, request.terms, request.ending(model), Session(model), None, Dice(0))
    counted, lines = [0], []

    def count(frame, event, _):
        counted[0] += event == "line"
        return count

    previous = sys.gettrace()
    sys.settrace(lambda frame, *_: count if frame.f_code.co_filename in files else None)
    try:
        for _ in decode(run, request, never):
            lines.append(counted[0])
            counted[0] = 0
    finally:
        sys.settrace(previous)
    return lines[1:]


def test_a_step_costs_no_more_python_after_a_long_text():
    short, long = lines_per_step(10), lines_per_step(220)
    assert short == long
    assert max(long) < 150
