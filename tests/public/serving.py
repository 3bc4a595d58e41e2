"""`app.py` in a process of its own, with its temporary files in a folder of its own, and what it holds."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.browser.served import ROOT
from tests.process_status import status

STOPPING = 30.0  # seconds a server may take to end


@dataclass
class Server:
    """A page being served on the loopback interface."""

    process: subprocess.Popen[bytes]
    address: str
    room: Path  # all its temporary files
    log: Path

    def memory(self) -> float:
        """Megabytes it holds now."""
        return status("VmRSS", self.process.pid) / 1024

    def threads(self) -> int:
        return status("Threads", self.process.pid)

    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def files(self) -> list[Path]:
        """Temporary files it has not removed; folders do not count."""
        return [path for path in self.room.rglob("*") if path.is_file()]

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> int:
        """Ask it to end, as a platform does; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOPPING)


@contextmanager
def serving(folder: Path, *before: str, **environment: str) -> Iterator[Server]:
    """Serve `app.py` with public limits for as long as the block lasts; it has answered once.

    `before` is what starts it, such as `env -u HOME`.
    """
    room = folder / "temp"
    room.mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    own = {
        "GRADIO_SERVER_PORT": port, "GRADIO_SERVER_NAME": "127.0.0.1", "DRAFTSCOPE_PUBLIC": "1",
        "HF_HUB_OFFLINE": "1", "TMPDIR": str(room),
    }  # fmt: skip
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*before, sys.executable, "app.py"],
            cwd=ROOT,
            env={**os.environ, **own, **environment},
            stdout=out,
            stderr=out,
        )
        server = Server(process, f"http://127.0.0.1:{port}/", room, log)
        try:
            _wait(server)
            yield server
        finally:
            if process.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    server.stop()
            process.kill()
            process.wait()


def _wait(server: Server) -> None:
    for _ in range(1200):
        with suppress(httpx.HTTPError):
            if httpx.get(server.address, timeout=5).is_success:
                return
        assert server.process.poll() is None, f"the server ended: {server.said()}"
        time.sleep(0.1)
    raise AssertionError("the server does not answer")
