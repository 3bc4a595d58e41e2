"""CLaSp's programme: what it predicts is what skipping does, and it comes close to trying every set of layers."""

from __future__ import annotations

import itertools
import random

import pytest
import torch
from torch.nn.functional import cosine_similarity

import accel
from accel.skip_plan import plan_skips
from tests.prompts import VARIED
from tests.skipping import Bench, deep
from tests.tiny import tiny


@pytest.fixture(autouse=True)
def _inference():
    with torch.inference_mode():
        yield


def real_cosine(bench, skipped):
    """Of the newest read slot's top state with and without these layers: the last token read by a skipping lane."""
    again = Bench(bench.model, bench.tree.text[:-1])
    top = again.target.skipping("draft", skipped).advance([again.tree.tip])[0]
    return cosine_similarity(top, bench.full(bench.tree.trunk[-2])[-1], dim=0).item()


@pytest.mark.parametrize("model", ["llama", "gpt2", "gemma3", "ten layers", "thirty layers"])
def test_the_cosine_predicted_is_that_of_the_real_pass_without_those_layers(model):
    made = {
        "ten layers": lambda: deep(10),
        "thirty layers": lambda: deep(
            30, hidden_size=576, intermediate_size=1536, num_attention_heads=9, num_key_value_heads=3,
            initializer_range=0.06,
        ),
    }  # fmt: skip
    bench = Bench(made[model]() if model in made else tiny(model).layers)
    num_layers, without_ends = bench.model.num_layers, set()
    counts = range(num_layers + 1) if num_layers < 30 else (3, 12)
    for count in counts:
        plan = bench.plan(count)
        assert len(set(plan.skipped)) == len(plan.skipped) == count
        assert list(plan.skipped) == sorted(plan.skipped)
        assert plan.predicted == pytest.approx(real_cosine(bench, plan.skipped), abs=1e-4)
        assert len(plan.cosines) == num_layers + 1
        assert {len(row) for row in plan.cosines} == {count + 1}
        without_ends |= {0, num_layers - 1} & set(plan.skipped)
    assert num_layers == 30 or without_ends == {0, num_layers - 1}


@pytest.mark.slow
def test_the_cosine_predicted_is_the_real_one_on_the_embedded_model(embedded_folder):
    model = accel.load("smollm2-135m", device="cpu", dtype="float32")
    for prompt, count in ((VARIED[0], 3), (VARIED[2], 12), (VARIED[4], 20)):
        bench = Bench(model.layers, model.tokenizer.encode(prompt, chat=True))
        plan = bench.plan(count)
        assert plan.predicted == pytest.approx(real_cosine(bench, plan.skipped), abs=1e-4)


def naive(run_layer, full, count):
    """The programme state by state, as in the paper's box, with a strict look at each choice."""

    def closeness(state, i):
        return cosine_similarity(state, full[i], dim=0).item()

    best = {(0, 0): (full[0], ())}
    for i in range(1, len(full)):
        best[i, 0] = (full[i], ())
        for j in range(1, min(i, count) + 1):
            state, skipped = best[i - 1, j - 1]
            ways = [(state, (*skipped, i - 1))]
            if (i - 1, j) in best:
                state, skipped = best[i - 1, j]
                ways.insert(0, (run_layer(i - 1, state[None])[0], skipped))
            best[i, j] = max(ways, key=lambda way: closeness(way[0], i))  # the first of equals
    return best[len(full) - 1, count][1], {at: closeness(state, at[0]) for at, (state, _) in best.items()}


@pytest.mark.parametrize("num_layers", [2, 5, 9])
def test_the_programme_is_the_papers_state_by_state(num_layers):
    bench = Bench(deep(num_layers))
    for count in range(num_layers + 1):
        plan = bench.plan(count)
        skipped, table = naive(bench.rehearse, bench.full(bench.tree.trunk[-2]), count)
        assert plan.skipped == skipped
        for i, row in enumerate(plan.cosines):
            for j, cosine in enumerate(row):
                assert cosine == pytest.approx(table.get((i, j), 0.0), abs=1e-5)


def test_a_row_of_the_table_is_one_layer_call():
    bench = Bench(deep(9))
    bench.plan(4)
    assert [(run.first, run.last, len(run.slots)) for run in bench.log] == [
        (layer, layer + 1, min(layer, 4)) for layer in range(1, 9)
    ]
    bench.log.clear()
    assert bench.plan(0).skipped == ()
    assert bench.log == []


def test_of_equals_the_layer_is_run():
    full = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    plan = plan_skips(lambda layer, states: states, full, 1)  # layers that do nothing
    assert plan.skipped == (0,)
    assert plan.cosines == ((1.0, 0.0), (1.0, 1.0), (1.0, 1.0))
    with pytest.raises(ValueError, match="3 of 2 layers"):
        plan_skips(lambda layer, states: states, full, 3)


def every_cosine(bench, count):
    """The cosine of every set of `count` layers, by running them all beside one another."""
    full = bench.full(bench.tree.trunk[-2])
    sets = list(itertools.combinations(range(bench.model.num_layers), count))
    states = full[:1].repeat(len(sets), 1)
    for layer in range(bench.model.num_layers):
        kept = torch.tensor([layer not in skipped for skipped in sets])
        if kept.any():
            states[kept] = bench.rehearse(layer, states[kept])
    return cosine_similarity(states, full[-1][None]).tolist()


def test_the_programme_comes_close_to_trying_every_set():
    shares = []
    for num_layers, count in [(6, 2), (8, 3), (10, 4), (10, 5)]:
        model = deep(num_layers)
        for seed in range(5):
            text = [random.Random(seed).randrange(90) for _ in range(12)]
            bench = Bench(model, text)
            found = every_cosine(bench, count)
            mean = sum(found) / len(found)
            shares.append((bench.plan(count).predicted - mean) / (max(found) - mean))
    assert max(shares) <= 1 + 1e-4
    assert sum(shares) / len(shares) >= 0.6
