"""Where a step's seconds go: each instant belongs to exactly one phase."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Literal

from accel.trace import Seconds

Phase = Literal["draft", "verify", "other", "observe"]


class Clock:
    """Nested phases: the innermost has the time, so `observe` inside `verify` is not counted as verifying."""

    def __init__(self) -> None:
        self._spent: dict[Phase, float] = {"draft": 0.0, "verify": 0.0, "other": 0.0, "observe": 0.0}
        self._phase: Phase = "other"
        self._since = perf_counter()

    @contextmanager
    def phase(self, phase: Phase) -> Iterator[None]:
        outer = self._switch(phase)
        try:
            yield
        finally:
            self._switch(outer)

    def lap(self) -> Seconds:
        """The seconds of each phase since the last lap; starts the next."""
        self._switch(self._phase)
        spent = Seconds(**self._spent)
        self._spent = {"draft": 0.0, "verify": 0.0, "other": 0.0, "observe": 0.0}
        return spent

    def restart(self) -> None:
        """Drop what passed since the last lap: between two steps the time is the watcher's."""
        self.lap()

    def _switch(self, phase: Phase) -> Phase:
        now = perf_counter()
        self._spent[self._phase] += now - self._since
        self._since = now
        outer, self._phase = self._phase, phase
        return outer
