"""The JSON schema of a trace: current on disk, true of every shipped run, and as strict as the reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing.jsonschema import EMPTY_REGISTRY

from accel.codec import EVENTS, encode
from accel.schema import trace_schema
from accel.trace import Trace, TraceError
from accel.trace_reader import parse
from tests.visuals.method_runs import ALL
from tests.visuals.runs import chain

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = sorted((ROOT / "assets" / "traces").glob("*.jsonl"))
SCHEMA = trace_schema()


def validator(part: str | None = None) -> Draft202012Validator:
    schema = SCHEMA if part is None else {"$ref": f"#/$defs/{part}", "$defs": SCHEMA["$defs"]}
    return Draft202012Validator(schema, registry=EMPTY_REGISTRY)


def test_it_is_a_schema_and_the_one_in_the_documents():
    Draft202012Validator.check_schema(SCHEMA)
    written = json.loads((ROOT / "docs" / "trace.schema.json").read_text(encoding="utf-8"))
    assert written == SCHEMA, "run: make docs"
    assert set(EVENTS) <= set(SCHEMA["$defs"])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_line_of_a_shipped_run_is_valid(path):
    header, *steps, footer = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    validator("Header").validate(header)
    validator("Footer").validate(footer)
    kinds = {name: validator(name) for name in EVENTS}
    step = validator("Step")
    for each in steps:
        for event in each["events"]:  # by its kind, or each would be tried against all
            kinds[event["kind"]].validate(event)
        step.validate({**each, "events": each["events"][-2:]})


@pytest.mark.parametrize("name", ALL)
def test_a_whole_trace_is_valid_as_one_object(name):
    validator().validate(encode(ALL[name]()))


def spoiled() -> list[tuple[str, Any]]:
    """A trace with one thing wrong in it, each by what is wrong."""
    found = []
    for what, change in {
        "a field too many": lambda t: t["header"].update(extra=1),
        "a field missing": lambda t: t["steps"][0].pop("seconds"),
        "an event of no kind": lambda t: t["steps"][1]["events"][0].update(kind="Nothing"),
        "another schema": lambda t: t["header"].update(schema=2),
        "a list for a processor": lambda t: t["header"].update(processors={"suppress_tokens": [3]}),
        "text for a number": lambda t: t["steps"][1]["events"][0].update(slot="3"),
        "a piece of no bytes": lambda t: t["steps"][0]["pieces"].update({"1": [256]}),
        "a token that is no id": lambda t: t["steps"][0]["pieces"].update({"x": "a"}),
        "an unknown ending": lambda t: t["footer"].update(finish_reason="bored"),
    }.items():
        trace = encode(chain().trace())
        change(trace)
        found.append((what, trace))
    return found


@pytest.mark.parametrize(
    ("what", "trace"), spoiled(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_schema_refuses_what_the_reader_refuses(what, trace):
    assert not validator().is_valid(trace), what
    with pytest.raises(TraceError):
        parse([json.dumps(part) for part in (trace["header"], *trace["steps"], trace["footer"])])


def test_the_schema_asks_for_no_field_that_older_traces_lack():
    trace = encode(chain().trace())
    del trace["header"]["processors"]
    validator().validate(trace)


def test_the_object_is_the_file():
    trace = chain().trace()
    plain = encode(trace)
    assert [plain["header"], *plain["steps"], plain["footer"]] == [json.loads(line) for line in trace.lines()]
    assert (
        Trace.from_lines(json.dumps(part) for part in (plain["header"], *plain["steps"], plain["footer"]))
        == trace
    )
