"""Values of every type for every argument, from a seeded generator: a run, or an InputError in one line."""

from __future__ import annotations

import math
import random
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

import accel
from accel.errors import InputError
from accel.method import knobs_of
from accel.methods import METHODS
from accel.trace import Trace
from tests.tiny import tiny_speaking

REQUESTS = 800


class Hostile:
    """Raises whatever is asked of it."""

    __hash__ = None

    def __float__(self):
        raise RuntimeError("no number")

    def __repr__(self):
        raise RuntimeError("no words")

    def __eq__(self, other):
        raise RuntimeError("no comparison")


class Text(str):
    """Text of a class of its own."""


class Whole(int):
    """A whole number of a class of its own."""


def nothing():
    """A function that gives nothing."""


NUMBERS = [0, 1, -1, 2, 3, 7, 0.5, 1.0, 1e-5, 1e308, -0.0, math.nan, math.inf, 10**400, 10**5000, 2**53, 1j]
NUMBERS += [
    Fraction(1, 2),
    Decimal("0.5"),
    Decimal("nan"),
    np.int64(3),
    np.float32(0.5),
    np.bool_(True),
    Whole(3),
]
TEXTS = [
    "",
    " ",
    "0",
    "1",
    "0.7",
    "abc",
    "\ud800",
    "\0",
    "a\nb",
    "x" * 300,
    "true",
    "auto",
    "1,2",
    "full",
    "none",
]
TEXTS += [
    "suffix",
    "hello the",
    "hello " * 60,
    "１２",
    "1_0",
    "+5",
    "٣",
    "0x10",
    "1e3",
    Text("hi"),
    b"x",
    bytearray(b"1"),
]
LISTS = [
    [],
    [1],
    [1, 2, 3],
    [[1]],
    (),
    (5,),
    ["a"],
    ["a", ""],
    ["\ud83d\ude00"],
    [None],
    ["x" * 257],
    ["a"] * 17,
]
LISTS += [
    [98],
    [99],
    [True],
    [Whole(3)],
    [np.int64(3)],
    list(range(90)) * 3,
    range(3),
    range(0),
    set(),
    {1, 2},
]
LISTS += [
    np.array([1, 2, 3]),
    np.array([[1, 2]] * 9),
    np.array(1),
    np.array(["a"]),
    torch.tensor([1, 2]),
    torch.tensor(1),
]
MAPPINGS = [
    {},
    {"alpha": 1},
    {"num_draft_tokens": 3},
    {1: 2},
    {"alpha": math.nan},
    {"layers": "1"},
    {"depth": 2},
]
OTHERS = [
    None,
    True,
    False,
    object(),
    Hostile(),
    nothing,
    int,
    NotImplemented,
    Ellipsis,
    slice(1),
    ValueError("x"),
]
VALUES = [*NUMBERS, *TEXTS, *LISTS, *MAPPINGS, *OTHERS]
FIELDS = [
    "method",
    "knobs",
    "max_new_tokens",
    "temperature",
    "top_k",
    "top_p",
    "stop",
    "seed",
    "observe",
    "chat",
]
FIELDS += ["draft", "session", "check", "stopping"]


def request_of(chance):
    """A model, a prompt and up to three more arguments, each sound or anything at all."""
    asked = {field: chance.choice(VALUES) for field in chance.sample(FIELDS, chance.randint(0, 3))}
    name = chance.choice(list(METHODS))
    if "method" not in asked and chance.random() < 0.5:
        asked["method"] = name
        if (knobs := knobs_of(METHODS[name])) and chance.random() < 0.5:
            asked.setdefault("knobs", {chance.choice(knobs).name: chance.choice(VALUES)})
    model = chance.choice(VALUES) if chance.random() < 0.02 else tiny_speaking()
    prompt = chance.choice(VALUES) if chance.random() < 0.3 else chance.choice([[5, 17, 42], "hello"])
    return model, prompt, {"max_new_tokens": 3, **asked}


def refusal_of(model, prompt, asked):
    """The InputError, or None and a sound run."""
    try:
        trace = accel.generate(model, prompt, **asked)
    except InputError as error:
        return error
    assert Trace.from_lines(trace.lines()) == trace
    assert 0 < len(trace.tokens) <= trace.header.limits.max_new_tokens
    return None


@pytest.mark.parametrize("part", range(4))
def test_whatever_is_asked_it_runs_or_is_refused_by_name(part):
    refused = 0
    for seed in range(part, REQUESTS, 4):
        error = refusal_of(*request_of(random.Random(seed)))
        if error is not None:
            refused += 1
            assert str(error).startswith(f"{error.field}: "), seed
            assert "\n" not in str(error), seed
            assert len(str(error)) < 300, seed
            assert error.field.split(".")[0] in {*FIELDS, "model", "prompt"}, seed
    assert 15 < refused < REQUESTS // 4 - 15
