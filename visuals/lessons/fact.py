"""The table of facts: each a named pure function of a place in a run, and the form its value is told in.

Standard library only, like all that lessons work out from a trace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from accel.trace import Step, Trace
from visuals.pieces import label

Value = int | float | str


class NoFact(ValueError):
    """The run holds no such thing at that place; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a run: a step, a guess where one is named, a number of tokens in one pass where one is asked for."""

    trace: Trace
    step: Step
    slot: int | None = None
    rows: int = 1

    @property
    def guess(self) -> int:
        if self.slot is None:
            raise NoFact("no guess is named there: add select=...")
        return self.slot

    @property
    def num_layers(self) -> int:
        return self.trace.header.model.num_layers


def _milliseconds(value: Value) -> str:
    return f"{1000 * float(value):.0f} ms"


def _probability(value: Value) -> str:
    """Two digits, more near the ends, and never 1 or 0 for what is not."""
    p = float(value)
    if p in (0.0, 1.0):
        return f"{p:.0f}"
    if p < 0.001:
        return "less than 0.001"
    return "more than 0.999" if p > 0.999 else f"{p:.3f}" if p < 0.1 or p >= 0.995 else f"{p:.2f}"


# How a value is told. `word` is a key for choices; `token` is shown as a token, with its spaces visible.
FORMS: dict[str, Callable[[Value], str]] = {
    "whole": lambda value: f"{value:d}" if isinstance(value, int) else str(value),
    "ratio": lambda value: f"{float(value):.2f}",
    "times": lambda value: f"{float(value):.2f} times",
    "percent": lambda value: f"{100 * float(value):.0f} %",
    "milliseconds": _milliseconds,
    "probability": _probability,
    "token": str,
    "word": str,
}


@dataclass(frozen=True, slots=True)
class Fact:
    """What it is, in a line; its form; and how it is worked out."""

    about: str
    form: str
    of: Callable[[Spot], Value]

    def told(self, value: Value) -> str:
        return FORMS[self.form](value)


FACTS: dict[str, Fact] = {}


def fact(form: str) -> Callable[[Callable[[Spot], Value]], Callable[[Spot], Value]]:
    """Enter a function into the table under its own name; its docstring is the line about it."""
    assert form in FORMS

    def enter(function: Callable[[Spot], Value]) -> Callable[[Spot], Value]:
        about = " ".join((function.__doc__ or "").split())
        FACTS[function.__name__] = Fact(about, form, function)
        return function

    return enter


def token_text(trace: Trace, token: int) -> str:
    """A token as it is shown by itself."""
    piece = trace.pieces.get(token)
    return f"⟨{token}⟩" if piece is None else label(piece)
