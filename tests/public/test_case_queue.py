"""One stranger against gradio's queue and the line of runs: what others ask for is still answered."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.public.serving import Server, serving
from tests.public.visitors import Page, Visitor

LENGTH = "Most new tokens"
WHATIF = {"data": ["repeating-a-text-suffixdecoding", {"alpha": 2.0}]}


@pytest.fixture(scope="module")
def server(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A page with the limits of a public one, where a test says whose address it has."""
    folder = tmp_path_factory.mktemp("queue")
    with serving(folder, DRAFTSCOPE_CACHE=str(cache), FORWARDED_ALLOW_IPS="127.0.0.1") as made:
        yield made


def assert_serves(page: Page) -> None:
    """A visitor from another address, who comes now, is served."""
    with Visitor(page) as fresh:
        fresh.http.headers.update({"x-forwarded-for": f"198.51.100.{uuid4().int % 250}"})
        assert fresh.run(prompt="a cat", **{LENGTH: 4}).startswith("Done")


def decoding(tokens: int = 64) -> dict[str, Any]:
    """The body of a `decode`, as long as is allowed."""
    knobs: dict[str, Any] = {}
    return {
        "data": ["a cat", "autoregressive", knobs, "smollm2-135m", tokens, 0, 0, 1, 0, "", True, True, True]
    }


def fetched(http: httpx.Client, address: str, name: str, event: str) -> tuple[str, Any]:
    """How an event of the API ended, and what it said."""
    kind = ""
    with http.stream("GET", f"{address}gradio_api/call/{name}/{event}") as answer:
        for line in answer.iter_lines():
            if line.startswith("event:"):
                kind = line.partition(":")[2].strip()
            elif line.startswith("data:") and kind in ("complete", "error"):
                return kind, json.loads(line[5:])
    raise AssertionError(f"the stream of {name} ended without an answer")


@pytest.mark.case(17)
def test_requests_whose_answers_nobody_reads_do_not_end_the_queue(cache, tmp_path):
    limits = {"DRAFTSCOPE_RUNS_PER_MINUTE": "0", "DRAFTSCOPE_RUNS_AT_ONCE": "0"}
    with (
        serving(tmp_path, DRAFTSCOPE_CACHE=str(cache), **limits) as server,
        httpx.Client(base_url=f"{server.address}gradio_api/", timeout=60) as http,
    ):
        page = Page(server.address)
        for _ in range(45):
            http.post("call/whatif", json=WHATIF)
        stop = {"data": [None], "fn_index": page.event("race-stop")["id"]}
        for _ in range(560):  # as many tabs are remembered, and more
            http.post("queue/join", json={**stop, "session_hash": uuid4().hex})
        assert_serves(page)
        assert "KeyError" not in server.said()
        assert "queue failed" not in server.said()


@pytest.mark.case(17)
def test_one_address_does_not_fill_the_queue_and_is_told_so(server):
    page = Page(server.address)
    with httpx.Client(base_url=f"{server.address}gradio_api/", timeout=60) as http:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: http.post("call/whatif", json=WHATIF), range(100)))
        assert_serves(page)
    refused = [answer for answer in answers if answer.status_code != 200]
    assert {answer.status_code for answer in refused} == {429}
    assert all("Requests from your address that wait for their answers" in one.text for one in refused)


@pytest.mark.case(17)
def test_a_hundred_visitors_at_once_are_all_answered_in_the_pages_words(server):
    page = Page(server.address)

    def visit(at: int) -> str:
        with Visitor(page, timeout=240) as visitor:
            visitor.http.headers.update({"x-forwarded-for": f"203.0.113.{at}"})
            return visitor.run(prompt="a cat", **{LENGTH: 4})

    with ThreadPoolExecutor(100) as pool:
        told = list(pool.map(visit, range(100)))
    done, full = ({said for said in told if word in said} for word in ("Done", "The server is full"))
    assert done
    assert full
    assert set(told) == done | full


@pytest.mark.case(17)
def test_one_address_has_two_places_of_the_line(server):
    page = Page(server.address)
    with httpx.Client(base_url=f"{server.address}gradio_api/", timeout=120) as http:
        events = [http.post("call/decode", json=decoding()).json()["event_id"] for _ in range(9)]
        assert_serves(page)  # after at most two runs
        ends = [fetched(http, server.address, "decode", event) for event in events[2:]]
    assert {kind for kind, _ in ends} == {"error"}
    assert all("Runs from your address that wait or decode: 2" in str(said) for _, said in ends)


@pytest.mark.case(16)
def test_a_decode_whose_listener_left_ends_early(server):
    page = Page(server.address)
    headers = {"x-forwarded-for": "192.0.2.16"}
    with httpx.Client(base_url=f"{server.address}gradio_api/", timeout=120, headers=headers) as http:
        began = time.monotonic()
        event = http.post("call/decode", json=decoding(256)).json()["event_id"]
        assert fetched(http, server.address, "decode", event)[0] == "complete"
        whole = time.monotonic() - began
        event = http.post("call/decode", json=decoding(256)).json()["event_id"]
        with http.stream("GET", f"call/decode/{event}"):
            pass  # begins to listen, and leaves
    began = time.monotonic()
    assert_serves(page)
    assert time.monotonic() - began < whole / 2 + 1.0


@pytest.mark.case(17)
@pytest.mark.slow
def test_an_answer_is_kept_for_a_program_that_fetches_it_later(server):
    with httpx.Client(base_url=f"{server.address}gradio_api/", timeout=60) as http:
        event = http.post("call/decode", json=decoding(8)).json()["event_id"]
        time.sleep(33)
        for _ in range(3):  # others who come meanwhile
            assert_serves(Page(server.address))
        kind, said = fetched(http, server.address, "decode", event)
    assert kind == "complete", said


@pytest.mark.case(17)
def test_events_cancelled_before_they_begin_give_their_place_back(server):
    page = Page(server.address)
    number = page.event("race-stop")["id"]
    with httpx.Client(base_url=f"{server.address}gradio_api/", timeout=60) as http:

        def join_and_cancel(at: int) -> None:
            name = uuid4().hex
            asked = {"data": [None], "fn_index": number, "session_hash": name}
            headers = {"x-forwarded-for": f"203.0.113.{at % 250}"}
            with ThreadPoolExecutor(2) as pair:
                joined = pair.submit(http.post, "queue/join", json=asked, headers=headers)
                body = {"session_hash": name, "fn_index": number, "event_id": "none"}
                pair.submit(http.post, "cancel", json=body).result()
                joined.result()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(join_and_cancel, range(300)))
    assert_serves(page)
