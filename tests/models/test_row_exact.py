"""In bfloat16 on the CPU drafts get, to the bit, the states that their tokens get one by one."""

from __future__ import annotations

import random

import pytest
import torch
from torch.nn import functional

import accel
from accel.lane import Lane
from accel.models.layered import Rows
from accel.models.products import LONG, Packed, is_packable
from accel.models.row_exact import NEWEST, REACH, row_exact, sight_of
from accel.paths import paths_of
from accel.suites import read_suite
from accel.tree import TokenTree
from tests.prompts import REPEAT, VARIED
from tests.test_tree import path_to

BF16 = torch.zeros(1, 1, dtype=torch.bfloat16)
KNOWN: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
TRIED = bool(KNOWN.get("avx512_bf16")) and not KNOWN.get("amx_bf16")
pytestmark = pytest.mark.skipif(
    not (TRIED and is_packable(BF16)), reason="promised for oneDNN's AVX-512 kernels; others were never tried"
)


def sums_in_order(keys: int) -> bool:
    """Does a product sum so many keys one after another? Then 2^24 takes in each 1 that comes before -2^24."""
    shares, values = torch.ones(1, 3, keys).bfloat16(), torch.zeros(1, keys, 64).bfloat16()
    values[:, 0], values[:, -1] = 2.0**24, -(2.0**24)
    for at in range(1, keys - 2, 7):
        values[:, at] = 1.0
        if torch.bmm(shares, values).any():
            return False
        values[:, at] = 0.0
    return True


for_trees = pytest.mark.skipif(
    not sums_in_order(NEWEST), reason=f"this processor's products do not sum {NEWEST} keys one after another"
)


@pytest.mark.parametrize("size", [(96, 64), (64, LONG), (64, LONG + 512)])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_row_does_not_depend_on_the_rows_beside_it(size, dtype) -> None:
    torch.manual_seed(0)
    product = Packed(torch.randn(size, dtype=dtype), torch.randn(size[0], dtype=dtype))
    for _ in range(30):
        x, hidden = torch.randn(33, size[1], dtype=dtype), torch.randn(33, size[0], dtype=dtype)
        alone = product.of(x[:1]), product.onto(hidden[:1], x[:1])
        for count in (2, 3, 8, 17, 33):
            assert torch.equal(product.of(x[:count])[:1], alone[0])
            assert torch.equal(product.onto(hidden[:count], x[:count])[:1], alone[1])


HEADS, GROUPS, SIZE = 2, 3, 64


def grown(first: int, count: int, chance: random.Random, reach: int) -> list[list[int]]:
    """The cache rows of a tree's guesses behind `first` rows of text, from the first guess to each."""
    lineages = [list[int]()]
    for row in range(first, first + count):
        lineages.append([*chance.choice(lineages[-reach:]), row])
    return lineages[1:]


def seen_by(queries: torch.Tensor, held: torch.Tensor, lineages: list[list[int]], first: int) -> torch.Tensor:
    """What [slots, heads x groups, size] see of a cache, each of the text's first rows and its own line."""
    places = torch.tensor([first + len(line) - 1 for line in lineages])
    used = max(row for line in lineages for row in line) + 1
    mask = torch.zeros(len(lineages), used, dtype=torch.bool)
    for slot, line in enumerate(lineages):
        mask[slot, [*range(first), *line]] = True
    rows = Rows(places, None, places, used, mask, torch.arange(used), paths_of(lineages, first))
    ordered = queries.view(len(lineages), HEADS, GROUPS, SIZE).transpose(0, 1).reshape(HEADS, -1, SIZE)
    seen = row_exact(ordered, held, sight_of(rows, GROUPS, queries.dtype), SIZE**-0.5)
    return seen.view(HEADS, len(lineages), GROUPS, SIZE).transpose(0, 1)


@for_trees
@pytest.mark.parametrize("reach", [1, 3, 12])  # a chain, a narrow tree, a wide one
@pytest.mark.parametrize("first", [3, 30, 60, 95, 250, 500, 1000, 1020, 2030])
def test_a_guess_sees_what_it_would_see_alone(first: int, reach: int) -> None:
    torch.manual_seed(first)
    lineages = grown(first, 40, random.Random(first + reach), reach)
    held = torch.randn(2, HEADS, 2304, SIZE).bfloat16()
    queries = torch.randn(len(lineages), HEADS * GROUPS, SIZE).bfloat16()
    together = seen_by(queries, held, lineages, first)
    for slot, line in enumerate(lineages):
        text = held.clone()
        text[:, :, first : first + len(line)] = held[:, :, line]
        own = list(range(first, first + len(line)))
        alone = seen_by(queries[slot : slot + 1], text, [own], first)
        assert torch.equal(together[slot], alone[0])
        exact = functional.scaled_dot_product_attention(
            queries[slot].view(HEADS, GROUPS, SIZE).float(), *text[:, :, : first + len(line)].float()
        )
        assert torch.allclose(alone[0].float(), exact, atol=0.02)


