"""Small random runs that end in every way there is: what a test needs whose claim must hold however a run ended."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import accel
from accel.models.model import Model
from accel.trace import Trace
from accel.whatif import TURNS
from tests.tiny import COSTS, tiny_speaking

ENDINGS = ("length", "context", "eos", "stop", "cancelled")
SETTINGS: dict[str, dict[str, Any]] = {  # what is not drawn
    "adadecode": {"layers": "1,2", "heads": "plain"},
    "clasp": {},
    "suffix": {},
}
CHOICES = {bool: [False, True], str: ["both", "request", "session"]}


@dataclass(frozen=True)
class Case:
    """A run to be made, with these knobs or others: all but the knobs decides where its text ends."""

    model: Model
    prompt: list[int]
    method: str
    knobs: dict[str, Any]
    limits: dict[str, Any]
    length: int | None  # cancelled once the text has that many tokens

    def run(self, knobs: Mapping[str, Any] | None = None) -> Trace:
        """Decode, with these knobs in place of the case's own where they are given."""
        length = 0
        decoding = accel.stream(
            self.model,
            self.prompt,
            method=self.method,
            knobs={**self.knobs, **(knobs or {})},
            stopping=lambda: "cancelled" if self.length is not None and length >= self.length else None,
            observe="full",
            **self.limits,
        )
        for step in decoding:
            length += len(step.commit.tokens)
        return decoding.trace()


def drawn_knobs(method: str, chance: random.Random) -> dict[str, Any]:
    """A value for every knob that a recorded run can answer for."""
    knobs: dict[str, Any] = {}
    for name, turn in TURNS[method].items():
        if turn.kind is float:
            knobs[name] = round(chance.uniform(turn.low, turn.high), 2)
        elif turn.kind is int:
            knobs[name] = chance.randint(int(turn.low), int(turn.high))
        else:
            knobs[name] = chance.choice(CHOICES[turn.kind])
    return knobs


def case(method: str, ending: str, number: int) -> Case:
    """A case whose text ends that way, or earlier where its end token or stop string comes sooner."""
    chance = random.Random(f"{method} {ending} {number}")
    start = [chance.randrange(3, 99) for _ in range(chance.randint(2, 6))]
    prompt = start * chance.randint(1, 3)
    alone, pieces = _text(tuple(prompt))
    length = chance.randint(8, 40)
    model, limits, cancelled = _model(), {"max_new_tokens": length}, None
    if ending == "context":
        model = dataclasses.replace(model, context=len(prompt) + length)
    elif ending == "eos":
        model = dataclasses.replace(model, end_tokens=frozenset({alone[length]}))
    elif ending == "stop":
        limits["stop"] = [pieces[length] or "e"]  # half a character is no text
    elif ending == "cancelled":
        cancelled = length
    if ending != "length":  # far off, or so near that it bounds the last drafts
        limits["max_new_tokens"] = length + chance.choice([1, 3, 8, 30])
    knobs = {**SETTINGS[method], **drawn_knobs(method, chance)}
    return Case(model, prompt, method, knobs, limits, cancelled)


@cache
def _model() -> Model:
    return dataclasses.replace(tiny_speaking(), calibration=COSTS, end_tokens=frozenset())


@cache
def _text(prompt: tuple[int, ...]) -> tuple[list[int], list[str]]:
    """What the model says after a prompt, and each token as text that it can stop at."""
    model = _model()
    tokens = accel.generate(model, list(prompt), method="autoregressive", max_new_tokens=60).tokens
    return tokens, [model.text_piece(token).decode("utf-8", errors="ignore") for token in tokens]
