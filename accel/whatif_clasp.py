"""What other knobs would have done to a CLaSp run: each recorded draft is cut where it falls below the line asked for.

The recorded drafts decide what a shorter one would have been; what a longer one would have guessed, and where the next
round would have begun after a cut, was never computed. So this is always an estimate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accel.drafting import pass_seconds
from accel.outcome import Outcome, Totals, Turn, outcome_of
from accel.trace import Draft, LayerRun, Step, Trace

TURNS = {"draft_exit": Turn(float, 0, 1), "num_draft_tokens": Turn(int, 1, 32)}


def clasp(trace: Trace, asked: Mapping[str, Any]) -> Outcome:
    """Cut each recorded draft where its confidence falls below the line; a longer one was never computed."""
    calibration = trace.header.calibration
    tokens = drafted = taken_back = calls = 0
    seconds = 0.0
    for step in trace.steps[1:]:
        drafts, kept, own = round_of(step)
        length = _cut(drafts, asked)
        share = length / len(drafts) if drafts else 1.0
        tokens += min(len(step.commit.tokens), length + 1)  # a text may end in an accepted draft
        drafted += length
        taken_back += max(length - kept, 0)
        calls += trace.header.model.num_layers + round(own * share)
        if calibration is not None:
            seconds += pass_seconds(calibration, 1 + length) + step.seconds.draft * share
    return outcome_of(
        trace, "estimate", Totals(tokens, len(trace.steps) - 1, drafted, taken_back, calls, seconds)
    )


def round_of(step: Step) -> tuple[list[float], int, int]:
    """How sure the draft was of each token, how many were kept, and the layer calls of drafting."""
    drafts = step.of(Draft)
    kept = len({draft.slot for draft in drafts} & set(step.commit.slots))
    own = sum(e.last - e.first for e in step.of(LayerRun) if e.lane != "target")
    return [draft.draft_prob for draft in drafts], kept, own


def _cut(drafts: list[float], asked: Mapping[str, Any]) -> int:
    """How long the draft would have been: up to and with the first token below the line."""
    length = next((at + 1 for at, prob in enumerate(drafts) if prob < asked["draft_exit"]), len(drafts))
    return min(length, int(asked["num_draft_tokens"]))
