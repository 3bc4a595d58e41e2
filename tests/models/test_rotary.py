"""Rotary angles: of one length of text only, the library's own, and nothing of one run left for the next."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers as hf

import accel
from accel.errors import InputError
from accel.models.errors import ModelRefused
from accel.models.graphs import Capture
from accel.models.load import from_library
from accel.models.model import Model
from tests.families import _GROUPED, build
from tests.tiny import library_greedy

LONGROPE = {"rope_type": "longrope", "rope_theta": 1e4, "short_factor": [1.0] * 4, "long_factor": [3.0] * 4}
DYNAMIC = {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 4.0}
each_rope = pytest.mark.parametrize("rope", ["dynamic", "longrope"])
each_path = pytest.mark.parametrize("path", ["fused", "graphs", "transformers"])


def library_of(rope: str, limit: int) -> Any:
    """A model whose rotary module rescales after `limit` positions."""
    if rope == "dynamic":
        fields: dict[str, Any] = {"max_position_embeddings": limit, "rope_parameters": DYNAMIC}
    else:
        turns = {**LONGROPE, "original_max_position_embeddings": limit}
        fields = {"max_position_embeddings": 4 * limit, "rope_parameters": turns}
    return build(hf.LlamaConfig(**{**_GROUPED, **fields}))


def loaded(library: Any, path: str) -> Model:
    again: Capture | None = (lambda work: work) if path == "graphs" else None
    model = from_library(library, None, name="rotary", fuse=path != "transformers", capture=again)
    assert model.info.backend == path
    return model


def some_words(count: int) -> list[int]:
    return [(at * 7919 + 5) % 99 for at in range(count)]


def is_the_librarys(model: Model, prompt: list[int], count: int, **asked: Any) -> bool:
    """Does a run give the text of `generate`, as long as the run's, and the same beside the model alone?"""
    trace = accel.generate(model, prompt, max_new_tokens=count, check=True, **asked)
    assert trace.footer.parity.equal
    return list(trace.tokens) == library_greedy(model, prompt, len(trace.tokens))


@each_path
@each_rope
@pytest.mark.parametrize("limit", [40, 100])
def test_a_text_is_the_librarys_as_far_as_the_angles_hold(rope: str, path: str, limit: int) -> None:
    model = loaded(library_of(rope, limit), path)
    assert model.context == limit
    for length in (3, limit // 2, limit - 1):
        trace = accel.generate(model, some_words(length), method="autoregressive", max_new_tokens=limit)
        assert (len(trace.tokens), trace.finish_reason) == (limit - length, "context")
        assert list(trace.tokens) == library_greedy(model, some_words(length), limit - length)
    with pytest.raises(InputError, match=f"it is {limit} tokens long; rotary reads at most {limit - 1}"):
        accel.generate(model, some_words(limit), method="autoregressive")


@each_path
@each_rope
def test_a_long_text_leaves_nothing_to_the_next(rope: str, path: str) -> None:
    model = loaded(library_of(rope, 2100), path)
    for length in (100, 2090, 100):
        assert is_the_librarys(model, some_words(length), 9, method="autoregressive")


@each_path
@each_rope
def test_an_answer_that_crosses_a_block_of_the_table_is_one_text(rope: str, path: str) -> None:
    model = loaded(library_of(rope, 2100), path)
    assert is_the_librarys(model, some_words(2040), 20, method="prompt_lookup")


@each_path
@each_rope
def test_drafts_reach_no_angle_beyond_the_limit(rope: str, path: str) -> None:
    model = loaded(library_of(rope, 40), path)
    prompt = [5, 6, 7, 8] * 6
    for knobs in ({"depth": 16, "branching": 4, "calibrated": False}, {"depth": 16, "calibrated": False}):
        assert is_the_librarys(model, prompt, 99, method="draft_model", knobs=knobs, draft=model)
    for name in ("adadecode", "clasp", "aded", "suffix"):
        assert is_the_librarys(model, prompt, 99, method=name)


@each_path
@each_rope
def test_what_the_library_did_before_and_between_reaches_no_run(rope: str, path: str) -> None:
    library = library_of(rope, 50)

    def beyond() -> None:
        library.generate(torch.tensor([some_words(60)]), max_new_tokens=2, do_sample=False, pad_token_id=0)

    beyond()
    model = loaded(library, path)
    first = accel.generate(model, some_words(20), method="autoregressive").tokens
    beyond()
    assert accel.generate(model, some_words(20), method="autoregressive").tokens == first
    assert list(first) == library_greedy(model, some_words(20), len(first))


def test_a_context_too_short_to_be_checked_is_refused_in_words() -> None:
    with pytest.raises(ModelRefused, match="reads 20 tokens; at least 21 are needed"):
        loaded(library_of("dynamic", 20), "transformers")
    assert loaded(library_of("dynamic", 21), "transformers").context == 21


EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2}
QWEN = {"head_dim": 8, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
WINDOWS: dict[str, dict[str, Any]] = {
    "Ministral3Config": {"head_dim": 8},
    "MistralConfig": {},
    "MixtralConfig": EXPERTS,
    "MoshiConfig": {"head_dim": 8, "ffn_dim": 48},
    "Phi3Config": {},
    "PhimoeConfig": EXPERTS,
    "Qwen3MoeConfig": {**QWEN, "use_sliding_window": True},
    "Starcoder2Config": {},
}


@pytest.mark.parametrize("name", WINDOWS)
def test_beyond_a_window_that_the_check_does_not_pass_a_text_is_the_librarys(name: str) -> None:
    library = build(getattr(hf, name)(**{**_GROUPED, **WINDOWS[name], "sliding_window": 80}))
    model = from_library(library, None, name=name)
    assert model.context == (80 if name == "MoshiConfig" else 256)
    assert is_the_librarys(model, some_words(min(100, model.context - 10)), 20, method="autoregressive")
