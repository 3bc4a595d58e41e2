"""What other knobs would have done to a SuffixDecoding run: its drafter is replayed over the recorded text.

A draft depends on the text before it, and on how many tokens are left; it is kept as far as it is the text. So the
answer for a cold greedy run is exact. It is an estimate where a warm session knew more than the trace holds, where the
trace does not say how many tokens were left, and where the last draft reaches beyond a text that was interrupted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accel.drafting import pass_seconds
from accel.outcome import Outcome, Totals, Turn, WhatIfError, is_interrupted, outcome_of, token_limit
from accel.replay import Knobs, rounds_of
from accel.suffix_drafter import TREES, Answers
from accel.trace import Trace

TURNS = {
    "alpha": Turn(float, 0, 8),
    "offset": Turn(float, -16, 16),
    "min_prob": Turn(float, 0, 1),
    "num_draft_tokens": Turn(int, 1, 63),
    "branching": Turn(bool),
    "memory": Turn(str),
    "calibrated": Turn(bool),
}


def check(trace: Trace) -> None:
    """WhatIfError where a run's guesses are not a matter of its text alone."""
    knobs = trace.header.method.knobs
    if knobs.get("fallback", "none") != "none":
        raise WhatIfError("a fallback drafter guessed too; its guesses under other knobs were never computed")
    if knobs["memory"] not in ("both", *TREES):
        raise WhatIfError("the trace names no memory that a drafter has")


def suffix(trace: Trace, asked: Mapping[str, Any]) -> Outcome:
    """Replay the drafter over the recorded text."""
    fields = {name: asked[name] for name in Knobs.__dataclass_fields__}
    calibration = trace.header.calibration
    used = calibration if asked["calibrated"] else None
    prompt, answer, limit = trace.header.prompt.tokens, trace.tokens, token_limit(trace)
    most = trace.header.limits.max_new_tokens if limit is None else limit
    rounds = list(rounds_of(prompt, answer, Knobs(**fields), Answers(), used, limit=most))
    seconds = seconds_a_step(trace) * len(rounds)
    if calibration is not None:
        seconds += sum(pass_seconds(calibration, 1 + step.drafted) for step in rounds)
    drafted, kept = sum(step.drafted for step in rounds), sum(step.accepted for step in rounds)
    goes_beyond = is_interrupted(trace) and kept + len(rounds) > len(answer) - 1
    known = not trace.header.warm and limit is not None and not goes_beyond
    totals = Totals(
        tokens=len(answer) - 1,
        steps=len(rounds),
        drafted=drafted,
        taken_back=drafted - kept,
        calls=len(rounds) * trace.header.model.num_layers,
        seconds=seconds,
    )
    return outcome_of(trace, "exact" if known else "estimate", totals)


def seconds_a_step(trace: Trace) -> float:
    """What drafting took, a step, in the recorded run."""
    steps = trace.steps[1:]
    return sum(step.seconds.draft for step in steps) / max(len(steps), 1)
