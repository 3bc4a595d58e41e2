"""What other knobs would have done to an AdaDecode run: each committed token climbs again, and leaves where the
confidence recorded there says.

Exact as long as every exit taken at that threshold was right, and none led beyond the recorded text, as at a stop
string: what would have followed was never computed. After a wrong token it is estimated from how often, and how high
up, tokens leave; after the text's end it is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from accel.drafting import pass_seconds
from accel.outcome import Outcome, Totals, Turn, WhatIfError, outcome_of, token_limit
from accel.trace import Calibration, Observed, Readout, Trace

TURNS = {"threshold": Turn(float, 0, 1.05), "max_early": Turn(int, 1, 16)}

Looks = Mapping[int, Mapping[int, tuple[int, float]]]  # slot -> layer -> (token, confidence)


@dataclass
class _Climbs:
    """What a simulated run adds up to, of at most `limit` tokens."""

    limit: int
    calls: float = 0.0
    steps: int = 0
    drafted: float = 0.0
    taken_back: float = 0.0
    looks: float = 0.0
    seconds: float = 0.0
    goes_beyond: bool = False  # the text's end, by an early token


def adadecode(trace: Trace, asked: Mapping[str, Any]) -> Outcome:
    """Let each committed token climb again, leaving where its recorded confidence says."""
    looks = looks_of(trace)
    slots = [slot for step in trace.steps for slot in step.commit.slots]
    limit = token_limit(trace)
    found = _Climbs(trace.header.limits.max_new_tokens if limit is None else limit)
    at = 0
    while at < len(slots) - 1:
        at += _round(trace, looks, slots, at, asked, found)
    known = not found.taken_back and not found.goes_beyond and limit is not None
    seconds = found.seconds + found.looks * seconds_a_look(trace)
    totals = Totals(len(trace.tokens) - 1, found.steps, found.drafted, found.taken_back, found.calls, seconds)
    return outcome_of(trace, "exact" if known else "estimate", totals)


def _round(
    trace: Trace, looks: Looks, slots: list[int], at: int, asked: Mapping[str, Any], found: _Climbs
) -> int:
    """One step from committed token number `at`; returns how many tokens it commits."""
    tokens, top = trace.tokens, trace.header.model.num_layers
    left = found.limit - at - 2  # one is the target's own
    fronts: list[int] = []
    lead = at
    ended = trace.finish_reason == "eos" and lead == len(tokens) - 1
    right = True
    while right and not ended and len(fronts) < min(asked["max_early"], left) and lead < len(slots) - 1:
        exit_layer = None
        for layer, (token, confidence) in sorted(looks[slots[lead]].items()):
            found.looks += 1
            if confidence > asked["threshold"]:
                exit_layer, right = layer, token == tokens[lead + 1]
                break
        if exit_layer is None:
            break
        fronts.append(exit_layer)
        found.calls += exit_layer
        found.seconds += _climb_seconds(trace.header.calibration, exit_layer, top, [])
        lead += right
        ended = trace.finish_reason == "eos" and lead == len(tokens) - 1
    found.goes_beyond |= right and not ended and lead == len(tokens) - 1
    if not right:
        _stray(trace, looks.values(), asked, min(asked["max_early"], left) - len(fronts), found)
    found.calls += top
    found.seconds += _climb_seconds(trace.header.calibration, top, top, fronts)
    found.steps += 1
    found.drafted += len(fronts)
    found.taken_back += not right
    return lead - at + (0 if ended else 1)


def _stray(
    trace: Trace,
    seen: Iterable[Mapping[int, tuple[int, float]]],
    asked: Mapping[str, Any],
    places: int,
    found: _Climbs,
) -> None:
    """What follows a wrong early token was never computed: take it to leave as often, and as high, as right ones."""
    exits = [
        next((layer for layer, (_, sure) in sorted(look.items()) if sure > asked["threshold"]), None)
        for look in seen
    ]
    left_at = [layer for layer in exits if layer is not None]
    share, height = len(left_at) / len(exits), sum(left_at) / max(len(left_at), 1)
    more = sum(share**number for number in range(1, places + 1))  # expected early tokens after it
    found.calls += more * height
    found.drafted += more
    found.taken_back += more
    found.looks += more
    top = trace.header.model.num_layers
    found.seconds += more * _climb_seconds(trace.header.calibration, round(height), top, [])


def _climb_seconds(calibration: Calibration | None, to: int, top: int, fronts: list[int]) -> float:
    """Layers 0..to-1 for one token, and with it those that wait at `fronts`."""
    if calibration is None:
        return 0.0
    return sum(
        pass_seconds(calibration, 1 + sum(front <= layer for front in fronts)) / top for layer in range(to)
    )


def exits_of(trace: Trace) -> list[int]:
    """After how many layers the method looks, rising. WhatIfError where the trace does not say."""
    parts = str(trace.header.method.knobs.get("layers", ""))[:60].split(",")
    top = trace.header.model.num_layers
    if not all(part.isascii() and part.isdigit() and 0 < int(part) < top for part in parts):
        raise WhatIfError("the trace does not say after which layers a token could leave")
    return sorted({int(part) for part in parts})


def looks_of(trace: Trace) -> dict[int, dict[int, tuple[int, float]]]:
    """slot -> layer -> (token, confidence) at the method's own candidate layers."""
    layers = set(exits_of(trace))
    found: dict[int, dict[int, tuple[int, float]]] = {}
    for step in trace.steps:
        for event in step.events:
            if isinstance(event, Observed | Readout) and event.layer in layers:
                found.setdefault(event.slot, {})[event.layer] = (event.token, event.confidence)
    slots = [slot for step in trace.steps for slot in step.commit.slots][:-1]
    if any(layers - found.get(slot, {}).keys() for slot in slots):
        raise WhatIfError("not every layer of every token was looked at; record the run with observe=full")
    return found


def seconds_a_look(trace: Trace) -> float:
    """What a look on the way up took in the recorded run."""
    looks = sum(len(step.of(Readout)) for step in trace.steps[1:])
    return sum(step.seconds.draft for step in trace.steps[1:]) / max(looks, 1)
