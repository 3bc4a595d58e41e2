"""What the browser must know of a run to work out other knobs by itself: the facts that `accel.whatif`'s rules use.

key          what
refusal      why this run cannot answer, in words; then there is nothing else
method       its name
knobs        the recorded values of the knobs that can be turned
turns        [name, kind, low, high] of each of them; kind is number, whole, switch or choice
layers       of the model; tokens: committed after the first, which the prefill gave
calibration  [rows, seconds of a pass over so many], or null
own          what the run itself adds up to: [steps, tokens drafted, of them not kept, layer calls, seconds]
certain      whether the trace says all that the rule must know to be exact
and for each method
adadecode    exits: layers after which it looks; looks: [confidence by exit, null where none] of every slot looked at;
             slots: which of these each committed token is; right: for each, a digit by exit, 1 where the look named
             the token that came next; most: the most new tokens; ended: an end token came; look_seconds
clasp        rounds after the prefill: [[how sure of each draft], kept, layer calls of drafting, tokens committed,
             seconds of drafting]
suffix       prompt and answer as token ids; most: the most new tokens; interrupted: the text would have gone on;
             draft_seconds a step

Numbers are whole, not shortened: the browser's answer is to be the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accel.outcome import is_interrupted, recorded_totals, token_limit
from accel.trace import Trace
from accel.whatif import TURNS, WhatIfError, check
from accel.whatif_adadecode import exits_of, looks_of, seconds_a_look
from accel.whatif_clasp import round_of
from accel.whatif_suffix import seconds_a_step
from visuals.pieces import visible

MAX_TOKENS = 2048  # prompt and answer: beyond, a slider would no longer be quick
_KINDS = {float: "number", int: "whole", bool: "switch", str: "choice"}


def whatif_json(trace: Trace) -> dict[str, Any]:
    """The facts, or why there are none."""
    header = trace.header
    length = len(header.prompt.tokens) + len(trace.tokens)
    if length > MAX_TOKENS:
        return {
            "refusal": f"the run has {length} tokens; up to {MAX_TOKENS} are worked out again in the browser"
        }
    try:
        check(trace)
    except WhatIfError as error:
        return {"refusal": visible(str(error))}
    turns = TURNS[header.method.name]
    calibration, own = header.calibration, recorded_totals(trace)
    return {
        "method": header.method.name,
        "knobs": {name: header.method.knobs[name] for name in turns},
        "turns": [[name, _KINDS[turn.kind], turn.low, turn.high] for name, turn in turns.items()],
        "layers": header.model.num_layers,
        "tokens": len(trace.tokens) - 1,
        "calibration": calibration and [list(calibration.rows), list(calibration.pass_seconds)],
        "own": [own.steps, own.drafted, own.taken_back, own.calls, own.seconds],
        "certain": token_limit(trace) is not None and not (header.method.name == "suffix" and header.warm),
        **_FACTS[header.method.name](trace),
    }


def _adadecode(trace: Trace) -> dict[str, Any]:
    exits, looks = exits_of(trace), looks_of(trace)
    number = {slot: at for at, slot in enumerate(looks)}
    tokens = trace.tokens
    committed = [slot for step in trace.steps for slot in step.commit.slots][:-1]
    return {
        "exits": exits,
        "looks": [[seen[layer][1] if layer in seen else None for layer in exits] for seen in looks.values()],
        "slots": [number[slot] for slot in committed],
        "right": [
            "".join(str(int(looks[slot][layer][0] == tokens[at + 1])) for layer in exits)
            for at, slot in enumerate(committed)
        ],
        "most": _most(trace),
        "ended": trace.finish_reason == "eos",
        "look_seconds": seconds_a_look(trace),
    }


def _clasp(trace: Trace) -> dict[str, Any]:
    rounds = trace.steps[1:]
    return {"rounds": [[*round_of(step), len(step.commit.tokens), step.seconds.draft] for step in rounds]}


def _suffix(trace: Trace) -> dict[str, Any]:
    return {
        "prompt": list(trace.header.prompt.tokens),
        "answer": trace.tokens,
        "most": _most(trace),
        "interrupted": is_interrupted(trace),
        "draft_seconds": seconds_a_step(trace),
    }


def _most(trace: Trace) -> int:
    return token_limit(trace) or trace.header.limits.max_new_tokens


_FACTS: dict[str, Callable[[Trace], dict[str, Any]]] = {
    "adadecode": _adadecode,
    "clasp": _clasp,
    "suffix": _suffix,
}
