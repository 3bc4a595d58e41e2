"""The embedded model's real weights: every method gives the library's own text, exactly, in fp32."""

from __future__ import annotations

import pytest
import torch

import accel
from accel.errors import InputError
from accel.lane import Lane
from accel.methods import METHODS
from accel.models.library import library_greedy
from accel.parity import compare
from accel.tree import TokenTree
from tests.prompts import REPEAT, VARIED

pytestmark = pytest.mark.slow
TOKENS = 64
BF16_STEP = 2.0**-7  # the distance between neighbouring bf16 numbers, relative to their power of two


@pytest.fixture(scope="module")
def fp32(embedded_folder):
    return accel.load("smollm2-135m", device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def bf16(embedded_folder):
    return accel.load("smollm2-135m", device="cpu", dtype="bfloat16")


@pytest.fixture(scope="module")
def expected(fp32):
    return [library_greedy(fp32, fp32.tokenizer.encode(prompt, chat=True), TOKENS) for prompt in VARIED]


@pytest.mark.parametrize("name", METHODS)
def test_fp32_text_is_the_librarys_own_on_varied_prompts(fp32, expected, name):
    draft = fp32 if name == "draft_model" else None
    for prompt, tokens in zip(VARIED, expected, strict=True):
        trace = accel.generate(fp32, prompt, method=name, max_new_tokens=TOKENS, draft=draft, observe="none")
        assert trace.tokens == tokens, prompt


@pytest.mark.parametrize("name", METHODS)
def test_bf16_commits_only_tokens_within_four_units_of_the_top(bf16, name):
    """Verifying several rows rounds differently from decoding one, so near-ties may fall either way; no more."""
    draft = bf16 if name == "draft_model" else None
    for prompt in (VARIED[2], VARIED[6], REPEAT):
        trace = accel.generate(
            bf16, prompt, method=name, max_new_tokens=48, draft=draft, observe="none", check=True
        )
        text = [*trace.header.prompt.tokens, *trace.tokens]
        logits = read_at_once(bf16, text)[len(trace.header.prompt.tokens) - 1 : -1].float()
        top = logits.max(-1).values
        unit = BF16_STEP * torch.exp2(top.abs().log2().floor())
        committed = logits.gather(1, torch.tensor(trace.tokens)[:, None])[:, 0]
        assert ((top - committed) <= 4 * unit).all()
        parity = trace.footer.parity
        assert parity.checked
        if not parity.equal:
            assert parity.first_divergence is not None
            at = len(trace.header.prompt.tokens) + parity.first_divergence
            assert parity.margin is not None
            assert parity.margin <= 4 * BF16_STEP * 2.0 ** int(
                top[at - len(trace.header.prompt.tokens)].log2()
            )


@torch.inference_mode()
def read_at_once(model, text):
    """Logits [tokens, vocab] after every token of a text, in one pass."""
    tree = TokenTree(text)
    return Lane("teacher", model.layers, tree, lambda run: None).logits(tree.trunk)


def test_a_changed_token_is_found_with_its_margin(fp32, expected):
    prompt = fp32.tokenizer.encode(VARIED[0], chat=True)
    changed = [*expected[0]]
    changed[3] = (changed[3] + 1) % fp32.layers.vocab_size
    parity = compare(fp32, prompt, expected[0], changed, None)
    assert (parity.equal, parity.first_divergence) == (False, 3)
    assert parity.margin is not None
    assert parity.margin > 0


def test_stop_strings_end_the_text_inside_an_accepted_run(fp32):
    free = accel.generate(fp32, REPEAT, method="autoregressive", max_new_tokens=TOKENS)
    stop = free.text[len(free.text) // 2 :][:7]
    for name in METHODS:
        trace = accel.generate(
            fp32,
            REPEAT,
            method=name,
            max_new_tokens=TOKENS,
            stop=[stop],
            draft=fp32 if name == "draft_model" else None,
        )
        assert trace.finish_reason == "stop"
        assert trace.text == free.text[: free.text.find(stop)]


def test_the_prompt_is_bounded_by_the_context(fp32):
    with pytest.raises(InputError, match=r"prompt.*8191"):
        accel.generate(fp32, "word " * 9000)
