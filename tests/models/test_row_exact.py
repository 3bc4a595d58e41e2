"""In bfloat16 on the CPU a chain of drafts gets, to the bit, the states its tokens get one by one."""

from __future__ import annotations

import random

import pytest
import torch

import accel
from accel.lane import Lane
from accel.models.products import LONG, Packed, is_packable
from accel.tree import TokenTree
from tests.prompts import REPEAT, VARIED

BF16 = torch.zeros(1, 1, dtype=torch.bfloat16)
KNOWN: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
TRIED = bool(KNOWN.get("avx512_bf16")) and not KNOWN.get("amx_bf16")
pytestmark = pytest.mark.skipif(
    not (TRIED and is_packable(BF16)), reason="promised for oneDNN's AVX-512 kernels; others were never tried"
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


@pytest.mark.slow
@pytest.mark.parametrize("method", ["suffix", "prompt_lookup", "adadecode", "clasp"])
def test_the_text_is_the_models_own_token_by_token(method: str, embedded_folder) -> None:
    model = accel.load("smollm2-135m", device="cpu", dtype="bfloat16")
    for prompt in (VARIED[0], REPEAT):
        text = accel.generate(model, prompt, method="autoregressive", max_new_tokens=96).tokens
        assert accel.generate(model, prompt, method=method, max_new_tokens=96).tokens == text
