"""Upkeep of a running server, every few seconds: old files of visitors, and connections that never ask for anything.

uvicorn closes a connection that idles after an answer. One on which a request was begun and not ended it keeps for as
long as the other side likes.
"""

from __future__ import annotations

import time
from threading import Thread
from typing import Any

from visuals.page.limits import CLOSING
from visuals.page.upload_folder import UploadFolder

EVERY = 5.0  # seconds
PATIENCE = 20.0  # seconds in which the head of a request must have arrived


class HalfRequests:
    """Connections without a request under way, and since when."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._since: dict[Any, tuple[Any, float]] = {}

    def close_overdue(self, now: float) -> int:
        """Close those on which no request came for too long; their number. To be called again and again."""
        since, overdue = {}, 0
        for connection in list(self._server.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and not cycle.response_complete:
                continue
            last, began = self._since.get(connection, (cycle, now))
            if last is not cycle:  # it was busy in between
                began = now
            since[connection] = (cycle, began)
            if now - began >= PATIENCE:
                overdue += 1
                connection.loop.call_soon_threadsafe(connection.transport.close)
        self._since = since
        return overdue


def start_upkeep(server: Any, folder: UploadFolder | None) -> None:
    """Look after both until the server is to end, in a thread of its own."""
    half = HalfRequests(server)

    def upkeep() -> None:
        while not CLOSING.wait(EVERY):
            half.close_overdue(time.monotonic())
            if folder is not None:
                folder.sweep()

    Thread(target=upkeep, name="upkeep", daemon=True).start()
