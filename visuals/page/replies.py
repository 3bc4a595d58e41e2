"""What the layers around the server share: the path of a request, its headers, and short replies of their own."""

from __future__ import annotations

import json
from typing import Any


class Refused(Exception):
    """A request that is not passed on: its status, and why in words."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def route_path(scope: Any) -> str:
    """The path below GRADIO_ROOT_PATH, as the server's routes are matched (Starlette strips it later)."""
    path: str = scope["path"]
    root = scope.get("root_path", "")
    if root and path.startswith(root) and path[len(root) :][:1] in ("", "/"):
        return path[len(root) :] or "/"
    return path


def header(scope: Any, name: bytes) -> str | None:
    """The first value of a header, or None."""
    for known, value in scope["headers"]:
        if known == name:
            return str(value.decode("latin-1"))
    return None


def without_header(scope: Any, name: bytes) -> Any:
    """The same request without a header."""
    return {**scope, "headers": [(known, value) for known, value in scope["headers"] if known != name]}


async def reply(scope: Any, send: Any, refused: Refused) -> None:
    """Answer in words: as JSON where the page's script reads it, else as text. The connection is closed."""
    path = route_path(scope)
    if scope["method"] == "POST" and not path.endswith("/upload"):
        kind, body = b"application/json", json.dumps({"detail": str(refused), "error": str(refused)}).encode()
    else:
        kind, body = b"text/plain; charset=utf-8", str(refused).encode("utf-8", "replace")
    headers = [
        (b"content-type", kind),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
