"""A cache folder whose embedded model is a small random one, so that the real `app.py` decodes in no time."""

from __future__ import annotations

from pathlib import Path

import torch
import transformers as hf

from accel.models import manifest
from accel.models.embedded import NAME, SOURCE
from tests.families import build
from tests.tiny import tiny_tokenizer

# Deep enough that a run can be caught in its middle; it never says its end token when it is greedy.
SHAPE = {
    "vocab_size": 99,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 16,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
    "initializer_range": 0.3,
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": None,
}


def tiny_cache(folder: Path) -> Path:
    """Make it in `folder`, whole as the program judges its cache, and return it: for DRAFTSCOPE_CACHE."""
    where = folder / "models" / NAME
    where.mkdir(parents=True)
    model, tokenizer = build(hf.LlamaConfig(**SHAPE)), tiny_tokenizer()
    with torch.no_grad():
        model.lm_head.weight[tokenizer.eos_token_id] = 0.0
    model.save_pretrained(where)
    tokenizer.save_pretrained(where)
    manifest.write(where, SOURCE)
    return folder
