"""The library's own decoding, for parity and as a baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from accel.models.model import Model

# The library's ways to decode, as baselines: what each adds to a plain `generate`.
BASELINES: dict[str, Callable[[Model], dict[str, Any]]] = {
    "generate": lambda model: {},
    "generate+lookup": lambda model: {"prompt_lookup_num_tokens": 10},
    "generate+early-exit": lambda model: {"assistant_early_exit": model.layers.num_layers * 4 // 5},
    "generate+compiled": lambda model: {
        "cache_implementation": "static"
    },  # compiles itself on a GPU, not on a CPU
}


_blank: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def _blank_library(model: Model) -> Any:
    """The library's model with a generation config that sets nothing; the weights are shared.

    `generate` fills every field that it is not given from the model's own config, whatever fields a release of the
    library has. So what a model's files ask for is read once (`processors.py`) and given by name. Kept, since
    compiling is remembered with the model.
    """
    from transformers import GenerationConfig

    library = model.library
    if library not in _blank:
        blank = copy(library)
        blank.generation_config = GenerationConfig()
        _blank[library] = blank
    return _blank[library]


def library_greedy(model: Model, prompt: Sequence[int], max_new_tokens: int, **options: Any) -> list[int]:
    """The token ids of `generate(do_sample=False)` with the model's end tokens and logits processors, and `options`."""
    from transformers import GenerationConfig

    settings = GenerationConfig(
        max_new_tokens=max_new_tokens,
        do_sample=False,
        eos_token_id=sorted(model.end_tokens) or None,
        pad_token_id=min(model.end_tokens, default=0),
        **_within(model.processors.used(model.end_tokens), len(prompt), max_new_tokens),
        **options,
    )
    ids = torch.tensor([list(prompt)], device=model.layers.device)
    with torch.inference_mode():
        given = _blank_library(model).generate(
            ids, attention_mask=torch.ones_like(ids), generation_config=settings
        )
    tokens: list[int] = given[0, len(prompt) :].tolist()
    return tokens


def _within(asked: dict[str, Any], prompt_length: int, max_new_tokens: int) -> dict[str, Any]:
    """The same, with no text asked to be longer than it may be, of which the library warns."""
    longest = {"min_length": prompt_length + max_new_tokens, "min_new_tokens": max_new_tokens}
    return {name: min(value, longest[name]) if name in longest else value for name, value in asked.items()}


def sample_answers(
    model: Model, prompts: Sequence[Sequence[int]], max_new_tokens: int, *, temperature: float, seed: int
) -> list[list[int]]:
    """The library's answers to several prompts at once, end token included; temperature 0 is greedy.

    The model's logits processors are applied to each prompt by itself: the library would count its padding as text.
    The same for the same seed on the same machine; torch's global dice are put back as they were.
    """
    from transformers import GenerationConfig

    end_tokens = sorted(model.end_tokens)
    pad = end_tokens[0] if end_tokens else 0
    drawn = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
    settings = GenerationConfig(
        max_new_tokens=max_new_tokens,
        eos_token_id=end_tokens or None,
        pad_token_id=pad,
        **(drawn if temperature > 0 else {"do_sample": False}),
    )
    longest, device = max(len(prompt) for prompt in prompts), model.layers.device
    blank = [longest - len(prompt) for prompt in prompts]
    ids = [[pad] * space + list(prompt) for space, prompt in zip(blank, prompts, strict=True)]
    seen = [[0] * space + [1] * (longest - space) for space in blank]
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(seed)
        given = _blank_library(model).generate(
            torch.tensor(ids, device=device),
            attention_mask=torch.tensor(seen, device=device),
            generation_config=settings,
            logits_processor=_each_by_itself(model, prompts, blank, max_new_tokens),
        )
    return [_ended(tokens, model.end_tokens) for tokens in given[:, longest:].tolist()]


def _each_by_itself(
    model: Model, prompts: Sequence[Sequence[int]], blank: Sequence[int], max_new_tokens: int
) -> list[Callable[[Tensor, Tensor], Tensor]]:
    """The model's processors for a batch padded on the left by `blank`, as the library calls them."""
    bound = [
        model.processors.bind(prompt, max_new_tokens, model.end_tokens, model.layers.device)
        for prompt in prompts
    ]

    def process(ids: Tensor, scores: Tensor) -> Tensor:
        texts = [text[space:] for text, space in zip(ids.tolist(), blank, strict=True)]
        rows = zip(bound, texts, scores, strict=True)
        return torch.cat([row[None] if one is None else one([text], row[None]) for one, text, row in rows])

    return [process] if any(bound) else []


def _ended(tokens: list[int], end_tokens: frozenset[int]) -> list[int]:
    """The tokens as far as the first end token, which is kept."""
    end = next((i for i, token in enumerate(tokens) if token in end_tokens), len(tokens) - 1)
    return tokens[: end + 1]
