"""No address is fetched for a visitor: an upstream that a stranger names sees nothing, whatever the way."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.browser.served import served
from tests.public.visitors import Page, Visitor

# An address that gradio takes for a public one (100.64.0.0/10, where a cloud keeps its metadata) leads the server's own
# process to the upstream of this test, as a route would.
ELSEWHERE = "100.64.7.7"
ROUTED = f"""
import socket
connect = socket.socket.connect
def routed(self, address):
    if self.family == socket.AF_INET and address[0] == {ELSEWHERE!r}:
        address = ('127.0.0.1', *address[1:])
    return connect(self, address)
socket.socket.connect = routed
"""
SERVE = f"{ROUTED}\nimport app; app.main()"
SECRET = b"what only the server can reach"


class Upstream(ThreadingHTTPServer):
    """Counts what it is asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://{ELSEWHERE}:{self.server_port}/secret.jsonl"


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Upstream)
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("content-length", str(len(SECRET)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(SECRET)

    do_HEAD = do_GET

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    server = Upstream()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def relay(cache) -> Iterator[str]:
    with served("-c", SERVE, DRAFTSCOPE_PUBLIC="1", DRAFTSCOPE_CACHE=str(cache)) as address:
        yield address


WAYS = ("file=", "file/", "proxy=", "file=/", "file=//x/../", "file=%2568ttp", "file=%0a", "file=\\")


@pytest.mark.case(21)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("way", WAYS)
def test_no_address_in_a_path_is_fetched(relay, upstream, way, method):
    answer = httpx.request(method, f"{relay}gradio_api/{way}{upstream.url}", timeout=30)
    assert answer.status_code in (403, 404)
    assert SECRET not in answer.content
    assert upstream.asked == []


@pytest.mark.case(21)
@pytest.mark.parametrize("field", ["path", "url"])
def test_no_address_in_a_file_of_a_form_is_fetched(relay, upstream, field):
    page = Page(relay)
    events = [event for event in page.events if [what for _, what in event["targets"]] == ["upload"]]
    assert len(events) == 2
    for event in events:
        file = {"path": "/nowhere/x.jsonl", "meta": {"_type": "gradio.FileData"}, field: upstream.url}
        asked = {"data": [None, file], "fn_index": event["id"], "session_hash": "someone"}
        for where in ("run/predict", "queue/join"):
            answer = httpx.post(f"{relay}gradio_api/{where}", json=asked, timeout=30)
            assert answer.status_code == 400
            assert "is not a file that was uploaded here" in answer.json()["detail"]
    assert upstream.asked == []


@pytest.mark.case(21)
def test_the_address_that_comes_with_an_uploaded_file_is_not_looked_at(relay, upstream):
    sent = {"files": ("t.jsonl", b"{}")}
    kept = httpx.post(f"{relay}gradio_api/upload", files=sent, timeout=30).json()
    event = next(event for event in Page(relay).events if event["targets"][0][1] == "upload")
    file = {"path": kept[0], "url": upstream.url, "meta": {"_type": "gradio.FileData"}}
    with Visitor(Page(relay)) as visitor:
        assert "ds-error" in str(visitor.send(event, [None, file]))  # it is no trace
    assert upstream.asked == []
