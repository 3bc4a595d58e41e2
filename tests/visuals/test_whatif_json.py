"""What the browser is told of a run, so that it can work out other knobs: tests/browser/test_whatif.py asks it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from accel.trace import Trace
from visuals.scene import scene
from visuals.whatif_json import MAX_TOKENS, whatif_json

SHIPPED = sorted((Path(__file__).parents[2] / "assets" / "traces").glob("*.jsonl"))


def test_the_scene_carries_the_facts_and_a_vast_run_says_why_not() -> None:
    trace = Trace.load(SHIPPED[0])
    assert scene(trace)["end"]["whatif"] == whatif_json(trace)
    vast = replace(
        trace, header=replace(trace.header, prompt=replace(trace.header.prompt, tokens=(1,) * 5000))
    )
    assert str(MAX_TOKENS) in whatif_json(vast)["refusal"]
