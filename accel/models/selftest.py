"""Whether an adapter is right for a model: its answers against the library's own, when the model is loaded.

    text  t0 ... t8 | t9 ... t14 | t15            two chunks of several rows, then one row without a mask
                                   \\-- a -- b     five drafted slots in one call, in scattered cache rows;
                                   |     \\-- c    the library answers each path from the root by itself, all
                                   \\-- d -- e     three of them as one batch

Every call is made in two parts, layers below the middle and layers above it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from accel.models.cache import Cache
from accel.models.errors import ModelRefused
from accel.models.families import context_limit
from accel.models.layered import LayeredModel, Rows

TEXT = 16
WINDOW = 64  # a sliding window up to this size is passed by the text, which is made longer for it
PARENTS = (None, 0, 0, None, 3)  # of the drafted slots; None: the end of the text
PATHS = ((0, 1), (0, 2), (3, 4))
CACHE_ROWS = (6, 1, 4, 0, 3)  # of the drafted slots, counted from the end of the text; 2 and 5 stay holes

# The departure allowed, as a share of the spread of the logits (Euclidean norm per row, the mean taken out).
# Sound: up to 6e-6 in fp32 (31 tiny families, SmolLM2-135M), 0.09 in bf16, 0.02 in fp16. Wrong: from 0.2 on.
TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-6, torch.float16: 0.05, torch.bfloat16: 0.2}


def check(model: LayeredModel, library: Any) -> None:
    """Raises ModelRefused unless `model` answers as `library` does; draws no random numbers.

    A window above 64 positions is not passed by the text, so there the configuration is believed.
    """
    name = f"{library.config.model_type!r} ({type(library).__name__})"
    try:
        with torch.inference_mode():
            departures = _departures(model, library)
    except ModelRefused:
        raise
    except Exception as error:
        raise ModelRefused(
            f"{name} is not supported: its layers cannot be called one by one ({type(error).__name__})"
        ) from error
    allowed = TOLERANCE.get(library.dtype, TOLERANCE[torch.bfloat16])
    for part, departure in departures.items():
        if not departure <= allowed:  # a nan must not pass
            raise ModelRefused(
                f"{name} is not supported: called layer by layer, it departs from its own forward pass by "
                f"{departure:.1e} of the spread of its logits {part} (allowed: {allowed:.0e}), so it does more between "
                "its layers than is known here"
            )


def check_library(library: Any, context: int) -> None:
    """Raises ModelRefused unless the library itself can run its model, on a text as long as the check's."""
    name = repr(library.config.model_type)
    needed = _text_size(library) + len(PARENTS)
    if context < needed:
        raise ModelRefused(
            f"{name}: its config.json says that it reads {context} tokens; at least {needed} are needed"
        )
    try:
        with torch.inference_mode():
            library(input_ids=torch.zeros(1, 2, dtype=torch.long, device=library.device), use_cache=False)
    except Exception as error:
        raise ModelRefused(
            f"{name}: the library itself cannot run it ({type(error).__name__}): sizes in its config.json do not fit "
            "one another or its weights; copy the model again"
        ) from error


def _departures(model: LayeredModel, library: Any) -> dict[str, float]:
    """The largest departure in each part of the check."""
    size = _text_size(library)
    # Spread over the vocabulary, since the first ids are special tokens in most.
    tokens = (torch.arange(size + len(PARENTS), device=model.device) * 7919 + 101) % model.vocab_size
    text, drafted = tokens[:size], tokens[size:]
    batch = torch.stack([torch.cat((text, drafted[list(path)])) for path in PATHS])  # [paths, size + 2]
    expected = library(input_ids=batch, attention_mask=torch.ones_like(batch), use_cache=False).logits
    if not expected.isfinite().all():
        remedy = "damaged or too large for it; use dtype float32, or copy them again"
        if library.dtype == torch.float32:
            remedy = "damaged: copy them again"
        raise ModelRefused(
            f"{library.config.model_type!r}: its logits are not finite in {str(library.dtype)[6:]}: the weights "
            f"are {remedy}"
        )
    nodes = torch.cat((expected[0, size:], expected[1, size + 1 :], expected[2, size:]))  # [slots, vocab]

    cache = model.new_cache()
    cache.reserve(size + len(PARENTS) + 2)
    cuts = (0, size - size // 3 - 2, size - 1, size)
    answers = [_answer(model, text[a:b], _trunk_rows(a, b, model.device), cache) for a, b in pairwise(cuts)]
    tree = _answer(model, drafted, _tree_rows(size, model.device), cache)
    return {
        "in a text from its start": _departure(answers[0], expected[0, : cuts[1]]),
        "in a text that continues": _departure(answers[1], expected[0, cuts[1] : cuts[2]]),
        "at a single token": _departure(answers[2], expected[0, cuts[2] : cuts[3]]),
        "in a tree of drafts": _departure(tree, nodes),
    }


def _answer(model: LayeredModel, tokens: Tensor, rows: Rows, cache: Cache) -> Tensor:
    """Logits [slots, vocab]."""
    middle = model.num_layers // 2
    hidden = model.embed(tokens, rows.positions)
    hidden = model.run_layers(hidden, 0, middle, rows, cache)
    hidden = model.run_layers(hidden, middle, model.num_layers, rows, cache)
    return model.head(model.norm(hidden))


def _departure(answer: Tensor, expected: Tensor) -> float:
    """The largest over the rows of |answer - expected| / |expected - its mean|."""
    answer, expected = answer.float(), expected.float()
    spread = (expected - expected.mean(-1, keepdim=True)).norm(dim=-1)
    return float(((answer - expected).norm(dim=-1) / spread).max())


def _text_size(library: Any) -> int:
    """Longer than a small window, so that it hides something, in every chunk and from the drafts."""
    longest = context_limit(library.config)
    depth = max(len(path) for path in PATHS)
    if longest is not None and longest < TEXT + depth:
        raise ModelRefused(
            f"its context of {longest} tokens is too short for the check at load, which needs {TEXT + depth}"
        )
    window = getattr(library.config.get_text_config(decoder=True), "sliding_window", None)
    size = TEXT if window is None or window > WINDOW else max(TEXT, 2 * window)
    return size if longest is None else min(size, longest - depth)


def _trunk_rows(first: int, last: int, device: torch.device) -> Rows:
    positions = torch.arange(first, last, device=device)
    keys = torch.arange(last, device=device)
    mask = None if last - first == 1 else keys <= positions[:, None]
    return Rows(positions, first, positions, last, mask, keys)


def _tree_rows(size: int, device: torch.device) -> Rows:
    used = size + max(CACHE_ROWS) + 1
    mask = torch.zeros(len(PARENTS), used, dtype=torch.bool)
    mask[:, :size] = True
    places: list[int] = []
    keys = torch.arange(used)
    for slot, parent in enumerate(PARENTS):
        row = size + CACHE_ROWS[slot]
        if parent is not None:
            mask[slot] = mask[parent]
        mask[slot, row] = True
        places.append(size if parent is None else places[parent] + 1)
        keys[row] = places[slot]
    index = torch.tensor([size + row for row in CACHE_ROWS], device=device)
    positions = torch.tensor(places, device=device)
    return Rows(index, None, positions, used, mask.to(device), keys.to(device))
