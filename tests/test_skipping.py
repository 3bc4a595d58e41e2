"""Leaving layers out costs nothing and sees the text; a layer can be tried on many states of one token at once."""

from __future__ import annotations

import random

import pytest
import torch

from accel.rehearsal import Rehearsal
from accel.trace import LayerRun
from tests.skipping import TEXT, Bench, by_hand, close, deep
from tests.tiny import tiny


@pytest.fixture(autouse=True)
def _inference():
    with torch.inference_mode():
        yield


@pytest.mark.parametrize("skipped", [(), (0,), (2,), (1,), (0, 1), (0, 2), (1, 2)], ids=str)
@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma3", "mistral-window", "opt", "qwen3"])
def test_drafts_without_some_layers_see_the_true_past_at_their_true_positions(family, skipped):
    bench = Bench(tiny(family).layers)
    lane = bench.target.skipping("draft", skipped)
    drafts = [bench.tree.tip, *bench.chain(1, 2, 3, 4)]
    found = torch.cat([lane.advance([slot]) for slot in drafts])
    close(found, by_hand(bench.model, [*TEXT, 1, 2, 3, 4], len(TEXT) - 1, skipped))


@pytest.mark.parametrize("family", ["llama", "gemma3"])
def test_a_tree_of_drafts_without_layers_keeps_siblings_apart(family):
    bench, chance = Bench(tiny(family).layers), random.Random(3)
    tree, lane, slots = bench.tree, bench.target.skipping("draft", [0]), []
    for _ in range(12):
        slots.append(tree.add(chance.choice([tree.tip, *slots]), chance.randrange(90)))
    found = lane.advance(slots)
    for slot, state in zip(slots, found, strict=True):
        path = [slot]
        while (parent := tree.parent(path[0])) is not None:
            path.insert(0, parent)
        text = [tree.tokens[at] for at in path]
        close(state, by_hand(bench.model, text, len(TEXT) - 1, [0])[-1])


def test_neighbouring_layers_run_in_one_call_and_what_was_left_out_counts_as_passed():
    bench = Bench(deep(8))
    lane = bench.target.skipping("draft", [0, 3, 4, 7])
    lane.advance([bench.tree.tip])
    slots = (bench.tree.tip,)
    assert bench.log == [LayerRun("draft", 1, 3, slots), LayerRun("draft", 5, 7, slots)]
    assert lane.progress(bench.tree.tip) == lane.progress(0) == 8
    (draft,) = bench.chain(1)
    assert lane.advance([draft], 1).shape == (1, 32)
    assert lane.progress(draft) == 1
    assert len(bench.log) == 2  # layer 0 is left out: nothing ran
    lane.advance([draft])
    assert bench.log[2:] == [LayerRun("draft", 1, 3, (draft,)), LayerRun("draft", 5, 7, (draft,))]


def test_the_target_overwrites_what_drafting_wrote_and_its_own_progress_is_untouched():
    with_drafts, without = Bench(tiny("gemma3").layers), Bench(tiny("gemma3").layers)
    lane = with_drafts.target.skipping("draft", [1])
    assert lane.cache is with_drafts.target.cache
    tip, chain = with_drafts.tree.tip, with_drafts.chain(1, 2, 3)
    lane.advance(chain)
    assert with_drafts.target.progress(tip) == with_drafts.target.progress(chain[0]) == 0
    assert without.chain(1, 2, 3) == chain
    for bench in (with_drafts, without):
        assert torch.equal(bench.target.logits([tip, *chain]), without.target.logits([tip, *chain]))
        bench.tree.commit(chain[:2])
        bench.target.commit(chain[:2])
        assert bench.target.progress(chain[1]) == 3
    held = len(TEXT) + 2
    assert torch.equal(with_drafts.target.cache.rows(0, held), without.target.cache.rows(0, held))


def test_a_tap_sees_what_a_pass_computes_anyway():
    bench = Bench(tiny().layers)
    drafts = bench.chain(1, 2)
    top = bench.target.advance(drafts, tap=bench.see)
    assert [len(run.slots) for run in bench.log] == [3]  # no second pass
    for slot, state in zip(drafts, top, strict=True):
        close(bench.full(slot)[-1], state)
    close(bench.full(drafts[1])[1:2], by_hand(bench.model, [*TEXT, 1, 2], len(TEXT) + 1, [1, 2]))


# One layer on many states of one slot.


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma3", "mistral-window"])
def test_a_batched_row_equals_its_states_one_by_one(family):
    bench = Bench(tiny(family).layers)
    states = torch.randn(7, 32, generator=torch.Generator().manual_seed(0))
    for layer in range(3):
        together = bench.rehearse(layer, states)
        alone = torch.cat([bench.rehearse(layer, state[None]) for state in states])
        close(together, alone, atol=1e-5)
    assert bench.log[0] == LayerRun("plan", 0, 1, (bench.tree.trunk[-2],) * 7)


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma3", "mistral-window"])
def test_rehearsing_the_slots_own_states_gives_its_own_states(family):
    bench = Bench(tiny(family).layers)
    full = bench.full(bench.tree.trunk[-2])
    for layer in range(3):
        close(bench.rehearse(layer, full[layer : layer + 1])[0], full[layer + 1])


def test_rehearsing_leaves_the_text_in_the_cache_as_it_was():
    text = [(i * 31 + i // 7) % 90 for i in range(250)]
    bench = Bench(tiny().layers, text)
    before = bench.target.cache.rows(0, 249)
    bench.rehearse(1, torch.randn(20, 32))  # past the block of 256 rows: the cache grows on the way
    assert bench.target.cache.capacity == 512
    assert torch.equal(bench.target.cache.rows(0, 249), before)
    fresh = Bench(tiny().layers, text)
    assert torch.equal(bench.target.logits([249]), fresh.target.logits([249]))


def test_a_slot_that_was_not_read_is_refused():
    bench = Bench(tiny().layers)
    with pytest.raises(ValueError, match="slot 13 has not passed every layer"):
        Rehearsal("plan", bench.tree.tip, bench.target, bench.tree, bench.log.append)(0, torch.randn(1, 32))
