"""Is it the text the model alone would have given, and how long does the model alone take?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from accel.lane import Lane
from accel.methods.autoregressive import Autoregressive
from accel.models.model import Model
from accel.models.processors import LogitsProcessors
from accel.request import Request
from accel.trace import Baseline, FinishReason, Parity
from accel.tree import TokenTree

UNCHECKED = Parity(checked=False, equal=False, first_divergence=None, margin=None)


def measure_baseline(
    model: Model, request: Request, tokens: Sequence[int], stopping: Callable[[], FinishReason | None]
) -> tuple[Parity, Baseline | None]:
    """Decode the same prompt with our own autoregressive loop, as many tokens, and compare.

    Sampled texts differ by chance, so parity is checked at temperature 0 only. Stopped halfway, it says nothing.
    """
    from accel.decoding import Decoding  # a baseline is itself a run

    alone = replace(
        request,
        method=Autoregressive(),
        terms=replace(request.terms, observe="none"),
        limits=replace(request.limits, max_new_tokens=len(tokens)),
        draft=None,
    )
    if stopping():
        return UNCHECKED, None
    decoding = Decoding(model, alone, None, check=False, stopping=stopping)
    steps = list(decoding)
    if decoding.finish_reason in ("cancelled", "deadline"):
        return UNCHECKED, None
    expected = [token for step in steps for token in step.commit.tokens]
    baseline = Baseline(len(steps) - 1, sum(step.seconds.total for step in steps[1:]))
    if not request.terms.sampling.is_greedy:
        return UNCHECKED, baseline
    terms = request.terms
    return compare(model, terms.prompt, expected, tokens, terms.processors), baseline


def compare(
    model: Model,
    prompt: Sequence[int],
    expected: Sequence[int],
    tokens: Sequence[int],
    processors: LogitsProcessors | None,
) -> Parity:
    """Where two greedy texts part, and by how much the model preferred its first choice to its second there."""
    pairs = zip(expected, tokens, strict=False)
    at = next(
        (i for i, (ours, theirs) in enumerate(pairs) if ours != theirs), min(len(expected), len(tokens))
    )
    if at == len(expected) == len(tokens):
        return Parity(checked=True, equal=True, first_divergence=None, margin=None)
    margin = _margin(model, [*prompt, *expected[:at]], processors)
    return Parity(checked=True, equal=False, first_divergence=at, margin=margin)


@torch.inference_mode()
def _margin(model: Model, text: Sequence[int], processors: LogitsProcessors | None) -> float:
    """Top logit minus the second, after this text."""
    tree = TokenTree(text)
    logits = Lane("margin", model.layers, tree, lambda run: None).logits([tree.tip])
    if processors is not None:
        logits = processors([text], logits)
    first, second = logits[0].float().topk(2).values.tolist()
    return float(first - second)
