"""The browser works out other knobs as Python does: the same numbers, the same kind, the same refusals."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import accel
from accel.trace import Trace
from accel.whatif import TURNS, Outcome, WhatIfError, whatif
from tests.endings import CHOICES, ENDINGS, SETTINGS, case, drawn_knobs
from tests.tiny import tiny
from visuals.explorer import FOLDER, WHATIF_SCRIPTS
from visuals.whatif_json import whatif_json

pytestmark = pytest.mark.browser

SHIPPED = sorted((Path(__file__).parents[2] / "assets" / "traces").glob("*.jsonl"))
IN_THE_BROWSER = (
    "(cases) => cases.map(({facts, knobs}) => knobs.map((asked) => DraftScope.whatif(facts, asked)))"
)
PROMPT = [5, 17, 42, 7, 5, 17, 42, 9, 5, 17]
NAMES = {
    "num_tokens": "tokens",
    "num_steps": "steps",
    "num_drafted": "drafted",
    "num_taken_back": "takenBack",
    "layer_calls_per_token": "callsPerToken",
    "speedup": "speedup",
}


def asked_of(trace: Trace, number: int) -> list[dict[str, Any]]:
    """The recorded knobs, the ends of each that can be turned, and some drawn at random."""
    turns = TURNS.get(trace.header.method.name, {})
    dice = random.Random(0)
    asked: list[dict[str, Any]] = [{}, {"no_such_knob": 1}]
    for name, turn in turns.items():
        ends = CHOICES.get(turn.kind, [turn.low, turn.high, turn.high + 1])
        asked += [{name: value} for value in ends]
    asked += [drawn_knobs(trace.header.method.name, dice) for _ in range(number) if turns]
    return asked


def in_the_browser(chromium: Any, cases: list[tuple[Trace, list[dict[str, Any]]]]) -> list[Any]:
    asked = [{"facts": whatif_json(trace), "knobs": knobs} for trace, knobs in cases]
    page = chromium.new_page()
    for name in WHATIF_SCRIPTS:
        page.add_script_tag(content=(FOLDER / f"{name}.js").read_text(encoding="utf-8"))
    answers: list[Any] = page.evaluate(IN_THE_BROWSER, asked)
    page.close()
    return answers


def answered(trace: Trace, asked: dict[str, Any]) -> Outcome | str:
    try:
        return whatif(trace, asked)
    except WhatIfError as error:
        return str(error)


def check(chromium: Any, cases: list[tuple[Trace, list[dict[str, Any]]]]) -> set[str]:
    """Compare every answer; returns what kinds there were."""
    kinds = set()
    for (trace, every), answers in zip(cases, in_the_browser(chromium, cases), strict=True):
        for asked, answer in zip(every, answers, strict=True):
            expected = answered(trace, asked)
            if isinstance(expected, str):
                assert answer == {"refusal": expected}, asked
                kinds.add("refusal")
                continue
            assert answer["kind"] == expected.kind, asked
            for ours, theirs in NAMES.items():
                value = getattr(expected, ours)
                same = (
                    value
                    if value is None or isinstance(value, int)
                    else pytest.approx(value, rel=1e-9, abs=0)
                )
                assert answer[theirs] == same, (ours, asked)
            kinds.add(expected.kind)
    return kinds


def test_every_shipped_trace_gets_the_same_answers(chromium: Any) -> None:
    assert len(SHIPPED) >= 12
    traces = [Trace.load(path) for path in SHIPPED]
    kinds = check(chromium, [(trace, asked_of(trace, 25)) for trace in traces])
    assert kinds == {"exact", "estimate", "refusal"}


def test_runs_of_a_tiny_model_get_the_same_answers(chromium: Any) -> None:
    """Its text goes round in circles: long matches, deep drafts, many exits, ends of drafts at the limit."""
    runs: list[tuple[str, dict[str, Any]]] = [
        ("suffix", {}),
        ("suffix", {"branching": True, "alpha": 4.0, "calibrated": False}),
        ("adadecode", {"layers": "1,2", "heads": "plain", "threshold": 0.3}),
        ("clasp", {"calibrated": False, "draft_exit": 0.1}),
    ]
    traces = [
        accel.generate(tiny(), PROMPT, method=method, knobs=knobs, max_new_tokens=200, observe="full")
        for method, knobs in runs
    ]
    warm = replace(traces[0], header=replace(traces[0].header, warm=True))
    bare = [replace(trace, header=replace(trace.header, calibration=None)) for trace in traces]
    old = [replace(t, header=replace(t.header, context=None)) for t in traces]
    check(chromium, [(trace, asked_of(trace, 25)) for trace in [*traces, warm, *bare, *old]])


def test_however_a_run_ended_it_gets_the_same_answers(chromium: Any) -> None:
    runs = [case(method, ending, 1).run() for method in SETTINGS for ending in ENDINGS]
    runs += [replace(run, header=replace(run.header, context=None)) for run in runs]
    assert check(chromium, [(run, asked_of(run, 5)) for run in runs]) >= {"exact", "estimate"}
