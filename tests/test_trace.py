"""Traces survive JSON, and a file from anyone is refused with the line and the field at fault."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from accel.metrics import metrics
from accel.trace import (
    Baseline,
    Calibration,
    Commit,
    Draft,
    Event,
    Footer,
    Header,
    LayerRun,
    Limits,
    Match,
    MatrixUpdate,
    MethodInfo,
    ModelInfo,
    Observed,
    Occurrence,
    Parity,
    Prompt,
    Readout,
    Residual,
    Rollback,
    RowChange,
    SamplingInfo,
    Search,
    SearchNode,
    Seconds,
    SkipPlan,
    Step,
    Trace,
    TraceError,
    Verdict,
)

ROOT = Path(__file__).parents[1]
MODEL = ModelInfo("toy", "f00d", "llama", 4, "float32", "cpu", 1, "fused")
HEADER = Header(
    1, MODEL, MethodInfo("m", {"alpha": 1.5, "depth": 4, "on": True, "kind": "é"}),
    replace(MODEL, name="draft"), SamplingInfo(0.7, 5, 0.9, 3), Limits(9, ("\n", "€"), True),
    Prompt((5, 6, 5)), False, "full", Calibration((1, 2), (0.1, 0.2), 0.01),
    {"repetition_penalty": 1.1, "suppress_tokens": "[3, 7]"},
)  # fmt: skip
PREFILL = (LayerRun("target", 0, 4, (0, 1, 2)), Observed(2, 4, 8, 0.5), Commit((3,), (7,), "plain", 0.25))
ROUND = (
    Match("text", 3, 2, 1.5, True),
    Search((SearchNode(-1, (7, 8), 0.5, 3, 0.1, True), SearchNode(0, (8, 9), 0.5, 1, 0.2, False)), (0, 1)),
    SkipPlan((1, 2), ((1.0, 0.5), (0.25, 0.125))),
    Draft(4, 3, 8, 0.5, "text"),
    Draft(5, 4, 9, 0.25, "text"),
    Draft(6, 3, 5, 0.125, "text"),
    Readout(4, 2, 8, 0.9, 0.8, False),
    LayerRun("target", 0, 4, (3, 4, 5, 6)),
    Verdict(4, "drawn", 0.5, 1.0, 0.3, True),
    Verdict(5, "one-hot", 0.1, 0.1, 0.7, False),
    Residual(5, (6, 7), (0.75, 0.25)),
    Rollback((5,)),
    Occurrence("text", 2, 3, 7, 4, (5, 6, 7, 8)),
    MatrixUpdate((RowChange((7, 8), (9, 5), (0.0, 0.5), (0.25, 0.5)),)),
    Commit((4, 7), (8, 6), "recovered", 0.5),
)
PIECES = {5: b"a", 6: b"\xe2\x82", 7: b"\xac", 8: 'é\u2028"\n</script>'.encode(), 9: b"\xff\x00"}
TRACE = Trace(
    HEADER,
    (Step(0, PREFILL, PIECES, Seconds(0.1, 0.2, 0.3, 0.4)), Step(1, ROUND, {}, Seconds(0.5, 0.6, 0.7, 0.8))),
    Footer("stop", "tëxt", Parity(True, False, 3, 0.5), Baseline(3, 0.9), {"num_tokens": 3.0}),
)
LINES = list(TRACE.lines())


def test_every_kind_of_event_and_every_field_survives(tmp_path):
    assert {type(event) for step in TRACE.steps for event in step.events} == set(get_args(Event))
    TRACE.save(tmp_path / "trace.jsonl")
    again = Trace.load(tmp_path / "trace.jsonl")
    assert again == TRACE
    assert again.header.calibration == HEADER.calibration
    assert [step.seconds for step in again.steps] == [step.seconds for step in TRACE.steps]
    assert (again.footer.baseline, again.metrics) == (TRACE.footer.baseline, TRACE.metrics)
    assert again.pieces == PIECES
    assert list(again.lines()) == LINES


def test_absent_parts_survive_too():
    bare = replace(TRACE, header=replace(HEADER, draft_model=None, calibration=None))
    bare = replace(bare, footer=Footer("length", "", Parity(False, False, None, None), None, {}))
    again = Trace.from_lines(bare.lines())
    assert again == bare
    assert again.header.calibration is None
    assert again.footer.baseline is None


def test_a_trace_from_before_processors_were_recorded_has_none():
    older = Trace.from_lines(with_value(1, "processors", GONE))
    assert older == replace(TRACE, header=replace(HEADER, processors={}))


def test_traces_are_equal_when_all_but_clocks_is():
    slower = tuple(replace(step, seconds=Seconds(9.0, 9.0, 9.0, 9.0)) for step in TRACE.steps)
    assert replace(TRACE, steps=slower, header=replace(HEADER, calibration=None)) == TRACE
    assert replace(TRACE, header=replace(HEADER, warm=True)) != TRACE


def test_a_run_cancelled_in_its_prompt_has_no_step_and_can_be_read():
    none = replace(TRACE, steps=(), footer=Footer("cancelled", "", TRACE.footer.parity, None, {}))
    again = Trace.from_lines(none.lines())
    assert again == none
    assert (again.tokens, again.text, again.pieces) == ([], "", {})
    assert metrics(again)["num_tokens"] == 0


def test_blank_lines_and_carriage_returns_are_no_matter():
    assert Trace.from_lines(["", *(line + "\r\n" for line in LINES), " "]) == TRACE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "not a trace"), (b"\n \n", "not a trace"), (b"{}", "not a trace"), (b"MZ\x90\x00", "UTF-8"),
        (b"hello\nyou\nthere", "line 1: not valid JSON"), (b"[]\n[]\n[]", "line 1: expected a JSON object"),
        (b"{}\n{}\n{}", "line 1, schema"), (b"\xef\xbb\xbf{}\n{}\n{}", "line 1, schema"),
        (b"[" * 100_000 + b"\n{}\n{}", "line 1: not valid JSON"),
        (b'{"schema":' * 100_000 + b"1" + b"}" * 100_000 + b"\n{}\n{}", "line 1: not valid JSON"),
        (b'{"schema":' + b"9" * 5000 + b"}\n{}\n{}", "line 1: not valid JSON"),
    ],
)  # fmt: skip
def test_what_is_no_trace_is_refused(text, said, tmp_path):
    (tmp_path / "file").write_bytes(text)
    with pytest.raises(TraceError, match=re.escape(said)):
        Trace.load(tmp_path / "file")


GONE = object()
HOSTILE = [
    (1, "schema", GONE, "schema"), (1, "schema", 2, "says '2'"), (1, "schema", True, "schema"),
    (1, "schema", [1], "schema"), (1, "schema", 1.0, "line 1.schema"), (1, "extra", 1, "line 1.extra"),
    (1, "__proto__", {"polluted": 1}, "line 1.__proto__"), (1, "model", None, "line 1.model"),
    (1, "model.num_layers", 2.0, "num_layers"),
    (1, "model.num_layers", True, "line 1.model.num_layers"), (1, "model.num_layers", 2**60, "num_layers"),
    (1, "method.knobs", [], "line 1.method.knobs"), (1, "method.knobs.a", None, "line 1.method.knobs.a"),
    (1, "method.knobs.a", float("nan"), "line 1"), (1, "method.name", 3, "line 1.method.name"),
    (1, "sampling.temperature", float("nan"), "line 1: not valid JSON (NaN"),
    (1, "sampling.temperature", float("-inf"), "line 1: not valid JSON (-Infinity"),
    (1, "sampling.temperature", 10**400, "line 1.sampling.temperature"),
    (1, "sampling.temperature", False, "line 1.sampling.temperature"),
    (1, "sampling.seed", -(2**60), "line 1.sampling.seed"), (1, "limits.stop", "x", "line 1.limits.stop"),
    (1, "limits.stop.0", 3, "line 1.limits.stop[0]"), (1, "observe", "all", "line 1.observe"),
    (1, "observe", ["full"], "line 1.observe"), (1, "prompt.tokens", [], "line 1.prompt.tokens"),
    (1, "prompt.tokens.1", "6", "line 1.prompt.tokens[1]"), (1, "warm", 0, "line 1.warm"),
    (1, "calibration.rows", GONE, "line 1.calibration.rows"), (1, "draft_model", "x", "line 1.draft_model"),
    (1, "processors", [], "line 1.processors"), (1, "processors", None, "line 1.processors"),
    (1, "processors.min_length", [3], "line 1.processors.min_length"),
    (2, "index", 1, "step 0, index"), (3, "index", 5, "step 1, index"), (3, "index", -1, "step 1, index"),
    (2, "seconds.draft", None, "line 2.seconds.draft"), (2, "events", [], "step 0, events"),
    (2, "events", {"0": 1}, "line 2.events"), (2, "events.0", 7, "line 2.events[0].kind"),
    (2, "events.0.kind", "Evil", "events[0].kind"), (2, "events.0.kind", GONE, "line 2.events[0].kind"),
    (2, "events.0.kind", ["LayerRun"], "line 2.events[0].kind"), (2, "events.0.last", GONE, "events[0].last"),
    (2, "events.0.slots", [[0]], "line 2.events[0].slots[0]"), (2, "events.0.slots", [3], "step 0, LayerRun"),
    (2, "events.0.slots", [-1], "step 0, LayerRun"), (2, "events.0.first", -1, "step 0, LayerRun"),
    (2, "events.0.last", 2**53, "step 0, LayerRun"), (2, "events.0.last", 0, "step 0, LayerRun"),
    (2, "events.1.slot", 3, "step 0, Observed"), (2, "events.2.slots", [4], "step 0, Commit"),
    (2, "events.2.slots", [], "step 0, Commit"), (2, "events.2.tokens", [7, 7], "step 0, Commit"),
    (2, "events.2.last", "guessed", "line 2.events[2].last"), (2, "events.1", "commit", "events[1].kind"),
    (2, "pieces.__proto__", "x", "line 2.pieces"), (2, "pieces.-5", "x", "line 2.pieces"),
    (2, "pieces.6", [256], "line 2.pieces.6"), (2, "pieces.6", [True], "line 2.pieces.6"),
    (2, "pieces.6", None, "line 2.pieces.6"), (2, "pieces.99999999999999999999", "x", "line 2.pieces"),
    (3, "events.3.slot", 5, "step 1, Draft"), (3, "events.3.slot", -4, "step 1, Draft"),
    (3, "events.3.parent", 4, "step 1, Draft"), (3, "events.3.parent", -1, "step 1, Draft"),
    (3, "events.8.slot", 7, "step 1, Verdict"), (3, "events.8.accepted", 1, "line 3.events[8].accepted"),
    (3, "events.8.rule", "luck", "line 3.events[8].rule"), (3, "events.11.slots", [9], "step 1, Rollback"),
    (3, "events.14.slots", [7, 4], "step 1, Commit"), (3, "events.2.similarity.0", 1, "similarity[0]"),
    (3, "events.1.nodes.0.pair", GONE, "line 3.events[1].nodes[0].pair"),
    (3, "events.1.nodes", [], "step 1, Search"), (3, "events.1.nodes.1.parent", 1, "step 1, Search"),
    (3, "events.1.nodes.0.parent", 0, "step 1, Search"), (3, "events.1.nodes.1.parent", -1, "step 1, Search"),
    (3, "events.1.nodes.0.pair", [7], "step 1, Search"), (3, "events.1.ended", [2], "step 1, Search"),
    (3, "events.12.end", 9, "step 1, Occurrence"), (3, "events.12.length", 4, "step 1, Occurrence"),
    (3, "events.12.answer", -1, "step 1, Occurrence"), (3, "events.12.first", -1, "step 1, Occurrence"),
    (3, "events.13.rows.0.pair", [7], "step 1, MatrixUpdate"),
    (3, "events.13.rows.0.after", [0.5], "step 1, MatrixUpdate"),
    (4, "finish_reason", "bored", "line 4.finish_reason"), (4, "text", None, "line 4.text"),
    (4, "metrics.x", 10**400, "line 4.metrics.x"), (4, "parity.margin", "0", "line 4.parity.margin"),
]  # fmt: skip


def with_value(number: int, path: str, value: object) -> list[str]:
    """The lines of the trace, with one field of one line set to a value, or gone."""
    whole = json.loads(LINES[number - 1])
    *parents, last = [int(part) if part.isdigit() and len(part) < 4 else part for part in path.split(".")]
    at = whole
    for part in parents:
        at = at[part]
    last = str(last) if isinstance(at, dict) else last
    if value is GONE:
        del at[last]
    else:
        at[last] = value
    return [*LINES[: number - 1], json.dumps(whole), *LINES[number:]]


@pytest.mark.parametrize(("number", "path", "value", "said"), HOSTILE, ids=lambda v: str(v)[:30])
def test_a_hostile_field_is_named(number, path, value, said):
    with pytest.raises(TraceError, match=re.escape(said)):
        Trace.from_lines(with_value(number, path, value))


def test_two_commits_or_a_missing_step_are_refused():
    step = json.loads(LINES[1])
    step["events"].append(step["events"][-1])
    with pytest.raises(TraceError, match="step 0, events: a step ends in exactly one Commit"):
        Trace.from_lines([LINES[0], json.dumps(step), LINES[3]])
    with pytest.raises(TraceError, match="step 0, index"):
        Trace.from_lines([LINES[0], LINES[2], LINES[3]])


def nested(depth: int) -> list[str]:
    return [LINES[0].replace('"warm":false', '"warm":' + "[" * depth + "]" * depth), *LINES[1:]]


def test_nesting_just_below_what_json_reads_is_refused_all_the_same():
    deepest = sys.getrecursionlimit()
    for depth in range(deepest, deepest - 200, -3):  # somewhere here json begins to read it
        with pytest.raises(TraceError, match=r"line 1: not valid JSON|line 1\.warm: expected true or false"):
            Trace.from_lines(nested(depth))


def test_numbers_too_large_for_a_float_are_refused():
    for text in ("1e400", "-1e999", "1" + "0" * 400):
        line = LINES[0].replace('"temperature":0.7', f'"temperature":{text}')
        with pytest.raises(TraceError, match=r"line 1\.sampling\.temperature: expected a finite number"):
            Trace.from_lines([line, *LINES[1:]])


HALVES = [(1, "method.name"), (1, "limits.stop.0"), (1, "method.knobs.\ud800"), (2, "pieces.6"), (4, "text")]


@pytest.mark.parametrize(("number", "path"), HALVES, ids=str)
def test_half_a_character_in_a_string_is_refused(number, path):
    lines = with_value(number, path, "a\ud800b")
    raw = [json.dumps(json.loads(line), ensure_ascii=False) for line in lines]
    for form in (lines, raw):
        with pytest.raises(TraceError, match=f"line {number}: ") as refusal:
            Trace.from_lines(form)
        assert str(refusal.value).encode()


def test_a_failure_halfway_leaves_the_old_file(tmp_path):
    path = tmp_path / "trace.jsonl"
    TRACE.save(path)
    broken = replace(TRACE.steps[1], events=(replace(ROUND[3], draft_prob=float("nan")), ROUND[-1]))
    with pytest.raises(ValueError, match="JSON compliant"):
        replace(TRACE, steps=(TRACE.steps[0], broken)).save(path)
    assert Trace.load(path) == TRACE
    assert [file.name for file in tmp_path.iterdir()] == ["trace.jsonl"]


def test_a_trace_is_read_where_nothing_but_the_standard_library_is(tmp_path):
    TRACE.save(tmp_path / "trace.jsonl")
    blocked = ("torch", "numpy", "transformers", "gradio", "plotly", "networkx", "typer")
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({blocked!r}))\n"
        "import accel, accel.trace, accel.codec, accel.metrics\n"
        f"trace = accel.Trace.load({str(tmp_path / 'trace.jsonl')!r})\n"
        "print(len(trace.tokens), len(accel.metrics.metrics(trace)))"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split()[0] == "3"
