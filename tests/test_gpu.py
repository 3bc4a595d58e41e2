"""The contract on a CUDA device, where there is one."""

from __future__ import annotations

import pytest
import torch

import accel
from accel.lane import Lane
from accel.methods import METHODS
from accel.models.fused import FusedModel
from accel.models.graphs import GraphedModel, cuda_capture
from accel.models.load import from_library
from accel.tree import TokenTree
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


def test_llama_shapes_run_as_graphs_on_cuda():
    backends = [
        from_library(FAMILIES[family]().to("cuda"), None, name="tiny").info.backend
        for family in ("llama", "qwen3", "gpt2")
    ]
    assert backends == ["graphs", "graphs", "transformers"]


def agree(fused, graphed, text):
    trees = [TokenTree(text), TokenTree(text)]
    kinds = zip((fused, graphed), trees, strict=True)
    lanes = [Lane("target", model, tree, lambda run: None) for model, tree in kinds]
    for skipped, to in [((), 3), ((1,), 3), ((), 2), ((), 3)]:
        answers = []
        for tree, lane in zip(trees, lanes, strict=True):
            lane.logits([tree.tip])
            guess = tree.add(tree.tip, 3)
            tree.commit([guess])
            lane.commit([guess])
            answers.append(lane.skipping("draft", skipped).advance([tree.tip], to))
        torch.testing.assert_close(*answers, atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_graphs_answer_as_the_layers_they_were_captured_from():
    fused = FusedModel(FAMILIES["llama"]().to("cuda"))
    graphed = GraphedModel(fused, cuda_capture(fused.device))
    captures = []
    for text in (PROMPT, PROMPT, PROMPT * 30, PROMPT * 30):  # the third outgrows a cache of 256 rows
        agree(fused, graphed, text)
        captures.append(graphed.num_captures)
    assert 0 < captures[0] == captures[1] < captures[2] == captures[3]
