"""What another knob would have done, worked out from one recorded run: no model, standard library only.

`exact` is said only where the trace decides everything; anything else is an `estimate`. Each method's rule, and when
it is exact, stands in its own file. The page works the same out in the browser (`assets/explorer/whatif*.js`), and a
test holds the two equal on every recorded run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accel.outcome import Outcome, WhatIfError
from accel.trace import Trace
from accel.whatif_adadecode import adadecode
from accel.whatif_clasp import clasp
from accel.whatif_suffix import suffix

__all__ = ["RULES", "Outcome", "WhatIfError", "whatif"]

RULES = {"adadecode": adadecode, "clasp": clasp, "suffix": suffix}


def whatif(trace: Trace, knobs: Mapping[str, Any]) -> Outcome:
    """The run with these knobs changed. Raises WhatIfError for a method or trace that cannot say."""
    if len(trace.tokens) < 2:
        raise WhatIfError("the run has fewer than two tokens")
    if trace.header.sampling.temperature > 0:
        raise WhatIfError("the run was sampled; what another draw would have given was never computed")
    name = trace.header.method.name
    if name not in RULES:
        raise WhatIfError(f"{name} has no knob that a recorded run can answer for")
    return RULES[name](trace, {**trace.header.method.knobs, **knobs})
