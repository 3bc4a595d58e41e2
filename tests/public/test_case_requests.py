"""What strangers send over HTTP: each is answered in words or refused, and the page goes on for the others."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from accel.trace import Trace
from tests.public.visitors import Page, Visitor, status_of
from visuals.page.doors import OFFERED

LENGTH, EVERY = "Most new tokens", "Look at every layer (off the clock)"


@pytest.fixture(scope="module")
def page(address: str) -> Page:
    return Page(address)


@pytest.fixture
def visitor(page: Page) -> Iterator[Visitor]:
    with Visitor(page) as made:
        yield made


def assert_serves(page: Page) -> None:
    """A visitor who comes now is served."""
    with Visitor(page) as fresh:
        assert fresh.run(prompt="a cat", **{LENGTH: 4}).startswith("Done")


def test_no_event_of_the_page_has_gradio_show_progress(page):
    """Any that did would have it go through all components at each update of a stream (visuals/page/events.py)."""
    wired = [event for event in page.events if event["outputs"] and event["api_name"] not in OFFERED]
    assert len(wired) > 10
    assert [event["id"] for event in wired if event["show_progress_on"] != []] == []


@pytest.mark.case(2)
def test_a_prompt_is_refused_before_it_is_read(page, visitor, client):
    began = time.perf_counter()
    told = visitor.run(prompt="x" * 900_000)
    assert "prompt: it has 900,000 characters; at most 8,000 are read. Shorten it" in told
    answer = visitor.join("run", prompt="x" * 5_000_000)
    assert answer.status_code == 413
    assert "larger than 1,000,000 bytes" in answer.json()["detail"]
    assert time.perf_counter() - began < 2.0  # most of it is sending; the check itself is measured elsewhere
    with pytest.raises(AppError, match="at most 8,000"):
        client.predict("x" * 900_000, api_name="/decode")
    assert_serves(page)


@pytest.mark.case(4)
@pytest.mark.parametrize(
    "prompt",
    [
        "nul \0 inside",
        "half \ud83d here",
        "right \u202e to left",
        "\U0001f468\u200d\U0001f469",
        "\ufeff mark",
    ],
)
def test_strange_characters_are_decoded_and_shown_inert(visitor, client, prompt):
    assert visitor.run(prompt=prompt, **{LENGTH: 4}).startswith("Done")
    if "\ud83d" not in prompt:  # no JSON in UTF-8 can carry half a character as it is
        found = client.predict(prompt=prompt, max_new_tokens=4, api_name="/decode")
        lines = [json.dumps(part) for part in (found["header"], *found["steps"], found["footer"])]
        assert len(Trace.from_lines(lines).tokens) == 4


@pytest.mark.case(5)
@pytest.mark.parametrize(
    "prompt", ["<img src=x onerror=alert(1)>", "</script><script>1</script>", "${7*7} {{7*7}}"]
)
def test_no_message_to_the_page_carries_markup_of_a_visitor(visitor, prompt):
    for message in visitor.press("run", prompt=prompt, Method=prompt):
        status = status_of(message)
        assert "<img" not in status
        assert "<script" not in status


NUMBERS = [
    ("max_new_tokens", [0, -5, 10**9, 1.5, "abc", None, True]),
    ("temperature", [-1, 1e9, "hot", None, "nan", "inf"]),
    ("top_p", [0, 1.5, "nan"]),
    ("top_k", [-1, 10**9, 0.5]),
    ("seed", [-1, 2**70]),
]


@pytest.mark.case(6, 11)
@pytest.mark.parametrize(("field", "values"), NUMBERS)
def test_numbers_that_make_no_sense_are_refused_by_field(client, field, values):
    for value in values:
        with pytest.raises(AppError) as refused:
            client.predict(prompt="Hi", **{field: value}, api_name="/decode")
        assert field in str(refused.value)
        assert "Traceback" not in str(refused.value)


@pytest.mark.case(6)
def test_a_forged_form_is_refused_and_shows_nothing_of_the_inside(page, visitor):
    forged: list[dict[str, Any]] = [
        {LENGTH: 300}, {"Top-p": 0}, {"Seed": None}, {"Model": ["a"]}, {"Model": "/etc"}, {"method": {}},
    ]  # fmt: skip
    for changed in forged:
        last = visitor.press("run", **changed)[-1]
        assert "Traceback" not in json.dumps(last)
        assert "site-packages" not in json.dumps(last)
        assert not status_of(last).startswith("Done")
    assert_serves(page)


STRANGE = ["../../etc", "http://169.254.169.254/x", "user/repo;rm", "\u0455mollm2-135m", ["a"], None, "/etc"]


@pytest.mark.case(7)
@pytest.mark.parametrize("model", STRANGE)
def test_a_model_that_is_not_on_the_list_is_unknown(client, model):
    with pytest.raises(AppError, match=r"model: .* is not one of smollm2-135m"):
        client.predict(prompt="Hi", model=model, api_name="/decode")


@pytest.mark.case(16)
@pytest.mark.parametrize("gone", ["closed", "stopped"])
def test_a_run_that_nobody_waits_for_makes_room_within_a_step(page, visitor, gone):
    assert visitor.run(prompt="warm up", **{LENGTH: 2}).startswith("Done")
    visitor.join("race-start", **{"race-prompt": "hello", "Tokens each": 256, "Rounds": 5}).raise_for_status()
    with visitor.stream() as told:
        while "Measuring" not in status_of(next(told)):
            pass
        if gone == "stopped":
            assert visitor.at_once("race-stop").status_code == 200
            left = next(
                status_of(m) for m in told if "Stopped" in status_of(m) or m["msg"] == "process_completed"
            )
            assert "Stopped" in left
    began = time.perf_counter()
    assert_serves(page)
    assert time.perf_counter() - began < 8.0  # the whole race takes far longer


@pytest.mark.case(17)
def test_of_more_runs_than_may_wait_the_rest_are_told_so_and_the_others_are_served(page):
    with ExitStack() as tabs:
        holding, *visitors = [tabs.enter_context(Visitor(page)) for _ in range(27)]
        holding.join(
            "race-start", **{"race-prompt": "hello", "Tokens each": 256, "Rounds": 5}
        ).raise_for_status()
        with holding.stream() as told, ThreadPoolExecutor(len(visitors)) as pool:
            while "Measuring" not in status_of(next(told)):
                pass
            runs = [pool.submit(one.run, prompt="cat", **{LENGTH: 4}) for one in visitors]
            deadline = time.monotonic() + 30
            while sum(run.done() for run in runs) < len(visitors) - 16 and time.monotonic() < deadline:
                time.sleep(0.05)
            refused = [run.result() for run in runs if run.done()]
            holding.at_once("race-stop")
            ends = [run.result(timeout=60) for run in runs]
    assert len(refused) == 26 - 16
    assert all("The server is full: 16 runs are waiting already" in said for said in refused)
    assert sum(said.startswith("Done") for said in ends) == 16
    assert_serves(page)


PATHS = [
    "/etc/passwd", "../../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "file:///etc/passwd", "/proc/self/environ",
    "app.py", "constraints.txt", "C:\\Windows\\win.ini", "//etc/passwd", "..%2f..%2fetc%2fpasswd",
]  # fmt: skip


@pytest.mark.case(21)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("way", ["file=", "file/", "proxy="])
def test_no_file_of_the_server_is_given_out(address, path, way):
    answer = httpx.get(f"{address}gradio_api/{way}{path}", timeout=30)
    assert answer.status_code in (400, 403, 404)
    assert "root:" not in answer.text


@pytest.mark.case(21, 22)
def test_an_upload_is_bounded_and_kept_under_a_name_of_the_servers(address, tmp_path_factory):
    sent = {"files": ("../../evil.jsonl", b"x")}
    kept = httpx.post(f"{address}gradio_api/upload", files=sent, timeout=30).json()
    assert [path.rpartition("/")[2] for path in kept] == ["evil.jsonl"]
    assert all(".." not in path for path in kept)
    large = {"files": ("large.jsonl", b"x" * 22_000_000)}
    assert httpx.post(f"{address}gradio_api/upload", files=large, timeout=60).status_code == 413


NO_TRACES = [
    b"{}", b"[" * 100_000, b'{"schema":NaN}\n{}', b'{"__proto__":{"a":1}}\n{}', b"\xff\xfe", b'{"schema":-1}\n{}',
]  # fmt: skip


@pytest.mark.case(22)
@pytest.mark.parametrize("text", NO_TRACES)
def test_a_file_that_is_no_trace_is_refused_in_words(address, page, visitor, text):
    kept = httpx.post(f"{address}gradio_api/upload", files={"files": ("t.jsonl", text)}, timeout=30).json()
    event = next(
        e for e in page.events if any(what == "upload" for _, what in e["targets"]) and len(e["outputs"]) > 5
    )
    file = {"path": kept[0], "orig_name": "t.jsonl", "meta": {"_type": "gradio.FileData"}}
    began = time.perf_counter()
    last = visitor.send(event, [None, file])[-1]
    assert "ds-error" in str(last["output"]["data"][2])
    assert time.perf_counter() - began < 2.0


@pytest.mark.case(27)
def test_the_pages_own_events_have_no_names_for_programs(address, page):
    names = {event["api_name"] for event in page.events if event["api_visibility"] == "private"}
    assert len(names) > 20
    for name in names:
        for way in ("call", "run", "api", "call/v2"):
            assert httpx.post(f"{address}gradio_api/{way}/{name}", json={"data": []}).status_code == 404
    assert httpx.get(f"{address}gradio_api/deep_link?session_hash=x").status_code == 404
    assert httpx.get(f"{address}monitoring").status_code == 404
    info = httpx.get(f"{address}gradio_api/info").json()
    assert set(info["named_endpoints"]) == {"/traces", "/trace", "/schema", "/whatif", "/decode"}
    assert info["unnamed_endpoints"] == {}


@pytest.mark.case(27)
def test_an_event_called_by_number_stands_in_the_queue_and_is_checked_as_the_form_is(address, page, visitor):
    asked = {"data": page.form("run"), "fn_index": page.event("run")["id"], "session_hash": "x"}
    assert httpx.post(f"{address}gradio_api/run/predict", json=asked).status_code == 404
    for number in (-1, 10_000, "run"):
        answer = httpx.post(f"{address}gradio_api/run/predict", json={"data": [], "fn_index": number})
        assert answer.status_code >= 400
        assert "Traceback" not in answer.text
    assert_serves(page)


@pytest.mark.case(16)
def test_the_offered_endpoints_still_answer(client: Client):
    assert len(client.predict(api_name="/traces")) >= 12
