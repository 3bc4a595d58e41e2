"""What programs can ask of the page: the recorded runs, their what-ifs, the schema, and a run of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from jsonschema import Draft202012Validator

from accel.codec import encode
from accel.schema import trace_schema
from accel.trace import Trace
from accel.whatif import whatif
from tests.browser.served import ROOT, served

SHIPPED = sorted((ROOT / "assets" / "traces").glob("*.jsonl"))
SLUG, REPEATING = "leaving-early-when-sure-adadecode", "repeating-a-text-suffixdecoding"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served("-c", "import app; app.serve(app.build())", DRAFTSCOPE_PUBLIC="1") as url:
        yield url


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    return Client(address, verbose=False)


def lines(found: dict[str, Any]) -> list[str]:
    return [json.dumps(part) for part in (found["header"], *found["steps"], found["footer"])]


def test_programs_are_offered_these_and_nothing_else(client):
    offered = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(offered) == {"/traces", "/trace", "/whatif", "/schema", "/decode"}
    for name, endpoint in offered.items():
        assert endpoint["returns"], name
        assert endpoint["description"], name
        assert all(parameter["type"] for parameter in endpoint["parameters"])


def test_the_recorded_runs_are_listed_and_given_whole(client):
    listed = client.predict(api_name="/traces")
    assert len(listed) == len(SHIPPED) >= 12
    assert SLUG in {run["slug"] for run in listed}
    found = client.predict(SLUG, api_name="/trace")
    path = next(path for path in SHIPPED if "Leaving-early" in path.name)
    assert found == encode(Trace.load(path))
    schema = client.predict(api_name="/schema")
    assert schema == trace_schema()
    Draft202012Validator(schema).validate({**found, "steps": found["steps"][:3]})


def test_other_knobs_are_answered_from_the_trace(client):
    found = client.predict(REPEATING, {"num_draft_tokens": 3}, api_name="/whatif")
    path = next(path for path in SHIPPED if "Repeating-a-text" in path.name)
    assert found == asdict(whatif(Trace.load(path), {"num_draft_tokens": 3}))
    assert found["kind"] == "exact"


@pytest.mark.parametrize(
    ("endpoint", "sent", "said"),
    [
        ("/trace", ["../../etc/passwd"], "trace: no recorded run is called"),
        ("/trace", [7], "trace: no recorded run"),
        ("/whatif", [SLUG, {"threshold": "nan"}], "knobs.threshold"),
        ("/whatif", [SLUG, {"nothing": 1}], "has no such knob"),
        ("/whatif", [SLUG, [1]], "knobs: expected values by name"),
        (
            "/whatif",
            ["one-token-at-a-time-the-model-alone", {}],
            "no knob that a recorded run can answer for",
        ),
        ("/decode", ["  "], "prompt: it is empty"),
        ("/decode", ["x" * 20_001], "prompt: it has 20,001"),
        ("/decode", ["Hi", "nothing"], "method: 'nothing' is not one of"),
        ("/decode", ["Hi", "suffix", {"alpha": 99}], "knobs.alpha"),
        ("/decode", ["Hi", "suffix", None, "/etc"], "model: '/etc' is not one of"),
        ("/decode", ["Hi", "suffix", None, "smollm2-135m", 10_000], "max_new_tokens"),
        ("/decode", ["Hi", "suffix", None, "smollm2-135m", 8, "hot"], "temperature"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_of_the_inside_is_shown(client, endpoint, sent, said):
    with pytest.raises(AppError) as refused:
        client.predict(*sent, api_name=endpoint)
    assert said in str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert str(ROOT) not in str(refused.value)


@pytest.mark.slow
def test_a_prompt_is_decoded_and_its_trace_returned(embedded_folder, client):
    found = client.predict(
        prompt="Count from one to five.", method="prompt_lookup", knobs={"num_draft_tokens": 4}, max_new_tokens=8,
        api_name="/decode",
    )  # fmt: skip
    Draft202012Validator(trace_schema()).validate(found)
    trace = Trace.from_lines(lines(found))
    assert 1 <= len(trace.tokens) <= 8
    assert trace.header.method.knobs["num_draft_tokens"] == 4
    assert not trace.header.warm
