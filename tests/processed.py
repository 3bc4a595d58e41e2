"""Tiny models whose generation config asks for logits processors, and what the library itself makes of them."""

from __future__ import annotations

import dataclasses
import warnings
from functools import cache
from typing import Any

import torch

from accel.models.load import from_library
from accel.models.model import Model
from tests.families import FAMILIES
from tests.tiny import COSTS, library_greedy, tiny

PROMPT = [5, 17, 42, 7, 5, 17, 42, 9, 5, 17]
COUNT = 20


def settings() -> dict[str, dict[str, Any]]:
    """Generation configs by name, each of which changes the tiny llama's greedy text, or where it ends."""
    free = library_greedy(tiny(), PROMPT, COUNT)
    # A token that comes first in the middle of the text ends it there.
    end = next(token for at, token in enumerate(free) if at >= 3 and token not in free[:at])
    early = {"eos_token_id": [end, 98]}
    return {
        "repetition_penalty": {"repetition_penalty": 1.3},
        "encoder_repetition_penalty": {"encoder_repetition_penalty": 1.6},
        "no_repeat_ngram_size": {"no_repeat_ngram_size": 1},
        "encoder_no_repeat_ngram_size": {"encoder_no_repeat_ngram_size": 1},
        "bad_words_ids": {
            "bad_words_ids": [[free[0], free[1]], [free[2]], [free[3], free[4], free[5]], [98]]
        },
        "sequence_bias": {"sequence_bias": [[[free[1]], -40.0], [[free[2], free[3]], -40.0]]},
        "suppress_tokens": {"suppress_tokens": [free[1], free[4]]},
        "begin_suppress_tokens": {"begin_suppress_tokens": [free[0], 3]},
        "min_new_tokens": {"min_new_tokens": 12, **early},
        "min_length": {"min_length": len(PROMPT) + 12, **early},
        "forced_eos_token_id": {"forced_eos_token_id": 3},
        "exponential_decay_length_penalty": {
            "exponential_decay_length_penalty": (1, 3.0),
            "eos_token_id": 98,
        },
        "all together": {
            "repetition_penalty": 1.1,
            "no_repeat_ngram_size": 3,
            "bad_words_ids": [[free[0], free[1]], [7, 8, 9]],
            "suppress_tokens": [free[1]],
            "begin_suppress_tokens": [free[0]],
            "min_new_tokens": 12,
            **early,
        },
    }


NAMES = tuple(settings())


def library_with(**fields: Any) -> Any:
    """The library's tiny llama with these fields in its generation config."""
    library = FAMILIES["llama"]()
    for field, value in fields.items():
        setattr(library.generation_config, field, value)
    return library


@cache
def tiny_with(name: str) -> Model:
    """The same model as ours, its generation config read."""
    model = from_library(library_with(**settings()[name]), None, name=f"tiny-{name}")
    return dataclasses.replace(model, calibration=COSTS)


@cache
def own_text(name: str) -> list[int]:
    """What the library's `generate` gives when it is told nothing but to be greedy."""
    return generate(library_with(**settings()[name]), PROMPT, COUNT)


def generate(library: Any, prompt: list[int], count: int) -> list[int]:
    ids = torch.tensor([prompt])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = library.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=count, pad_token_id=0
        )
    return given[0, len(prompt) :].tolist()
