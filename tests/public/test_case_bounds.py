"""What a request may carry, what may be asked for, and what of it stays on the disk: bounds that strangers meet."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.public.serving import Server, serving
from tests.public.visitors import Page

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux's /proc")
JSON = {"content-type": "application/json"}
JOIN, UPLOAD = "gradio_api/queue/join", "gradio_api/upload"


@pytest.fixture(scope="module")
def server(cache, tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("bounds")
    with serving(folder, DRAFTSCOPE_CACHE=str(cache), DRAFTSCOPE_UPLOAD_MEGABYTES="40") as made:
        yield made


def post(server: Server, where: str, content: object) -> httpx.Response:
    return httpx.post(f"{server.address}{where}", content=content, headers=JSON, timeout=60)


@pytest.mark.case(28)
@pytest.mark.parametrize("piece", [b"[],", b"{},", b'"' + b"x" * 1000 + b'",'])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_twenty_megabytes_is_refused_unread(server, piece, chunked):
    body = b'{"data":[' + piece * (19_800_000 // len(piece)) + b"0]}"
    parts = [body[at : at + 200_000] for at in range(0, len(body), 200_000)]
    before, began = server.memory(), time.perf_counter()
    answer = post(server, JOIN, iter(parts) if chunked else body)
    assert answer.status_code == 413
    assert "at most that much is read" in answer.json()["detail"]
    assert time.perf_counter() - began < 5.0
    assert server.memory() - before < 40


@pytest.mark.case(28)
def test_a_body_within_the_bytes_is_bounded_in_values(server):
    body = b'{"data":[' + b"[]," * 300_000 + b"0]}"
    before = server.memory()
    for where in (JOIN, "gradio_api/run/predict", "gradio_api/call/trace", "gradio_api/cancel"):
        answer = post(server, where, body)
        assert answer.status_code == 413
        assert "10,000 values" in answer.json()["detail"]
    assert server.memory() - before < 60
    assert post(server, JOIN, b"[" * 900_000).status_code == 400  # deeper than can be read


@pytest.mark.case(28)
def test_an_upload_is_bounded_in_all_its_files_together(server):
    files = [("files", (f"{number}.jsonl", b"x" * 9_000_000)) for number in range(3)]
    assert httpx.post(f"{server.address}{UPLOAD}", files=files, timeout=60).status_code == 413
    files = [("other", (f"{number}.jsonl", b"x" * 9_000_000)) for number in range(3)]
    assert httpx.post(f"{server.address}{UPLOAD}", files=files, timeout=60).status_code == 413


@pytest.mark.case(24, 28)
def test_files_of_visitors_never_hold_more_than_their_share_of_the_disk(server):
    statuses = []
    for name in ("other", "files", "other", "other", "files", "other"):
        sent = {name: ("t.jsonl", name.encode() * 3_500_000)}
        statuses.append(httpx.post(f"{server.address}{UPLOAD}", files=sent, timeout=60))
    held = sum(path.stat().st_size for path in server.files())
    assert held <= 40_000_000 + 21_000_000
    full = [answer for answer in statuses if answer.status_code != 200]
    assert full  # six times 17 MB in a few seconds
    assert all(answer.status_code == 507 and "disk" in answer.text for answer in full)


NOT_OFFERED = [
    ("GET", "gradio_api/dev/reload"), ("POST", "gradio_api/process_recording"), ("GET", "gradio_api/runs"),
    ("POST", "gradio_api/component_server"), ("GET", "gradio_api/token"), ("GET", "monitoring/summary"),
    ("GET", "gradio_api/deep_link?session_hash=x"), ("POST", "login"), ("GET", "logout"), ("GET", "docs"),
    ("GET", "openapi.json"), ("GET", "pwa_icon/100000"), ("GET", "gradio_api/stream/a/b/c/playlist.m3u8"),
    ("GET", "gradio_api/custom_component/a/client/b/c"), ("POST", "gradio_api/vibe-edit"),
    ("GET", "gradio_api/proxy=x%00"), ("GET", "?page=x"), ("GET", "static/%00"), ("GET", "static/%ff%0a"),
    ("GET", "gradio_api/file=/" + "x" * 300), ("GET", "static/" + "x" * 3000), ("GET", "//"),
]  # fmt: skip


@pytest.mark.case(28)
@pytest.mark.parametrize(("method", "path"), NOT_OFFERED)
def test_what_the_page_does_not_need_is_not_there(server, method, path):
    answer = httpx.request(method, f"{server.address}{path}", timeout=5)
    assert answer.status_code in (403, 404)
    assert "Traceback" not in server.said()


@pytest.mark.case(28)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_methods_that_nothing_needs_are_refused(server, method):
    assert httpx.request(method, server.address, timeout=5).status_code == 405


FORGED = [
    ({"fn_index": -1}, 404), ({"fn_index": 10**9}, 404), ({"fn_index": 10**30}, 404), ({"fn_index": "x"}, 404),
    ({"fn_index": True}, 404), ({"fn_index": None}, 404), ({"data": {}}, 422), ({"data": []}, 422),
    ({"event_data": "index"}, 422), ({"event_data": [1]}, 422), ({"session_hash": "x" * 300}, 422),
    ({"session_hash": 7}, 422), ({"trigger_id": 10**300}, 422), ({"batched": True}, 422), ({"event_id": {}}, 422),
]  # fmt: skip


@pytest.mark.case(28)
@pytest.mark.parametrize(("changed", "status"), FORGED)
def test_a_forged_event_is_refused_by_its_field(server, changed, status):
    page = Page(server.address)
    opening = next(event for event in page.events if event["targets"][0][1] == "select")
    asked = {
        "data": [None] * len(opening["inputs"]),
        "fn_index": opening["id"],
        "session_hash": "one",
    } | changed
    for where in ("gradio_api/run/predict", JOIN):
        answer = httpx.post(f"{server.address}{where}", json=asked, timeout=30)
        assert answer.status_code == status
        assert next(iter(changed)) in answer.json()["detail"]
    assert "Traceback" not in server.said()


@pytest.mark.case(6, 28)
def test_values_that_no_control_sends_are_refused_without_a_traceback(server):
    page = Page(server.address)
    for event in page.events:
        if event["api_visibility"] != "private" or event["queue"] is not False or not event["backend_fn"]:
            continue
        for value in ({"a": 1}, [[]], -1, "\0", {"path": 3, "meta": {"_type": "gradio.FileData"}}):
            asked = {"data": [value] * len(event["inputs"]), "fn_index": event["id"], "session_hash": "two"}
            asked["event_data"] = {"index": value, "kind": value, "slug": value}
            answer = httpx.post(f"{server.address}gradio_api/run/predict", json=asked, timeout=30)
            assert answer.status_code == 200 or answer.json()["error"]
    assert "Traceback" not in server.said()


@pytest.mark.case(28)
@pytest.mark.parametrize("given", ["bytes=1-2-3", "bytes=-", "bytes=0-0,2-3", "bytes=²-³", "lines=1-2", "x"])
def test_a_range_that_is_none_is_not_there(server, given):
    sent = {"files": ("t.jsonl", b"0123456789")}
    path = httpx.post(f"{server.address}{UPLOAD}", files=sent, timeout=30).json()[0]
    url = f"{server.address}gradio_api/file={path}"
    answer = httpx.get(url, headers={"range": given.encode()}, timeout=30)
    assert (answer.status_code, answer.content) == (200, b"0123456789")
    answer = httpx.get(url, headers={"range": "bytes=2-4"}, timeout=30)
    assert (answer.status_code, answer.content) == (206, b"234")


@pytest.mark.case(28)
def test_streams_that_nobody_began_leave_no_line_in_the_log(server):
    before = len(server.said())
    with httpx.Client(timeout=30) as client:
        for number in range(100):
            told = client.get(f"{server.address}gradio_api/queue/data?session_hash=none{number}")
            assert "unexpected_error" in told.text
            client.get(server.address, headers={"upgrade": "websocket", "connection": "upgrade"})
    assert len(server.said()) - before < 20_000


@pytest.mark.case(28)
def test_half_a_request_is_closed_and_half_a_body_is_refused(server):
    host, port = server.address.removeprefix("http://").rstrip("/").split(":")
    head = f"POST /{JOIN} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n".encode()
    halves = [b"GET / HTTP/1.1\r\nhost: " + host.encode(), b"", head + b"content-length: 100\r\n\r\n{"]
    held = []
    for half in halves:
        held.append(socket.create_connection((host, int(port)), 5))
        held[-1].sendall(half)
    answers = []
    for connection in held:
        connection.settimeout(60)
        with connection:
            answers.append(connection.recv(4000))
    assert answers[:2] == [b"", b""]
    assert answers[2].startswith(b"HTTP/1.1 408 ")


@pytest.mark.case(28)
def test_the_page_stands_in_no_frame_of_another_site(server):
    headers = httpx.get(server.address, timeout=30).headers
    assert headers["content-security-policy"] == "frame-ancestors 'self'"
    assert headers["x-frame-options"] == "SAMEORIGIN"
