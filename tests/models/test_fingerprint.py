"""A fingerprint changes with the weights and with nothing else."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from accel.models.fingerprint import fingerprint
from tests.pace import keeps

CONFIG: dict[str, Any] = {
    "model_type": "llama",
    "num_attention_heads": 4,
    "dtype": "bfloat16",
    "use_cache": True,
}


@pytest.fixture
def weights() -> dict[str, Tensor]:
    chance = torch.Generator().manual_seed(0)
    shapes = {
        "model.embed_tokens.weight": (50, 8),
        "model.layers.0.q.weight": (8, 8),
        "model.norm.weight": (8,),
    }
    return {name: torch.randn(shape, generator=chance).bfloat16() for name, shape in shapes.items()}


def test_dtype_order_and_a_tied_head_do_not_count(weights: dict[str, Tensor]) -> None:
    known = fingerprint(weights, CONFIG)
    assert len(known) == 16
    assert fingerprint({name: value.float() for name, value in weights.items()}, CONFIG) == known
    assert fingerprint(dict(reversed(weights.items())), CONFIG) == known
    assert fingerprint({**weights, "lm_head.weight": weights["model.embed_tokens.weight"]}, CONFIG) == known
    assert fingerprint(weights, {**CONFIG, "dtype": "float32", "_name_or_path": "elsewhere"}) == known


def test_values_names_shapes_and_essentials_count(weights: dict[str, Tensor]) -> None:
    others = [
        fingerprint(weights, CONFIG),
        fingerprint(
            {**weights, "model.layers.0.q.weight": weights["model.layers.0.q.weight"] * 1.01}, CONFIG
        ),
        fingerprint({**weights, "model.layers.0.q.weight": weights["model.layers.0.q.weight"].T}, CONFIG),
        fingerprint({**weights, "lm_head.weight": weights["model.embed_tokens.weight"] + 1}, CONFIG),
        fingerprint(
            {("x" if name == "model.norm.weight" else name): value for name, value in weights.items()}, CONFIG
        ),
        fingerprint(weights, {**CONFIG, "num_attention_heads": 2}),
    ]
    assert len(set(others)) == len(others)


def test_the_sample_reaches_every_region_of_a_large_tensor() -> None:
    plain = {"w": torch.zeros(4096, 576)}
    known = fingerprint(plain, {})
    for rows in range(0, 4096, 256):
        assert fingerprint({"w": plain["w"].index_fill(0, torch.arange(rows, rows + 256), 1.0)}, {}) != known
    for columns in range(0, 576, 64):
        assert (
            fingerprint({"w": plain["w"].index_fill(1, torch.arange(columns, columns + 64), 1.0)}, {})
            != known
        )


def test_the_embedded_model_is_known_at_once(embedded_folder: Path) -> None:
    from safetensors.torch import load_file

    weights = load_file(embedded_folder / "model.safetensors")

    def is_in_time() -> bool:
        began = time.perf_counter()
        assert fingerprint(weights, {"model_type": "llama"}) == fingerprint(
            {name: value.float() for name, value in weights.items()}, {"model_type": "llama"}
        )
        return time.perf_counter() - began < 2.0

    assert keeps(is_in_time)
