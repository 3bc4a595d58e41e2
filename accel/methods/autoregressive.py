"""One token a step, one pass a token: what every other method is measured against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from accel.run import Run
from accel.verify import DraftTree, verify


@dataclass(frozen=True, slots=True)
class Autoregressive:
    """One full pass of the model for every token. Nothing is guessed: this is the text, and the speed, to match."""

    name: ClassVar[str] = "autoregressive"
    lossless: ClassVar[bool] = True

    def start(self, run: Run) -> None:
        return None

    def step(self, run: Run, state: None) -> None:
        verify(run, DraftTree())
