"""The library's own decoding, for parity and as a baseline."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from accel.models.model import Model


def library_greedy(model: Model, prompt: Sequence[int], max_new_tokens: int) -> list[int]:
    """The token ids of `generate(do_sample=False)` with the model's end tokens and nothing else configured."""
    from transformers import GenerationConfig

    neutral = GenerationConfig(
        max_new_tokens=max_new_tokens,
        do_sample=False,
        eos_token_id=sorted(model.end_tokens) or None,
        pad_token_id=min(model.end_tokens, default=0),
    )
    ids = torch.tensor([list(prompt)], device=model.layers.device)
    with torch.inference_mode():
        given = model.library.generate(ids, attention_mask=torch.ones_like(ids), generation_config=neutral)
    tokens: list[int] = given[0, len(prompt) :].tolist()
    return tokens
