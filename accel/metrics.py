"""Trace -> numbers, each with its unit and denominator. Standard library only.

Step 0 is the prefill and is left out of every rate. Seconds are draft + verify + other: looking for the
picture's sake is never in them. A ratio whose denominator is 0 is absent, never NaN. "Tokens" are committed
tokens.

name                            unit                 what over what
num_tokens                      tokens               committed, the prefill's first token included
num_steps                       steps                rounds after the prefill, each ending in a commit
seconds, prefill_seconds        s                    of those rounds; of step 0
tokens_per_second               tokens / s           tokens after step 0 / seconds
mean_acceptance_length          tokens / step        tokens after step 0 / num_steps, bonus and recovered
                                                     included (Spec-Bench #MAT; the model alone is 1.00)
mean_draft_acceptance_length    tokens / draft       1 + num_accepted_tokens / num_drafts (vLLM, SGLang)
num_drafts                      rounds               rounds that carried at least one drafted token
num_draft_tokens                tokens               drafted (in a tree: its nodes)
num_accepted_tokens             tokens               drafted and committed; bonus and recovered are not drafts
num_tested_tokens               tokens               drafts with a verdict; absent where none is recorded
acceptance_rate                 0..1                 num_accepted_tokens / num_tested_tokens
draft_acceptance_rate           0..1                 num_accepted_tokens / num_draft_tokens (vLLM, llama.cpp)
passes_per_token                passes / token       target runs that reached its top layer / tokens
                                                     after step 0
layer_calls, layer_calls_<lane> layers               sum of (last - first); drafting lanes count too
layer_calls_per_token           layers / token       layer_calls / tokens after step 0
layer_rows_per_token            rows / token         sum of (last - first) * slots / tokens after step 0
drafting_share                  0..1                 seconds of drafting / seconds
speedup_measured                x                    own autoregressive loop's seconds per token / this run's
speedup_modelled                x                    calibrated cost of a one-row pass per token / this run's

Either speed-up compares with one timing, which noise can move. A step takes at least as long as one pass of the model
alone, so neither is ever more than 1 / passes_per_token; and the model alone is the reference: its own is 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from accel.trace import Baseline, Calibration, Draft, Footer, Header, LayerRun, Step, Trace, Verdict

LEAST_SECONDS = 1e-9  # a run that took less was not timed: its seconds count as 0
TARGET = "target"  # the lane of the model whose text it is
REFERENCE = "autoregressive"  # the method that is the model alone

SpeedupKind = Literal["measured", "modelled"]


@dataclass(frozen=True, slots=True)
class Speedup:
    """How many times faster than the model alone, and whether that was measured or modelled."""

    value: float
    kind: SpeedupKind


class Tally:
    """Counts a run up, a step at a time, in time proportional to the step's events."""

    def __init__(self, header: Header) -> None:
        self._is_reference = header.method.name == REFERENCE
        self._num_layers = header.model.num_layers
        self._alone = alone_seconds(header.calibration)
        self.num_tokens = 0
        self.num_steps = 0
        self.num_decoded = 0  # committed after step 0
        self.num_drafts = 0
        self.num_draft_tokens = 0
        self.num_accepted_tokens = 0
        self.num_tested_tokens = 0
        self.accepted_per_position: list[int] = []  # accepted drafts at 1, 2, ... tokens past the tip
        self.num_passes = 0
        self.layer_calls: Counter[str] = Counter()  # by lane
        self.num_layer_calls = 0  # of all lanes
        self.layer_rows = 0
        self.seconds = 0.0
        self.draft_seconds = 0.0
        self.prefill_seconds = 0.0

    def add(self, step: Step) -> None:
        """Take one more step into account."""
        self.num_tokens += len(step.commit.tokens)
        if step.index == 0:
            self.prefill_seconds = step.seconds.total
            return
        self.num_steps += 1
        self.num_decoded += len(step.commit.tokens)
        self.seconds += step.seconds.total
        self.draft_seconds += step.seconds.draft
        self._add_drafts(step)
        for event in step.events:
            if isinstance(event, LayerRun):
                self._add_run(event)

    def _add_drafts(self, step: Step) -> None:
        depths: dict[int, int] = {}  # drafted slot -> tokens past the tip
        for event in step.events:
            if isinstance(event, Draft):
                depths[event.slot] = depths.get(event.parent, 0) + 1
            elif isinstance(event, Verdict):
                self.num_tested_tokens += 1
        accepted = [depths[slot] for slot in step.commit.slots if slot in depths]
        self.num_drafts += bool(depths)
        self.num_draft_tokens += len(depths)
        self.num_accepted_tokens += len(accepted)
        missing = max(accepted, default=0) - len(self.accepted_per_position)
        self.accepted_per_position += [0] * missing
        for depth in accepted:
            self.accepted_per_position[depth - 1] += 1

    def _add_run(self, run: LayerRun) -> None:
        layers = run.last - run.first
        self.layer_calls[run.lane] += layers
        self.num_layer_calls += layers
        self.layer_rows += layers * len(run.slots)
        self.num_passes += run.lane == TARGET and run.last == self._num_layers

    def speedup(self, baseline: Baseline | None) -> Speedup | None:
        """Against the measured baseline where there is one, else the calibration; None without either."""
        if not self.num_decoded or self.seconds < LEAST_SECONDS:
            return None
        own = self.seconds / self.num_decoded
        if baseline is not None and baseline.num_tokens:
            return Speedup(self._possible(baseline.seconds / baseline.num_tokens / own), "measured")
        return None if self._alone is None else Speedup(self._possible(self._alone / own), "modelled")

    def _possible(self, speedup: float) -> float:
        """A ratio of two timings without what can only be their noise: see the top of this file."""
        if self._is_reference:
            return 1.0
        return min(speedup, self.num_decoded / self.num_passes) if self.num_passes else speedup

    def numbers(self, baseline: Baseline | None = None) -> dict[str, float]:
        """Everything in the table above that is defined so far."""
        found = self.counters()
        found |= {f"layer_calls_{lane}": float(calls) for lane, calls in self.layer_calls.items()}
        if (speedup := self.speedup(baseline)) is not None:
            found[f"speedup_{speedup.kind}"] = speedup.value
        return found

    def counters(self) -> dict[str, float]:
        """The same without what is told by lane or was measured: as much work at every step of a run."""
        counts = {
            "num_tokens": self.num_tokens,
            "num_steps": self.num_steps,
            "seconds": self.seconds,
            "prefill_seconds": self.prefill_seconds,
            "num_drafts": self.num_drafts,
            "num_draft_tokens": self.num_draft_tokens,
            "num_accepted_tokens": self.num_accepted_tokens,
            "layer_calls": self.num_layer_calls,
        }
        if self.num_tested_tokens:
            counts["num_tested_tokens"] = self.num_tested_tokens
        found = {name: float(value) for name, value in counts.items()} | self._ratios()
        if (modelled := self.speedup(None)) is not None:
            found["speedup_modelled"] = modelled.value
        return found

    def _ratios(self) -> dict[str, float]:
        ratios: dict[str, tuple[float, float]] = {
            "tokens_per_second": (self.num_decoded, self.seconds),
            "mean_acceptance_length": (self.num_decoded, self.num_steps),
            "mean_draft_acceptance_length": (self.num_drafts + self.num_accepted_tokens, self.num_drafts),
            "acceptance_rate": (self.num_accepted_tokens, self.num_tested_tokens),
            "draft_acceptance_rate": (self.num_accepted_tokens, self.num_draft_tokens),
            "passes_per_token": (self.num_passes, self.num_decoded),
            "layer_calls_per_token": (self.num_layer_calls, self.num_decoded),
            "layer_rows_per_token": (self.layer_rows, self.num_decoded),
            "drafting_share": (self.draft_seconds, self.seconds),
        }
        seconds = {"tokens_per_second", "drafting_share"}
        return {
            name: above / below
            for name, (above, below) in ratios.items()
            if below >= (LEAST_SECONDS if name in seconds else 1)
        }


def alone_seconds(calibration: Calibration | None) -> float | None:
    """Seconds a token costs the model alone, by the calibration: a pass over one row."""
    if calibration is None or 1 not in calibration.rows:
        return None
    return calibration.pass_seconds[calibration.rows.index(1)]


def tally(header: Header, steps: Iterable[Step]) -> Tally:
    """The tally of these steps."""
    total = Tally(header)
    for step in steps:
        total.add(step)
    return total


def metrics(trace: Trace) -> dict[str, float]:
    """Every number of a run, measured where the footer holds a baseline."""
    footer: Footer = trace.footer
    return tally(trace.header, trace.steps).numbers(footer.baseline)
