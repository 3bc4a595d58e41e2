"""A GPU that the platform lends by the call (ZeroGPU on Hugging Face Spaces), by way of its package `spaces`.

The package is imported on such hardware alone: elsewhere its decorator does nothing, and without a home directory it
cannot be imported. On lent hardware the work runs in a process of its own: what goes in and comes out must be plain
data, and each run starts cold.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Part = TypeVar("Part")

SETTING_UP = 20.0  # seconds to load a model and read a prompt
PER_TOKEN = 0.1  # of our own loop, generously
FEWEST, MOST = 15, 120  # seconds asked for at a time
SPARE = 2.0  # seconds before the GPU is taken back: a run ends by itself, with its trace


def seconds_for(tokens: int) -> int:
    """The seconds of GPU to ask for, in proportion to the tokens decoded: a visitor's quota is charged for them."""
    return min(MOST, max(FEWEST, round(SETTING_UP + PER_TOKEN * tokens)))


def is_lent() -> bool:
    """Does this machine have a GPU only while a decorated function runs?"""
    lends = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
    return lends and find_spec("spaces") is not None


def on_gpu(
    work: Callable[Given, Iterator[Part]], seconds: Callable[Given, int]
) -> Callable[Given, Iterator[Part]]:
    """The same work, on a lent GPU where there is one. `seconds` is asked with the work's own arguments."""
    if not is_lent():
        return work
    wrapped: Callable[Given, Iterator[Part]] = import_module("spaces").GPU(duration=seconds)(work)
    return wrapped
