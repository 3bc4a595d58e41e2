"""A GPU lent by the call: asked for in proportion to the tokens, plain data in and out; else nothing changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.browser.served import ROOT
from visuals.page import gpu
from visuals.page.work import LENT_RUN, _lent_run

# Stands in for the platform's package: it records the seconds, and sends all that goes in and out through pickle, as
# the real one does between two processes.
STAND_IN = """
import json, os, pickle

def GPU(duration):
    def wrap(work):
        def call(*given):
            with open(os.environ["ASKED"], "a") as file:
                file.write(json.dumps([work.__name__, duration(*given)]) + "\\n")
            given = pickle.loads(pickle.dumps(given))
            for part in work(*given):
                yield pickle.loads(pickle.dumps(part))
        return call
    return wrap
"""

RUNS = """
import sys
from threading import Event
from tests.page.test_inputs import form, race_form
from accel.trace import Trace
from visuals.page.inputs import check_asked, check_race
from visuals.page.measure_inputs import check_measure
from visuals.page.live import play
from visuals.page.visitor import Visitor
from visuals.page.work import measure_parts, race_parts, run_parts
from accel.sweep import Measured

for tokens in (8, 200):
    visitor = Visitor()
    updates = list(play(visitor, check_asked(form(max_new_tokens=tokens, check=False)), visitor.stop))
    assert updates[-1].over and len(visitor.trace.tokens) == tokens, updates[-1].status
    assert Trace.from_lines(visitor.trace.lines()) == visitor.trace

visitor = Visitor()
work = play(visitor, check_asked(form(max_new_tokens=200)), visitor.stop)
while next(work).status != "Decoding\\u2026":
    pass
next(work)  # the first steps
visitor.stop.set()
rest = list(work)
assert visitor.trace.finish_reason == "cancelled" and rest[-1].over, rest[-1].status
assert 0 < len(visitor.trace.tokens) < 200
assert Trace.from_lines(visitor.trace.lines()) == visitor.trace

*_, traces = race_parts(check_race(race_form(max_new_tokens=8, rounds=1)), Event())
assert [len(trace.tokens) for trace in traces] == [8, 8]
asked = check_measure(form(), {"prompt": "a", "method": "suffix", "max_new_tokens": 4, "rounds": 1, "knob": "alpha",
                               "values": "1, 2", "second": "none", "second_values": ""})
assert sum(isinstance(part, Measured) for part in measure_parts(asked, Event())) == 2
"""


def test_the_seconds_grow_with_the_tokens_within_bounds():
    assert gpu.seconds_for(1) >= gpu.FEWEST
    assert gpu.seconds_for(100) < gpu.seconds_for(400) <= gpu.MOST
    assert gpu.seconds_for(10**9) == gpu.MOST


def test_where_no_gpu_is_lent_the_work_is_not_touched():
    assert not gpu.is_lent()
    assert LENT_RUN is _lent_run


def test_a_platform_package_that_cannot_be_imported_costs_nothing_without_a_lent_gpu(tmp_path: Path) -> None:
    (tmp_path / "spaces.py").write_text("raise RuntimeError('Could not determine home directory.')")
    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    ended = subprocess.run(
        [sys.executable, "-c", "import visuals.page.work"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-2000:]


def test_on_a_lent_gpu_runs_races_and_sweeps_work_with_plain_data_only(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "spaces.py").write_text(STAND_IN)
    env = {
        **os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT))), "SPACES_ZERO_GPU": "true",
        "ASKED": str(tmp_path / "asked"), "DRAFTSCOPE_CACHE": str(cache),
    }  # fmt: skip
    ended = subprocess.run(
        [sys.executable, "-c", RUNS], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    asked = [json.loads(line) for line in (tmp_path / "asked").read_text().splitlines()]
    assert [name for name, _ in asked] == ["_lent_run"] * 3 + ["_lent_race", "_lent_measure"]
    seconds = [found for _, found in asked]
    assert seconds[:3] == [gpu.seconds_for(8), gpu.seconds_for(200), gpu.seconds_for(400)]
    assert seconds[3] == gpu.seconds_for(8 * 2 * 2)
