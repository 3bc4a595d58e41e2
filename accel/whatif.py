"""What another knob would have done, worked out from one recorded run: no model, standard library only.

`exact` is said only where the trace decides everything: SuffixDecoding's drafts depend on the text alone, so a cold
greedy run can be replayed; AdaDecode is decided as long as every exit taken at that threshold was right, since what a
wrong token would have led to was never computed. Anything else is an `estimate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from accel.drafting import pass_seconds
from accel.replay import Knobs, rounds_of
from accel.suffix_drafter import Answers
from accel.trace import Calibration, Draft, LayerRun, Observed, Readout, Trace, Verdict


class WhatIfError(ValueError):
    """This trace cannot answer; the message says what it lacks."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole run under other knobs. Tokens and steps after the prefill, as in metrics.py."""

    kind: Literal["exact", "estimate"]
    num_tokens: int
    num_steps: int
    num_drafted: float  # whole where exact
    num_taken_back: float  # drafted and not kept
    layer_calls_per_token: float
    speedup: float | None  # predicted from the trace's calibration; None without one


def whatif(trace: Trace, knobs: Mapping[str, Any]) -> Outcome:
    """The run with these knobs changed. Raises WhatIfError for a method or trace that cannot say."""
    tokens = trace.tokens
    if len(tokens) < 2:
        raise WhatIfError("the run has fewer than two tokens")
    if trace.header.sampling.temperature > 0:
        raise WhatIfError("the run was sampled; what another draw would have given was never computed")
    asked = {**trace.header.method.knobs, **knobs}
    name = trace.header.method.name
    if name == "suffix":
        return _suffix(trace, asked)
    if name == "adadecode":
        return _adadecode(trace, asked)
    if name == "clasp":
        return _clasp(trace, asked)
    raise WhatIfError(f"{name} has no knob that a recorded run can answer for")


def _suffix(trace: Trace, asked: Mapping[str, Any]) -> Outcome:
    """Replay the drafter over the recorded text."""
    if asked["fallback"] != "none":
        raise WhatIfError("a fallback drafter guessed too; its guesses under other knobs were never computed")
    fields = {name: asked[name] for name in Knobs.__dataclass_fields__}
    calibration = trace.header.calibration
    used = calibration if asked["calibrated"] else None
    answer = list(trace.tokens)
    rounds = list(rounds_of(trace.header.prompt.tokens, answer, Knobs(**fields), Answers(), used))
    seconds = drafting = _seconds_a_step(trace) * len(rounds)
    if calibration is not None:
        seconds = drafting + sum(pass_seconds(calibration, 1 + step.drafted) for step in rounds)
    drafted, kept = sum(step.drafted for step in rounds), sum(step.accepted for step in rounds)
    calls = len(rounds) * trace.header.model.num_layers
    # A warm session knew more than the trace holds, and a text cut off midway has a draft that nobody saw the end of.
    kind: Literal["exact", "estimate"] = "estimate" if trace.header.warm else "exact"
    return _outcome(trace, kind, len(rounds), drafted, drafted - kept, calls, seconds)


@dataclass
class _Climbs:
    """What a simulated AdaDecode run adds up to."""

    calls: float = 0.0
    steps: int = 0
    drafted: float = 0.0
    taken_back: float = 0.0
    looks: float = 0.0
    seconds: float = 0.0


def _adadecode(trace: Trace, asked: Mapping[str, Any]) -> Outcome:
    """Let each committed token climb again, leaving where its recorded confidence says."""
    looks = _looks(trace)
    slots = [slot for step in trace.steps for slot in step.commit.slots]
    found = _Climbs()
    at = 0
    while at < len(slots) - 1:
        at += _round(trace, looks, slots, at, asked, found)
    calibration = trace.header.calibration
    seconds = found.seconds + found.looks * _seconds_a_look(trace) if calibration else 0.0
    kind: Literal["exact", "estimate"] = "estimate" if found.taken_back else "exact"
    return _outcome(trace, kind, found.steps, found.drafted, found.taken_back, found.calls, seconds)