def test_a_tree_deeper_than_the_newest_keys_is_summed_as_it_stands() -> None:
    torch.manual_seed(0)
    first, lineages = 100, grown(100, 3 * REACH, random.Random(0), 2)
    assert max(map(len, lineages)) > REACH
    held = torch.randn(2, HEADS, 512, SIZE).bfloat16()
    queries = torch.randn(len(lineages), HEADS * GROUPS, SIZE).bfloat16()
    together = seen_by(queries, held, lineages, first)
    for slot, line in enumerate(lineages):
        looked_at = held[:, :, [*range(first), *line]].float()
        exact = functional.scaled_dot_product_attention(
            queries[slot].view(HEADS, GROUPS, SIZE).float(), *looked_at
        )
        assert torch.allclose(together[slot].float(), exact, atol=0.02)


def one_by_one(model, tokens: list[int], held: int) -> list[torch.Tensor]:
    tree = TokenTree(tokens[:held])
    lane = Lane("alone", model.layers, tree, lambda run: None)
    lane.advance([tree.tip - 1])
    found = [lane.logits([tree.tip])[0]]
    for token in tokens[held:]:
        tree.commit([tree.add(tree.tip, token)])
        lane.commit([tree.tip])
        found.append(lane.logits([tree.tip])[0])
    return found


def together(model, tokens: list[int], held: int) -> list[torch.Tensor]:
    tree = TokenTree(tokens[:held])
    lane = Lane("together", model.layers, tree, lambda run: None)
    lane.advance([tree.tip - 1])
    slots = [tree.tip]
    for token in tokens[held:]:
        slots.append(tree.add(slots[-1], token))
    return list(lane.logits(slots))


@torch.inference_mode()
@pytest.mark.parametrize("held", [6, 30, 250, 257])
def test_a_chain_gets_the_logits_of_its_tokens_one_by_one(held: int, embedded_folder) -> None:
    model = accel.load("smollm2-135m", device="cpu", dtype="bfloat16")
    chance = random.Random(held)
    tokens = [chance.randrange(model.layers.vocab_size) for _ in range(held + 9)]
    alone = one_by_one(model, tokens, held)
    for count in (1, 2, 4, 8):
        for one, other in zip(alone, together(model, tokens[: held + count], held), strict=False):
            assert torch.equal(one, other)


@for_trees
@torch.inference_mode()
@pytest.mark.parametrize("held", [6, 30, 250, 257])
def test_a_tree_gets_the_logits_of_each_path_one_by_one(held: int, embedded_folder) -> None:
    model = accel.load("smollm2-135m", device="cpu", dtype="bfloat16")
    chance = random.Random(held)
    tree = TokenTree([chance.randrange(model.layers.vocab_size) for _ in range(held)])
    lane = Lane("tree", model.layers, tree, lambda run: None)
    lane.advance([tree.tip - 1])
    slots = [tree.tip]
    for _ in range(12):  # wide, with siblings between a node and its children
        slots.append(tree.add(chance.choice(slots[-4:]), chance.randrange(model.layers.vocab_size)))
    half = lane.advance(slots[:7], to=11)  # some of them stop halfway and go on later
    assert len(half) == 7
    for slot, logits in zip(slots, lane.logits(slots), strict=True):
        assert torch.equal(logits, one_by_one(model, path_to(tree, slot), held)[-1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "knobs"),
    [
        ("suffix", {}),
        pytest.param("suffix", {"branching": True, "offset": 4}, marks=for_trees),
        ("prompt_lookup", {}),
        pytest.param("aded", {}, marks=for_trees),
        pytest.param("aded", {"calibrated": False}, marks=for_trees),  # up to 64 guesses
        ("adadecode", {}),
        ("clasp", {}),
    ],
)
def test_the_text_is_the_models_own_token_by_token(
    method: str, knobs: dict[str, object], embedded_folder
) -> None:
    model = accel.load("smollm2-135m", device="cpu", dtype="bfloat16")
    # Where a tree that was summed as it stands parted from the text.
    _, near_tie = read_suite("chat", 2)
    for prompt in (VARIED[0], REPEAT, near_tie.prompt):
        text = accel.generate(model, prompt, method="autoregressive", max_new_tokens=96).tokens
        assert accel.generate(model, prompt, method=method, knobs=knobs, max_new_tokens=96).tokens == text
