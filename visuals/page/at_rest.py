"""The page asks for no frames while nothing moves.

gradio's sign of loading counts its own age, a frame at a time. Taken away while it counts, it counts on for as long as
the page is open (gradio 6.31): sixty times a second, to show nothing, a sixth of what the page costs while a run is
streamed. It takes hold of `requestAnimationFrame` as it is loaded, so this script has to stand before gradio's own,
which no setting of gradio offers.
"""

from __future__ import annotations

from typing import Any

from visuals.page.replies import route_path

# What counts an age asks for the time in its frame, and stands in the file of that name.
SCRIPT = b"""<script>(() => {
  const ask = window.requestAnimationFrame.bind(window);
  const counts = (frame) => String(frame).includes("performance.now()") && /statustracker-/.test(new Error().stack);
  window.requestAnimationFrame = (frame) => (counts(frame) ? 0 : ask(frame));
})();</script>"""
HEAD = b"<head>"


class AtRest:
    """A layer around the server (ASGI): the script at the head of the page."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or route_path(scope) != "/":
            await self._app(scope, receive, send)
            return
        start: dict[str, Any] = {}

        async def send_with_script(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)  # waits for the body, whose length it says
                return
            if start:
                plain = message.get("body", b"")
                message = message | {"body": plain.replace(HEAD, HEAD + SCRIPT, 1)}
                await send(start | {"headers": _longer(start["headers"], len(message["body"]) - len(plain))})
                start.clear()
            await send(message)

        await self._app(scope, receive, send_with_script)


def _longer(headers: list[tuple[bytes, bytes]], by: int) -> list[tuple[bytes, bytes]]:
    return [
        (name, b"%d" % (int(value) + by) if name == b"content-length" else value) for name, value in headers
    ]