def _round(
    trace: Trace,
    looks: Mapping[int, Mapping[int, tuple[int, float]]],
    slots: list[int],
    at: int,
    asked: Mapping[str, Any],
    found: _Climbs,
) -> int:
    """One step from committed token number `at`; returns how many tokens it commits."""
    tokens, top = trace.tokens, trace.header.model.num_layers
    left = trace.header.limits.max_new_tokens - at - 2  # one is the target's own
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
    if not right:
        _stray(trace, looks, asked, min(asked["max_early"], left) - len(fronts), found)
    found.calls += top
    found.seconds += _climb_seconds(trace.header.calibration, top, top, fronts)
    found.steps += 1
    found.drafted += len(fronts)
    found.taken_back += not right
    return lead - at + (0 if ended else 1)


def _stray(
    trace: Trace,
    looks: Mapping[int, Mapping[int, tuple[int, float]]],
    asked: Mapping[str, Any],
    places: int,
    found: _Climbs,
) -> None:
    """What follows a wrong early token was never computed: take it to leave as often, and as high, as right ones."""
    exits = [
        next((layer for layer, (_, sure) in sorted(seen.items()) if sure > asked["threshold"]), None)
        for seen in looks.values()
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


def _looks(trace: Trace) -> dict[int, dict[int, tuple[int, float]]]:
    """slot -> layer -> (token, confidence) at the method's own candidate layers."""
    layers = {int(layer) for layer in str(trace.header.method.knobs["layers"]).split(",")}
    found: dict[int, dict[int, tuple[int, float]]] = {}
    for step in trace.steps:
        for event in step.events:
            if isinstance(event, Observed | Readout) and event.layer in layers:
                found.setdefault(event.slot, {})[event.layer] = (event.token, event.confidence)
    slots = [slot for step in trace.steps for slot in step.commit.slots][:-1]
    if any(layers - found.get(slot, {}).keys() for slot in slots):
        raise WhatIfError("not every layer of every token was looked at; record the run with observe=full")
    return found


def _clasp(trace: Trace, asked: Mapping[str, Any]) -> Outcome:
    """Cut each recorded draft where its confidence falls below the line; a longer one was never computed."""
    top = trace.header.model.num_layers
    calibration = trace.header.calibration
    tokens = drafted = taken_back = calls = 0
    seconds = 0.0
    for step in trace.steps[1:]:
        drafts = [event for event in step.events if isinstance(event, Draft)]
        kept = sum(isinstance(event, Verdict) and event.accepted for event in step.events)
        own = sum(e.last - e.first for e in step.events if isinstance(e, LayerRun) and e.lane != "target")
        length = next(
            (i + 1 for i, d in enumerate(drafts) if d.draft_prob < asked["draft_exit"]), len(drafts)
        )
        length = min(length, int(asked["num_draft_tokens"]))
        tokens += min(kept, length) + 1
        drafted += length
        taken_back += max(length - kept, 0)
        share = length / len(drafts) if drafts else 1.0
        calls += top + round(own * share)
        if calibration is not None:
            seconds += pass_seconds(calibration, 1 + length) + step.seconds.draft * share
    same = asked["draft_exit"] == trace.header.method.knobs["draft_exit"]
    kind: Literal["exact", "estimate"] = "exact" if same else "estimate"
    return Outcome(
        kind,
        tokens,
        len(trace.steps) - 1,
        drafted,
        taken_back,
        calls / max(tokens, 1),
        pass_seconds(calibration, 1) * tokens / seconds if calibration is not None and seconds else None,
    )


def _outcome(
    trace: Trace,
    kind: Literal["exact", "estimate"],
    steps: int,
    drafted: float,
    lost: float,
    calls: float,
    seconds: float,
) -> Outcome:
    tokens = len(trace.tokens) - 1
    calibration = trace.header.calibration
    speedup = pass_seconds(calibration, 1) * tokens / seconds if calibration is not None and seconds else None
    return Outcome(kind, tokens, steps, drafted, lost, calls / tokens, speedup)


def _seconds_a_step(trace: Trace) -> float:
    """What drafting took, a step, in the recorded run."""
    steps = trace.steps[1:]
    return sum(step.seconds.draft for step in steps) / max(len(steps), 1)


def _seconds_a_look(trace: Trace) -> float:
    """What a look on the way up took in the recorded run."""
    looks = sum(isinstance(event, Readout) for step in trace.steps[1:] for event in step.events)
    return sum(step.seconds.draft for step in trace.steps[1:]) / max(looks, 1)
