"""What another knob would have done, worked out from one recorded run: no model, standard library only.

`exact` is said only where the trace decides everything; anything else is an `estimate`. The run's own settings are
answered by what it did; for others each method's rule, and when it is exact, stands in its own file. The page works
the same out in the browser (`assets/explorer/whatif*.js`), and a test holds the two equal on every recorded run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from accel import whatif_adadecode, whatif_clasp, whatif_suffix
from accel.outcome import Outcome, Turn, WhatIfError, outcome_of, recorded_totals
from accel.trace import Calibration, Trace

__all__ = ["TURNS", "Outcome", "WhatIfError", "check", "whatif"]

MAX_LAYERS = 10_000

TURNS: dict[str, dict[str, Turn]] = {  # by method: the knobs that a recorded run can answer for
    "adadecode": whatif_adadecode.TURNS,
    "clasp": whatif_clasp.TURNS,
    "suffix": whatif_suffix.TURNS,
}
RULES: dict[str, Callable[[Trace, Mapping[str, Any]], Outcome]] = {
    "adadecode": whatif_adadecode.adadecode,
    "clasp": whatif_clasp.clasp,
    "suffix": whatif_suffix.suffix,
}


def whatif(trace: Trace, knobs: Mapping[str, Any]) -> Outcome:
    """The run with these knobs changed. Raises WhatIfError for a method, trace or knob that cannot be answered."""
    check(trace)
    method = trace.header.method
    turns = TURNS[method.name]
    for name, value in knobs.items():
        if name not in turns and value != method.knobs.get(name):
            raise WhatIfError(f"what another {name} would have done was never computed")
        if name in turns and not turns[name].allows(value):
            raise WhatIfError(f"{name} cannot be {value!r:.40}")
    if all(value == method.knobs[name] for name, value in knobs.items()):
        return outcome_of(trace, "exact", recorded_totals(trace))
    return RULES[method.name](trace, {**method.knobs, **knobs})


def check(trace: Trace) -> None:
    """WhatIfError where a trace can answer for no knob at all. A file may come from anyone: nothing is trusted."""
    header = trace.header
    if len(trace.tokens) < 2:
        raise WhatIfError("the run has fewer than two tokens")
    if header.sampling.temperature > 0:
        raise WhatIfError("the run was sampled; what another draw would have given was never computed")
    if header.method.name not in TURNS:
        raise WhatIfError(f"{header.method.name:.40} has no knob that a recorded run can answer for")
    for name, turn in TURNS[header.method.name].items():
        if not turn.allows(header.method.knobs.get(name)):
            raise WhatIfError(f"the trace does not say what {name} was")
    if not 0 < header.model.num_layers <= MAX_LAYERS or not _is_sound(header.calibration):
        raise WhatIfError("the trace's model or its calibration makes no sense")
    if header.method.name == "suffix":
        whatif_suffix.check(trace)
    elif header.method.name == "adadecode":
        whatif_adadecode.looks_of(trace)


def _is_sound(calibration: Calibration | None) -> bool:
    if calibration is None:
        return True
    rows, seconds = calibration.rows, calibration.pass_seconds
    rising = 0 < len(rows) == len(seconds) and all(a < b for a, b in zip((0, *rows), rows, strict=False))
    return rising and all(value > 0 for value in seconds)
