"""Which addresses of the server answer programs: what the page offers them by name, and nothing else.

gradio hides the page's own events from its lists of endpoints, but answers whoever asks for one by name, without its
queue. Here such names do not exist. The page itself names events by number, and those stand in the queue.
"""

from __future__ import annotations

import re
from typing import Any

from visuals.page import words

OFFERED = ("traces", "trace", "schema", "whatif", "decode")
BY_NUMBER = "predict"  # how the page sends events that stand in no queue
CLOSED = "/gradio_api/deep_link"  # writes a visitor's state to the disk; our links are of another kind
NAMED = re.compile(r"/gradio_api/(?:call(?:/v2)?|run|api)/([^/]*)")


class Doors:
    """A layer around the server (ASGI): 404 for the name of an event that is not offered."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or _is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        body = words.NO_DOOR.format(offered=", ".join(OFFERED)).encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _is_open(path: str) -> bool:
    found = NAMED.match(path)
    return path != CLOSED if found is None else found[1] in (*OFFERED, BY_NUMBER)
