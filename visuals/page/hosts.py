"""Which names a page may be asked for by, and who may put it into a frame.

A private page reads files of its machine. A web site that the owner visits could reach it under a name of its own that
it points at this machine (DNS rebinding), so a private page answers to addresses, localhost and listed names only.
"""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from visuals.page import words
from visuals.page.limits import HOST_NAME, is_loopback, is_public, own_hosts
from visuals.page.replies import Refused, header, reply, without_header

_PORT = r"(?::[0-9]{1,5})?"
_HOST = re.compile(rf"(?:(?P<name>{HOST_NAME.pattern})|\[(?P<ipv6>[0-9A-Fa-f:.]{{2,45}})\]){_PORT}")
_FRAMES = [
    (b"content-security-policy", b"frame-ancestors 'self'"),
    (b"x-frame-options", b"SAMEORIGIN"),
]


class Hosts:
    """A layer around the server (ASGI): refuses foreign names, drops headers that make no sense, forbids frames."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_framed(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = message | {"headers": [*message.get("headers", []), *_frames()]}
            await send(message)

        try:
            scope = _checked(scope)
        except Refused as refused:
            await reply(scope, send_framed, refused)
            return
        await self._app(scope, receive, send_framed)


def _frames() -> list[tuple[bytes, bytes]]:
    """A Space is shown in a frame of the hub; any other page is shown in none but its own."""
    return [] if os.environ.get("SPACE_ID") or os.environ.get("SYSTEM") == "spaces" else _FRAMES


def _checked(scope: Any) -> Any:
    """The request without headers that the server would stumble over. Raises Refused."""
    host = _name(header(scope, b"host") or "")
    if host is None:
        raise Refused(400, words.BAD_HOST)
    asked = header(scope, b"origin")
    origin = None if asked is None else _name(_network_part(asked))
    if not is_public():
        for name in (host, origin):
            if name is not None and not _is_own(name):
                raise Refused(403, words.OTHER_HOST.format(host=name[:80]))
        if asked is not None and origin is None and scope["method"] not in ("GET", "HEAD"):
            raise Refused(403, words.OTHER_HOST.format(host=repr(asked[:80])))
    scope = without_header(scope, b"x-gradio-server")  # of gradio's own proxy, which is not used
    if asked is not None and origin is None:
        scope = without_header(scope, b"origin")
    if _name((header(scope, b"x-forwarded-host") or "").partition(",")[0].strip()) is None:
        scope = without_header(scope, b"x-forwarded-host")
    if (header(scope, b"x-forwarded-proto") or "").partition(",")[0].strip() not in ("http", "https"):
        scope = without_header(scope, b"x-forwarded-proto")
    return scope


def _network_part(origin: str) -> str:
    """The host and port of an origin, or nothing for one that is none, such as `null`."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _name(host: str) -> str | None:
    """A host without its port and brackets, or None for what is none."""
    found = _HOST.fullmatch(host)
    return None if found is None else (found["name"] or found["ipv6"]).lower()


def _is_own(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return is_loopback(host) or host in own_hosts() or host == _name(_root_host())
    return True  # no name that somebody else could point here


def _root_host() -> str:
    return _network_part(os.environ.get("GRADIO_ROOT_PATH", ""))
