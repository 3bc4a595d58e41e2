"""The contract on a CUDA device, where there is one."""

from __future__ import annotations

import pytest
import torch

import accel
from accel.methods import METHODS
from accel.models.load import from_library
from tests.families import FAMILIES
from tests.tiny import library_greedy

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]
PROMPT = [5, 17, 42, 7, 5, 17, 42, 9, 5, 17]


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma3", "gpt2"])
@pytest.mark.parametrize("name", METHODS)
def test_greedy_text_is_the_librarys_own_on_cuda(family, name):
    model = from_library(FAMILIES[family]().to("cuda"), None, name=f"tiny-{family}")
    trace = accel.generate(
        model, PROMPT, method=name, max_new_tokens=24, draft=model if name == "draft_model" else None
    )
    assert trace.header.model.device.startswith("cuda")
    assert trace.tokens == library_greedy(model, PROMPT, 24)


@pytest.mark.parametrize("name", METHODS)
def test_the_same_seed_gives_the_same_text_on_cuda(name):
    model = from_library(FAMILIES["llama"]().to("cuda"), None, name="tiny-llama")
    asked = {"method": name, "temperature": 0.8, "seed": 3, "max_new_tokens": 16}
    asked["draft"] = model if name == "draft_model" else None
    first, second = (accel.generate(model, PROMPT, **asked) for _ in range(2))
    assert first.tokens == second.tokens
