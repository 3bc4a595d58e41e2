"""Lossless when sampled: each method's output has exactly the target's distribution, proved by enumeration."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
import torch

from accel.methods import METHODS
from accel.models.tokenizer import Tokenizer
from accel.sampling import Sampling
from tests.tiny import tiny_tokenizer
from tests.toy import Toy, outcome_probs, play_method, tokens_of, toy_model

PROMPT = [0, 1, 2, 0, 1]
WARPS = [
    {},
    {"temperature": 0.7},
    {"temperature": 1.3, "top_k": 2},
    {"temperature": 1.0, "top_p": 0.7},
]
VARIANTS = {
    "adadecode": [
        {"threshold": 0.0, "layers": "1", "heads": "plain"},
        {"threshold": 0.55, "layers": "1", "heads": "plain", "max_early": 1},
    ],
    "autoregressive": [{}],
    "prompt_lookup": [{"num_draft_tokens": 3, "calibrated": False}],
    "draft_model": [
        {"depth": 2, "branching": 1, "calibrated": False},
        {"depth": 2, "branching": 2, "calibrated": False},
        {"depth": 1, "branching": 3, "calibrated": False},
    ],
    "suffix": [
        {"alpha": 4.0, "branching": False, "calibrated": False},
        {"alpha": 4.0, "branching": True, "min_prob": 0.0, "calibrated": False},
        {"fallback": "draft_model", "min_score": 1.6, "calibrated": False},
    ],
    "clasp": [
        {"num_draft_tokens": 2, "draft_exit": 0.0, "interval": 1, "calibrated": False},
        {"num_draft_tokens": 3, "draft_exit": 0.6, "calibrated": False},
        {"num_draft_tokens": 2, "skip_share": 0.0, "draft_exit": 0.5, "calibrated": False},
    ],
    "aded": [
        {"mode": "published", "calibrated": False},
        {"mode": "mended", "num_draft_tokens": 3, "rate": 1.0, "calibrated": False},
        {"mode": "best_first", "memory": False},
    ],
}
CASES = [(name, knobs) for name in METHODS for knobs in VARIANTS[name]]


def expected_probs(toy: Toy, sampling: Sampling, length: int) -> dict[tuple[int, ...], float]:
    """The target's own distribution over texts of this length."""
    found = {}
    for text in itertools.product(range(toy.vocab_size), repeat=length):
        path, prob = list(PROMPT), 1.0
        for token in text:
            prob *= sampling.probs(toy.logits_after(toy.code(path))[None])[0, token].item()
            path.append(token)
        if prob > 0:
            found[text] = prob
    return found


@pytest.mark.parametrize("warp", WARPS, ids=str)
@pytest.mark.parametrize(("name", "knobs"), CASES, ids=str)
def test_every_fall_of_the_dice_adds_up_to_the_targets_distribution(name, knobs, warp):
    toy = Toy()
    model = toy_model(toy)
    draft = toy_model(Toy(seed=1)) if "draft_model" in (name, knobs.get("fallback")) else None
    asked = {"temperature": 1.0, **warp}

    def play(dice):
        steps = play_method(model, PROMPT, dice, method=name, knobs=knobs, draft=draft, **asked)
        return tokens_of(steps)

    found = outcome_probs(play)
    expected = expected_probs(toy, Sampling(**asked), 3)
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-6)
    assert found.keys() == expected.keys()
    for text, prob in expected.items():
        assert found[text] == pytest.approx(prob, abs=1e-6)


def test_the_warpers_are_the_librarys_own():
    from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    logits = torch.randn(20, 50, generator=torch.Generator().manual_seed(0)) * 3
    for temperature, top_k, top_p in itertools.product((0.5, 1.0, 1.7), (0, 1, 7), (1.0, 0.9, 0.3)):
        scores = TemperatureLogitsWarper(temperature)(None, logits)
        if top_k:
            scores = TopKLogitsWarper(top_k)(None, scores)
        if top_p < 1:
            scores = TopPLogitsWarper(top_p)(None, scores)
        ours = Sampling(temperature, top_k, top_p).probs(logits)
        torch.testing.assert_close(ours, scores.softmax(-1), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("warp", WARPS, ids=str)
@pytest.mark.parametrize("knobs", VARIANTS["draft_model"], ids=str)
@pytest.mark.parametrize(("size", "draft_size"), [(3, 4), (4, 3)])
def test_a_vocabulary_padded_to_another_number_changes_no_distribution(size, draft_size, knobs, warp):
    shared = Tokenizer(tiny_tokenizer())
    toy, drafting = Toy(vocab_size=size), Toy(vocab_size=draft_size, seed=1)
    model, draft = (dataclasses.replace(toy_model(each), tokenizer=shared) for each in (toy, drafting))
    asked = {"temperature": 1.0, **warp}

    def play(dice):
        return tokens_of(
            play_method(model, PROMPT, dice, method="draft_model", knobs=knobs, draft=draft, **asked)
        )

    found = outcome_probs(play)
    expected = expected_probs(toy, Sampling(**asked), 3)
    assert found.keys() == expected.keys()
    assert max(abs(found[text] - expected[text]) for text in expected) < 1e-6
