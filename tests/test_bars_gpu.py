"""The measurements for a GPU run anywhere, so that a GPU's time is not spent on finding out that they do not."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from accel.models.fused import FusedModel
from accel.models.graphs import GraphedModel
from tests import bars_gpu
from tests.families import FAMILIES
from tests.tiny import tiny


def test_every_table_is_made(monkeypatch):
    monkeypatch.setattr(bars_gpu, "REPEATS", 1)
    monkeypatch.setattr(bars_gpu, "ROUNDS", 1)
    layers = GraphedModel(FusedModel(FAMILIES["llama"]()), lambda work: work)
    model = dataclasses.replace(tiny(), layers=layers)
    lines, bars = bars_gpu.loops(model, [5, 17, 42], 8)
    assert len(lines) == 2 + 3
    more, others = bars_gpu.passes(layers)
    assert sum(line.startswith("| ") for line in more) == 2 + len(bars_gpu.BUCKETS) + layers.num_layers - 1
    told = bars_gpu.told(bars + others)
    assert len(told) == 2 + 4
    assert all(line.endswith(("| yes |", "| **no** |")) for line in told[2:])


def test_a_larger_shape_is_made_of_random_weights(monkeypatch):
    small = {"hidden_size": 128, "intermediate_size": 64, "num_hidden_layers": 2}
    monkeypatch.setitem(bars_gpu.SHAPES, "1B", small)
    monkeypatch.setitem(bars_gpu.HEADS, "vocab_size", 99)
    monkeypatch.setattr(bars_gpu, "REPEATS", 1)
    monkeypatch.setattr(bars_gpu, "cuda_capture", lambda device: lambda work: work)
    layers = bars_gpu.random_shape("1B", "cpu")
    assert (layers.num_layers, layers.vocab_size) == (2, 99)
    assert layers.embed(torch.tensor([3]), torch.tensor([0])).dtype is torch.bfloat16
    assert bars_gpu.passes(layers)[0]


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
def test_without_a_device_nothing_is_measured(capsys):
    before = bars_gpu.DOCUMENT.read_text() if bars_gpu.DOCUMENT.exists() else None
    assert bars_gpu.main() == 2
    assert "no CUDA device here" in capsys.readouterr().out
    assert before == (bars_gpu.DOCUMENT.read_text() if bars_gpu.DOCUMENT.exists() else None)
