"""Tiny random models of the library, wrapped as ours: real layers, no weights to fetch."""

from __future__ import annotations

import dataclasses
from functools import cache

from accel.models import library
from accel.models.load import from_library
from accel.models.model import Model
from tests.families import FAMILIES


@cache
def tiny(family: str = "llama") -> Model:
    """The same model at every call; it is read-only."""
    return from_library(FAMILIES[family](), None, name=f"tiny-{family}")


def library_greedy(
    model: Model, prompt: list[int], count: int, end_tokens: frozenset[int] = frozenset()
) -> list[int]:
    """The library's own text, ended by these tokens."""
    return library.library_greedy(dataclasses.replace(model, end_tokens=end_tokens), prompt, count)
