"""The browser works out other knobs as Python does: the same numbers, the same kind, the same refusals."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import accel
from accel.trace import Trace
from accel.whatif import TURNS, Outcome, WhatIfError, whatif
from tests.tiny import tiny
from visuals.explorer import FOLDER, WHATIF_SCRIPTS
from visuals.scene import scene
from visuals.whatif_json import MAX_TOKENS, whatif_json

HERE = Path(__file__).parent
SHIPPED = sorted((HERE.parents[1] / "assets" / "traces").glob("*.jsonl"))
CHOICES = {bool: [False, True], str: ["both", "request", "session"]}
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
    for _ in range(number):
        drawn: dict[str, Any] = {}
        for name, turn in turns.items():
            if turn.kind is float:
                drawn[name] = round(dice.uniform(turn.low, turn.high), 2)
            elif turn.kind is int:
                drawn[name] = dice.randint(int(turn.low), int(turn.high))
            else:
                drawn[name] = dice.choice(CHOICES[turn.kind])
        asked.append(drawn)
    return asked


def in_the_browser(cases: list[tuple[Trace, list[dict[str, Any]]]]) -> list[list[dict[str, Any]]]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is missing: the browser test of the Tune tab runs the same script")
    told = [{"facts": json.loads(json.dumps(whatif_json(t))), "knobs": asked} for t, asked in cases]
    scripts = "\n".join((FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in WHATIF_SCRIPTS)
    done = subprocess.run(
        [node, HERE / "whatif_in_node.js"],
        input=json.dumps({"scripts": scripts, "cases": told}),
        capture_output=True,
        text=True,
        check=True,
    )
    answers: list[list[dict[str, Any]]] = json.loads(done.stdout)
    return answers


def answered(trace: Trace, asked: dict[str, Any]) -> Outcome | str:
    try:
        return whatif(trace, asked)
    except WhatIfError as error:
        return str(error)


def check(cases: list[tuple[Trace, list[dict[str, Any]]]]) -> set[str]:
    """Compare every answer; returns what kinds there were."""
    kinds = set()
    for (trace, every), answers in zip(cases, in_the_browser(cases), strict=True):
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


def test_every_shipped_trace_gets_the_same_answers() -> None:
    assert len(SHIPPED) >= 12
    traces = [Trace.load(path) for path in SHIPPED]
    assert check([(trace, asked_of(trace, 25)) for trace in traces]) == {"exact", "estimate", "refusal"}


def test_runs_of_a_tiny_model_get_the_same_answers() -> None:
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
    check([(trace, asked_of(trace, 25)) for trace in [*traces, warm, *bare]])


def test_the_scene_carries_the_facts_and_a_vast_run_says_why_not() -> None:
    trace = Trace.load(SHIPPED[0])
    assert scene(trace)["end"]["whatif"] == whatif_json(trace)
    vast = replace(
        trace, header=replace(trace.header, prompt=replace(trace.header.prompt, tokens=(1,) * 5000))
    )
    assert str(MAX_TOKENS) in whatif_json(vast)["refusal"]
