"""A page served by a process of its own, on a free port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
WITHOUT_MODEL = ("-c", "import app; app.serve(app.build())")  # recorded runs are all that is needed


@contextmanager
def served(*command: str, **environment: str) -> Iterator[str]:
    """The address of `python <command>` for as long as the block lasts; it has answered once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    env = {
        **os.environ,
        "GRADIO_SERVER_PORT": port,
        "GRADIO_SERVER_NAME": "127.0.0.1",
        **environment,
    }
    server = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(600):
            try:
                urlopen(url, timeout=5).read()
                break
            except (URLError, OSError):
                assert server.poll() is None, "the server ended"
                time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(30)


@contextmanager
def visited(chromium: Any, address: str, query: str = "", **context: Any) -> Iterator[Any]:
    """A page opened at an address and a query. When it is left, errors in its console and requests elsewhere fail.

    `asked` holds the addresses that it asked for.
    """
    page = chromium.new_page(**({"viewport": {"width": 1280, "height": 900}} | context))
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    # A stream that the page itself closes at its end is reported as an aborted request; it is none.
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(address + query)
    yield page
    page.close()
    elsewhere = [url for url in page.asked if not url.startswith((address, "data:", "blob:"))]
    assert not complaints, complaints  # pytest explains no assertion of a module that is no test
    assert not elsewhere, elsewhere
