"""What fails in the server is answered in words and logged in one line, however often it is asked for.

A stranger decides how often a request fails, so neither a traceback nor an unbounded number of lines may come of it.
"""

from __future__ import annotations

import errno
import logging
import traceback
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from time import monotonic
from typing import Any
from uuid import uuid4

from starlette.exceptions import HTTPException

from visuals.page import words
from visuals.page.limits import limits
from visuals.page.replies import Refused, reply, route_path

LINES_A_MINUTE = 60
LOGS = ("draftscope", "uvicorn.error", "asyncio")
OF_OTHERS = LOGS[1:]  # whose tracebacks strangers can cause, by requests that break off in their middle

log = logging.getLogger("draftscope")


class Failures:
    """The outermost layer around the server (ASGI): no exception leaves it."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held: list[
            Any
        ] = []  # an answer of status 500 waits: where an exception follows, it goes out in words
        started = False

        async def send_unless_failed(message: Any) -> None:
            nonlocal started
            if held or (message["type"] == "http.response.start" and message["status"] == 500):
                held.append(message)
                return
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_unless_failed)
        except Exception as error:
            if type(error).__module__.startswith("h11."):
                return  # the rest of the request was no HTTP, and uvicorn has given up the connection
            if not started:
                await reply(scope, send, _refused(scope, error))
            else:
                if not isinstance(error.__cause__, HTTPException):
                    _log(scope, error)
                with suppress(Exception):  # the answer may have announced more bytes
                    await send({"type": "http.response.body", "body": b""})
            return
        for message in held:
            await send(message)


def _refused(scope: Any, error: Exception) -> Refused:
    if is_disk_full(error):
        return Refused(507, words.DISK_FULL.format(minutes=limits().session_minutes))
    if route_path(scope).rstrip("/").endswith("/upload"):
        return Refused(400, words.BAD_UPLOAD)
    return Refused(500, words.UNEXPECTED.format(reference=_log(scope, error)))


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or one that it came from, says that no more can be written."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return error is not None and is_disk_full(error.__cause__)


def _log(scope: Any, error: Exception) -> str:
    """One line with what a maintainer needs to find the place; returns its reference."""
    reference = uuid4().hex[:8]
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
    what = f"{type(error).__name__}: {error}"[:200]
    asked = f"{scope['method']} {scope['path']}"[:200]
    log.error("unexpected error %s: %r failed at %s with %r", reference, asked, place, what)
    return reference


class LogRate(logging.Filter):
    """Lets so many records a minute through, and says how many it kept back."""

    def __init__(self, lines: int = LINES_A_MINUTE, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._lines = lines
        self._clock = clock
        self._minute = -1
        self._seen = 0

    def filter(self, record: logging.LogRecord) -> bool:
        minute = ceil(self._clock() / 60)
        if minute != self._minute:
            dropped = max(0, self._seen - self._lines)
            self._minute, self._seen = minute, 0
            if dropped:
                record.msg = f"({dropped} lines before this were not logged) {record.msg}"
        self._seen += 1
        return self._seen <= self._lines


def in_one_line(record: logging.LogRecord) -> bool:
    """Put a record's exception into its first line."""
    if record.exc_info and (error := record.exc_info[1]) is not None:
        record.msg = (
            f"{record.getMessage().partition(chr(10))[0]} ({type(error).__name__}: {str(error)[:200]})"
        )
        record.args, record.exc_info, record.exc_text = (), None, None
    return True


def bound_logs() -> None:
    """Bound what visitors can have logged."""
    for name in OF_OTHERS:
        logging.getLogger(name).addFilter(in_one_line)
    for name in LOGS:
        logging.getLogger(name).addFilter(LogRate())
