"""Allowlist of the server's endpoints: what the page and its API need, by method and path, and nothing else.

gradio brings many more: a relay that fetches addresses for whoever asks, recordings, development tools, and the page's
own events by name, past the queue. The page itself names its events by number, and those stand in the queue.
"""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from gradio.utils import get_upload_folder

from visuals.page import words
from visuals.page.replies import Refused, header, reply, route_path, without_header

OFFERED = ("traces", "trace", "schema", "whatif", "decode")
BY_NUMBER = "predict"  # how the page sends events that stand in no queue
FILE = "/gradio_api/file="
LONGEST_PART = 255  # bytes of a path between slashes: what file systems take
STREAMS = "/gradio_api/upload_progress"
MOST_STREAMS = 16  # each polls twenty times a second while its upload lasts
_API = rf"(?:{'|'.join(OFFERED)})"
_READ = re.compile(
    rf"""/
    | /(?:config|theme\.css|robots\.txt|manifest\.json|favicon\.ico)/?
    | /(?:static|assets|svelte)/.+
    | /gradio_api/(?:info|openapi\.json|app_id|login_check|startup-events|theme\.css|upload_progress)/?
    | /gradio_api/queue/(?:data|status)
    | /gradio_api/heartbeat/[^/]+
    | /gradio_api/call/(?:v2/)?{_API}/[^/]+
    | {FILE}.+""",
    re.VERBOSE | re.DOTALL,
)
_SENT = re.compile(
    rf"""/gradio_api/(?:upload|queue/join|cancel|reset)/?
    | /gradio_api/(?:run|api)/(?:{_API}|{BY_NUMBER})/?
    | /gradio_api/call/(?:v2/)?{_API}/?""",
    re.VERBOSE,
)
_TOOLS = re.compile(r"/gradio_api/mcp(?:/.*)?") if find_spec("mcp") is not None else re.compile(r"(?!)")
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]*")
_RANGE = re.compile(r"bytes=(?:[0-9]{1,15}-[0-9]{0,15}|-[0-9]{1,15})")


class Doors:
    """A layer around the server (ASGI): passes on what the allowlist names, and answers the rest with 404 or 405."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._streams = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            check_endpoint(scope["method"], route_path(scope), scope["query_string"])
            if route_path(scope) == STREAMS and self._streams >= MOST_STREAMS:
                raise Refused(503, words.BODY_SLOW)
        except Refused as refused:
            await reply(scope, send, refused)
            return
        if not _RANGE.fullmatch(header(scope, b"range") or ""):
            scope = without_header(
                scope, b"range"
            )  # as the standard has it: a range that is none is not there
        counted = route_path(scope) == STREAMS
        self._streams += counted
        try:
            await self._app(scope, receive, send)
        finally:
            self._streams -= counted


def check_endpoint(method: str, path: str, query: bytes) -> None:
    """Hold one request to the allowlist. Raises Refused."""
    nothing_here = Refused(404, words.NO_ENDPOINT.format(offered=", ".join(OFFERED)))
    if not _PRINTABLE.fullmatch(path) or any(
        len(part.encode("utf-8", "surrogateescape")) > LONGEST_PART for part in path.split("/")
    ):
        raise nothing_here
    allowed = {
        "GET": _READ.fullmatch(path),
        "POST": _SENT.fullmatch(path),
        "mcp": _TOOLS.fullmatch(path),
    }
    allowed["HEAD"] = allowed["GET"]
    if not any(allowed.values()):
        raise nothing_here
    if method not in ("OPTIONS", "GET", "HEAD", "POST", "DELETE") or not (
        method == "OPTIONS" or allowed["mcp"] or allowed.get(method)
    ):
        raise Refused(405, words.NO_METHOD.format(method=method[:20]))
    if path == "/" and any(parse_qs(query.decode("latin-1")).get("page", [])):
        raise nothing_here  # gradio's pages of one app; there is one
    if path.startswith(FILE) and not is_uploaded(path.removeprefix(FILE)):
        raise Refused(403, words.BODY_ADDRESS.format(value=repr(path.removeprefix(FILE)[:80])))


def is_uploaded(path: str) -> bool:
    """Whether a path lies in the folder that the server keeps files of visitors in; nothing is looked up."""
    folder = get_upload_folder()
    if not os.path.isabs(path) or "\0" in path:
        return False
    found = Path(os.path.abspath(path))
    return any(found.is_relative_to(root) for root in {os.path.abspath(folder), os.path.realpath(folder)})
