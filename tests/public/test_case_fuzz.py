"""Odd requests from a seed against a page that is really served: each is answered, and nothing of it remains."""

from __future__ import annotations

import json
import os
import re
import socket
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from tests.public.odd_requests import odd_request
from tests.public.serving import Server, serving
from tests.public.visitors import Page, Visitor

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux's /proc")
SEED = int(os.environ.get("DRAFTSCOPE_FUZZ_SEED", "12"))
COUNT = int(os.environ.get("DRAFTSCOPE_FUZZ_COUNT", "400"))
MEMORY = 120.0  # megabytes that all of them may add
PATIENCE = 5.0  # seconds
READ = 200_000  # bytes of an answer


def answer_to(server: Server, request: bytes) -> bytes:
    """What comes back: all of a short answer, the beginning of a stream."""
    host, _, port = server.address.removeprefix("http://").rstrip("/").partition(":")
    said = b""
    with socket.create_connection((host, int(port)), PATIENCE) as connection:
        connection.settimeout(PATIENCE)
        with suppress(OSError):  # refused before all of it was sent
            connection.sendall(request)
        with suppress(OSError):  # half a request has no answer yet
            while len(said) < READ and (part := connection.recv(65536)):
                said += part
                head, _, body = said.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: (\d+)", head)
                if b"text/event-stream" in head or (length and len(body) >= int(length[1])):
                    break
    return said


def is_said_in_words(request: bytes, answer: bytes) -> bool:
    """Whether an answer of status 500 is gradio's to a direct call that the function refused, with its reason."""
    if not request.partition(b" ")[2].lstrip(b"/").startswith((b"gradio_api/run/", b"gradio_api/api/")):
        return False
    error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    return isinstance(error, str) and "went wrong inside" not in error


@pytest.mark.case(31)
def test_odd_requests_are_answered_without_a_traceback_and_leave_nothing(cache, tmp_path):
    with serving(tmp_path, DRAFTSCOPE_CACHE=str(cache), DRAFTSCOPE_RUNS_PER_MINUTE="0") as server:
        page, random = Page(server.address), Random(SEED)
        host = server.address.removeprefix("http://").rstrip("/")
        statuses: Counter[bytes] = Counter()
        for number in range(COUNT):
            if number == COUNT // 4:  # what is made once has been made
                before, threads = server.memory(), server.threads()
            request = odd_request(random, host)
            answer = answer_to(server, request)
            status = answer[9:12]
            statuses[status] += 1
            assert status != b"500" or is_said_in_words(request, answer), (
                number,
                request[:800],
                answer[:800],
            )
            assert server.process.poll() is None, (number, request[:800])
        print(statuses)
        assert statuses[b"200"] > COUNT // 5
        assert "Traceback" not in server.said(), server.said()[-4000:]
        assert len(server.said()) < 20_000
        assert server.memory() - before < MEMORY
        assert server.threads() <= threads + 40  # the workers of the web server
        with Visitor(page) as visitor:
            assert visitor.run(prompt="a", **{"Most new tokens": 4}).startswith("Done")
        assert server.stop() == 0
