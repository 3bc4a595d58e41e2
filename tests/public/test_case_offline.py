"""With the network cut and the cache filled: page, recorded runs, a live run and an export work."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import Any

import pytest

from accel.trace import Trace
from tests.browser.served import served

# Given to the server's own Python: whoever connects anywhere else, or looks a name up, fails at once.
CUT = """
import socket
connect, lookup = socket.socket.connect, socket.getaddrinfo
def near(host): return host in (None, '', '0.0.0.0', '127.0.0.1', '::1', 'localhost', b'localhost')
def only_here(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and not near(address[0]):
        raise OSError(f'the network is cut: {address[0]}')
    return connect(self, address)
def known(host, *rest, **more):
    if not near(host):
        raise socket.gaierror(f'the network is cut: {host}')
    return lookup(host, *rest, **more)
socket.socket.connect, socket.getaddrinfo = only_here, known
"""
SERVE = f"{CUT}\nimport app; app.main()"


@pytest.mark.case(7, 9)
def test_the_cut_cuts():
    tried = f"{CUT}\nsocket.create_connection(('192.0.2.1', 80), 1)"
    ended = subprocess.run([sys.executable, "-c", tried], capture_output=True, text=True, timeout=60)
    assert "the network is cut: 192.0.2.1" in ended.stderr
    assert socket.getaddrinfo("127.0.0.1", 80)  # not in this process


@pytest.mark.case(7, 9)
def test_everything_works_without_a_network_once_the_cache_is_filled(cache):
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    from tests.public.visitors import Page, Visitor

    with served(
        "-c", SERVE, DRAFTSCOPE_PUBLIC="1", DRAFTSCOPE_CACHE=str(cache), HF_HUB_OFFLINE="0"
    ) as address:
        client = Client(address, verbose=False)
        listed = client.predict(api_name="/traces")
        assert client.predict(listed[0]["slug"], api_name="/trace")["steps"]
        found: dict[str, Any] = client.predict("Hi", max_new_tokens=8, api_name="/decode")
        lines = [json.dumps(part) for part in (found["header"], *found["steps"], found["footer"])]
        assert len(Trace.from_lines(lines).tokens) == 8
        with pytest.raises(AppError, match="hub is out of reach"):
            client.predict("Hi", model="Qwen/Qwen2.5-0.5B-Instruct", api_name="/decode")
        page = Page(address)
        with Visitor(page) as visitor:
            assert visitor.run(prompt="a", **{"Most new tokens": 8}).startswith("Done")
            assert exported(visitor, "trace").startswith('{"schema"')
            assert "<html" in exported(visitor, "html")


def exported(visitor: Any, kind: str) -> str:
    """A file of the visitor's newest run, as the Export menu gets it."""
    from visuals.export import EXPORTS

    assert kind in EXPORTS, list(EXPORTS)
    messages = visitor.send(visitor.page.events[0], [None], event_data={"kind": kind, "slug": None})
    told = messages[-1]["output"]["data"][1]
    answer = visitor.http.get(f"{visitor.page.address}gradio_api/file={told['value']['path']}")
    answer.raise_for_status()
    return str(answer.text)
