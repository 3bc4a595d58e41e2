"""Bounds on what a request may carry, enforced before anything of it is parsed: bytes, seconds and values.

A body announced as too large, or that becomes so as it arrives, is refused; what follows is thrown away, so
that the sender is still listening when the answer comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from visuals.page import words
from visuals.page.event_bodies import checked
from visuals.page.replies import Refused, header, reply, route_path
from visuals.page.upload_folder import UploadFolder
from visuals.page.uploads import MAX_TRACE_BYTES

MOST_BYTES = 1_000_000  # of anything but an upload: the longest prompt is a tenth of it
MOST_UPLOADED = MAX_TRACE_BYTES + 100_000  # what stands around a file
UPLOAD = "/gradio_api/upload"
IDLE = 20.0  # seconds in which something of a body must arrive
LONGEST = 300.0  # seconds for all of it
DRAINED = 64_000_000  # bytes thrown away before a refusal, at most
CHECKED_EVERY = 4_000_000  # bytes of an upload between two looks at the room left


class Bodies:
    """A layer around the server (ASGI) for requests with a body.

    Args:
        app: the server.
        events: the page's events by number.
        folder: where uploads go; None keeps no account of it.
    """

    def __init__(self, app: Any, events: Mapping[int, Any], folder: UploadFolder | None) -> None:
        self._app = app
        self._events = events
        self._folder = folder

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        try:
            if route_path(scope).rstrip("/") == UPLOAD:
                await self._upload(scope, receive, send)
                return
            body = await _read(scope, receive)
            body = checked(route_path(scope), body, self._events)
        except Refused as refused:
            await reply(scope, send, refused)
            return
        await self._app(_with_length(scope, len(body)), _replay(body, receive), send)

    async def _upload(self, scope: Any, receive: Any, send: Any) -> None:
        """Count what passes through; the server sees a lost connection where it is cut. Raises Refused."""
        incoming = Incoming(scope, receive, MOST_UPLOADED)
        refused: list[Refused] = []
        if not incoming.too_large:
            await self._make_room(incoming.announced)
        looked = 0

        async def counted() -> Any:
            nonlocal looked
            try:
                message = await incoming.next()
                if incoming.bytes - looked > CHECKED_EVERY:
                    looked = incoming.bytes
                    await self._make_room(0)
            except Refused as problem:
                refused.append(problem)
            return {"type": "http.disconnect"} if refused else message

        async def unless_refused(message: Any) -> None:
            if not refused:
                await send(message)

        try:
            await self._app(scope, counted, unless_refused)
        finally:
            if refused:
                raise refused[0] from None

    async def _make_room(self, wanted: int) -> None:
        if self._folder is not None:
            await asyncio.to_thread(self._folder.make_room, wanted)


class Incoming:
    """The parts of a body as they arrive, held to a number of bytes and to the clock."""

    def __init__(self, scope: Any, receive: Any, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._until = asyncio.get_running_loop().time() + LONGEST
        self.bytes = 0
        self.announced = int(header(scope, b"content-length") or 0)  # the server has seen that it is a number
        self.too_large = self.announced > limit

    async def next(self) -> Any:
        """The next message. Raises Refused."""
        if self.too_large:
            await self._drain()
        message = await self._within_time()
        self.bytes += len(message.get("body", b""))
        if self.bytes > self._limit:
            await self._drain(message)
        return message

    async def _within_time(self) -> Any:
        left = min(IDLE, self._until - asyncio.get_running_loop().time())
        try:
            return await asyncio.wait_for(self._receive(), max(0.0, left))
        except TimeoutError:
            raise Refused(408, words.BODY_SLOW) from None

    async def _drain(self, message: Any = None) -> None:
        """Throw the rest away, as far as it is bearable, and refuse. Raises Refused."""
        while (message is None or message.get("more_body")) and self.bytes < DRAINED:
            message = await self._within_time()
            self.bytes += len(message.get("body", b""))
        raise Refused(413, words.BODY_TOO_LARGE.format(limit=self._limit))


async def _read(scope: Any, receive: Any) -> bytes:
    """The whole body. Raises Refused."""
    incoming, parts = Incoming(scope, receive, MOST_BYTES), []
    while True:
        message = await incoming.next()
        if message["type"] == "http.disconnect":
            raise Refused(400, words.BODY_SLOW)
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes, receive: Any) -> Any:
    """The body as one message, then whatever else comes."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Any:
        return messages.pop() if messages else await receive()

    return replayed


def _with_length(scope: Any, length: int) -> Any:
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if name not in (b"content-length", b"transfer-encoding")
    ]
    return {**scope, "headers": [*headers, (b"content-length", b"%d" % length)]}
