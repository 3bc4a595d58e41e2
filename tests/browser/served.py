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
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]


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
