"""Methods on one prompt, each measured whole: traces that can be replayed against one clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from accel import parity
from accel.compare import BASELINE, cold
from accel.decoding import Stopping, never
from accel.metrics import metrics
from accel.models.model import Model
from accel.request import Request
from accel.trace import Baseline, Trace


@dataclass(frozen=True, slots=True)
class Lap:
    """Where the measuring is. Round 0 is the warm-up."""

    method: str
    round: int
    num_rounds: int
    num_tokens: int


class Race:
    """Iterate to measure, one lap a step; afterwards `traces` has one run of each request, in their order.

    Every request is run once to warm up, then `rounds` times, in turns. Each run starts cold. Kept is, of each
    method's rounds, the one whose decoding took the middle time (of an even number, the faster of the two): a
    run as it happened, never an average. Observing is off the clock.
    """

    def __init__(
        self, model: Model, requests: Sequence[Request], rounds: int, *, stopping: Stopping = never
    ) -> None:
        self._model = model
        self._requests = requests
        self._num_rounds = rounds
        self._stopping = stopping
        self._runs: list[list[Trace]] = [[] for _ in requests]
        self.stopped = False

    def __iter__(self) -> Iterator[Lap]:
        for number in range(self._num_rounds + 1):
            for request, runs in zip(self._requests, self._runs, strict=True):
                decoding = cold(self._model, request, "decisions", self._stopping)
                num_tokens = 0
                for step in decoding:
                    num_tokens += len(step.commit.tokens)
                    yield Lap(request.method.name, number, self._num_rounds, num_tokens)
                if decoding.finish_reason in ("cancelled", "deadline"):
                    self.stopped = True
                    return
                if number > 0:
                    runs.append(decoding.trace())

    def traces(self) -> list[Trace]:
        """The runs kept, compared with the model alone where it took part."""
        kept = [_middle(runs) for runs in self._runs]
        alone = next((trace for trace in kept if trace.header.method.name == BASELINE), None)
        if alone is None:
            return kept
        pairs = zip(kept, self._requests, strict=True)
        return [_judged(self._model, request, trace, alone) for trace, request in pairs]


def _middle(runs: list[Trace]) -> Trace:
    return sorted(runs, key=lambda trace: trace.metrics["seconds"])[(len(runs) - 1) // 2]


def _judged(model: Model, request: Request, trace: Trace, alone: Trace) -> Trace:
    """With the model's own run of this race as baseline, and its text to be compared with at temperature 0."""
    baseline = Baseline(len(alone.steps) - 1, alone.metrics["seconds"])
    footer = replace(trace.footer, baseline=baseline)
    if trace.header.sampling.temperature == 0:
        terms = request.terms
        found = parity.compare(model, terms.prompt, alone.tokens, trace.tokens, terms.processors)
        footer = replace(footer, parity=found)
    return replace(trace, footer=replace(footer, metrics=metrics(replace(trace, footer=footer))))
