"""What programs can ask of the engine: a run of their own, and other knobs for a recorded one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from threading import Event
from typing import Any

import gradio as gr

from accel.codec import encode
from accel.errors import InputError
from accel.method import knobs_of, with_knobs
from accel.methods import METHODS
from accel.models.catalogue import DEFAULT
from accel.trace import Trace
from accel.whatif import WhatIfError
from accel.whatif import whatif as outcome_of
from visuals.page import words
from visuals.page.event_queue import listener
from visuals.page.inputs import Asked, check_asked
from visuals.page.limits import CLOSING, limits
from visuals.page.line import PATIENCE, RUNS, ServerFull
from visuals.page.rate import Rate, address_of, count_run
from visuals.page.recorded import Recorded, named
from visuals.page.work import run_parts

WHATIFS = Rate()
WHATIFS_A_RUN = 6  # what-ifs that an address may ask for where it may begin one run


def decode(
    prompt: str,
    method: str = "suffix",
    knobs: dict[str, Any] | None = None,
    model: str = DEFAULT,
    max_new_tokens: int = 64,
    temperature: float = 0.0,
    top_k: int = 0,
    top_p: float = 1.0,
    seed: int = 0,
    stop: str = "",
    chat: bool = True,
    every_layer: bool = False,
    check: bool = False,
    request: gr.Request | None = None,
) -> dict[str, Any]:
    """Decode a prompt and return the whole trace: what was drafted, kept and computed in every step, and the text.

    Args:
        prompt: the text to continue, at most 20,000 characters; fewer on a public page.
        method: one of autoregressive, adadecode, suffix, aded, clasp, prompt_lookup, draft_model.
        knobs: the method's knobs by name, such as {"alpha": 2.0}; those left out keep their defaults.
        model: a model of the catalogue.
        max_new_tokens: at most 512; fewer on a public page.
        temperature: 0 is greedy.
        top_k: sample among so many tokens; 0 among all.
        top_p: sample among the likeliest tokens of this much probability.
        seed: of the numbers drawn. The same seed, knobs and calibration give the same trace; the calibration is
            measured when the model is loaded, and the knob calibrated, set to false, leaves it out.
        stop: stop strings, one a line.
        chat: put the prompt into the model's chat template.
        every_layer: record also what every layer would have said.
        check: measure the model alone too, and compare the texts.
    """
    given = {
        "prompt": prompt, "method": method, "model": model, "draft": "", "folder": "", "device": "auto",
        "dtype": "auto", "max_new_tokens": max_new_tokens, "temperature": temperature, "top_k": top_k,
        "top_p": top_p, "seed": seed, "stop": stop, "chat": chat, "every_layer": every_layer, "check": check,
    }  # fmt: skip
    asked = check_asked({**given, **_all_knobs(method, knobs)})
    count_run(request)
    left = listener()
    with RUNS.place(address_of(request)) as place:
        for _ in place.waiting(PATIENCE):
            if left() or CLOSING.is_set():
                raise ServerFull(words.LEFT_LINE)
        found: dict[str, Any] = encode(_decoded(asked, left))
    return found


def _all_knobs(method: Any, knobs: Any) -> dict[str, Any]:
    """As the form sends them: every knob of the method, by `method.knob`."""
    if not isinstance(method, str) or method not in METHODS:
        return {}  # `check_asked` says so
    kind = METHODS[method]
    chosen = with_knobs(kind, {} if knobs is None else knobs)
    return {f"{method}.{knob.name}": getattr(chosen, knob.name) for knob in knobs_of(kind)}


def _decoded(asked: Asked, left: Callable[[], bool]) -> Trace:
    """The last part of a run, which ends at its next step when its listener has left."""
    stop = Event()
    trace: Trace | None = None
    for part in run_parts(asked, stop):
        if left():
            stop.set()
        if isinstance(part, Trace):
            trace = part
    assert trace is not None
    return trace


def whatif_of(runs: Mapping[str, Recorded]) -> Callable[..., dict[str, Any]]:
    """The endpoint `whatif` over these runs."""

    def whatif(name: str, knobs: dict[str, Any], request: gr.Request | None = None) -> dict[str, Any]:
        """What other knobs would have done in a recorded run: exact where the trace decides, else an estimate.

        Args:
            name: a run's slug, as `traces` lists it.
            knobs: the knobs to change, by name, such as {"threshold": 0.6}.
        """
        WHATIFS.take(address_of(request), WHATIFS_A_RUN * limits().runs_per_minute)
        run = named(runs, name)
        checked = with_knobs(METHODS[run.ends[0].method.name], knobs)
        try:
            return asdict(outcome_of(run.trace(), {knob: getattr(checked, knob) for knob in knobs}))
        except WhatIfError as error:
            raise InputError("name", str(error)) from error

    return whatif
