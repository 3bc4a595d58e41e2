"""A visitor without a browser: the page's own events over HTTP, as its script sends them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx


class Page:
    """The page as its configuration describes it: events by the id of the button that begins them."""

    def __init__(self, address: str) -> None:
        self.address = address
        config = httpx.get(f"{address}config", timeout=30).json()
        self.components = {one["id"]: one for one in config["components"]}
        self.events = config["dependencies"]

    def event(self, button: str) -> dict[str, Any]:
        """What happens on a click of that button."""
        found: dict[str, Any] = next(
            event
            for event in self.events
            for component, what in event["targets"]
            if what == "click" and self.components[component]["props"].get("elem_id") == button
        )
        return found

    def form(self, button: str, **changed: Any) -> list[Any]:
        """What that event is sent by a page just opened; changed values by the labels or ids of their controls."""
        values, unused = [], set(changed)
        for number in self.event(button)["inputs"]:
            props = self.components[number]["props"]
            names = {str(props.get("elem_id")), str(props.get("label"))} & unused
            values.append(changed[names.pop()] if names else props.get("value"))
        return values


class Visitor:
    """One browser tab; leaving the block closes it."""

    def __init__(self, page: Page, timeout: float = 60.0) -> None:
        self.page = page
        self.name = uuid4().hex
        self.http = httpx.Client(timeout=timeout)
        self.last: dict[str, Any] = {}  # the newest message: where a stream breaks off, gradio says why in it

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def join(self, button: str, **changed: Any) -> httpx.Response:
        """Press a button; the answer to the press itself."""
        asked = {
            "data": self.page.form(button, **changed),
            "fn_index": self.page.event(button)["id"],
            "session_hash": self.name,
        }
        return self._post("queue/join", asked)

    @contextmanager
    def stream(self) -> Iterator[Iterator[dict[str, Any]]]:
        """What the page is told from now on."""
        url = f"{self.page.address}gradio_api/queue/data?session_hash={self.name}"
        with self.http.stream("GET", url) as answer:
            yield self._messages(answer)

    def _messages(self, answer: httpx.Response) -> Iterator[dict[str, Any]]:
        for line in answer.iter_lines():
            if line.startswith("data:"):
                self.last = json.loads(line[5:])
                yield self.last

    def press(self, button: str, **changed: Any) -> list[dict[str, Any]]:
        """Press a button and listen to the end; all messages."""
        self.join(button, **changed).raise_for_status()
        return self._to_the_end()

    def send(self, event: dict[str, Any], data: list[Any], **more: Any) -> list[dict[str, Any]]:
        """Begin an event by itself and listen to the end; all messages."""
        asked = {"data": data, "fn_index": event["id"], "session_hash": self.name, **more}
        self._post("queue/join", asked).raise_for_status()
        return self._to_the_end()

    def _to_the_end(self) -> list[dict[str, Any]]:
        messages = []
        with self.stream() as told:
            for message in told:
                messages.append(message)
                if message.get("msg") in ("process_completed", "close_stream"):
                    break
        return messages

    def run(self, **changed: Any) -> str:
        """Run, and the last status in words, with whatever marks it as an error."""
        return status_of(self.press("run", **changed)[-1])

    def at_once(self, button: str, **changed: Any) -> httpx.Response:
        """Press a button whose work stands in no queue."""
        asked = {
            "data": self.page.form(button, **changed),
            "fn_index": self.page.event(button)["id"],
            "session_hash": self.name,
        }
        return self._post("run/predict", asked)

    def _post(self, where: str, asked: dict[str, Any]) -> httpx.Response:
        sent, kind = (
            json.dumps(asked),
            {"content-type": "application/json"},
        )  # half a character, too, as \\ud83d
        return self.http.post(f"{self.page.address}gradio_api/{where}", content=sent, headers=kind)

    def close(self) -> None:
        self.http.close()


def status_of(message: dict[str, Any]) -> str:
    """The line of status in a message of the Run event: the third of its outputs."""
    data = message.get("output", {}).get("data") or [None] * 3
    return str(data[2])
