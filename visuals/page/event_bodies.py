"""The JSON of a request, checked before the server reads it: its size in values, its event, and its files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from visuals.page import words
from visuals.page.doors import is_uploaded
from visuals.page.replies import Refused

MOST_VALUES = 10_000
LONGEST_NAME = 200
_FIELDS: tuple[tuple[str, type, str], ...] = (
    ("event_data", dict, "an object"),
    ("session_hash", str, "a string"),
    ("event_id", str, "a string"),
    ("trigger_id", int, "a whole number"),
)
_EVENTS = re.compile(r"/gradio_api/(?:queue/join|(?:run|api)/[^/]+)/?")
_BY_NUMBER = re.compile(r"/gradio_api/(?:queue/join|(?:run|api)/predict)/?")


def checked(path: str, body: bytes, events: Mapping[int, Any]) -> bytes:
    """The body to pass on for a path. Raises Refused.

    Args:
        path: below the root path.
        body: as it came; any bytes.
        events: the page's events by number (gradio's `Blocks.fns`).
    """
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, words.BODY_NO_JSON) from None
    changed = False
    for value in _values(sent):
        if isinstance(value, dict) and isinstance(value.get("path"), str):
            if not is_uploaded(value["path"]):
                raise Refused(400, words.BODY_ADDRESS.format(value=repr(value["path"][:80])))
            changed |= value.pop("url", None) is not None  # the server has the file: no address is looked at
    if _EVENTS.fullmatch(path):
        _check_event(sent, events, by_number=_BY_NUMBER.fullmatch(path) is not None)
    return json.dumps(sent).encode() if changed else body


def _values(sent: Any) -> Iterator[Any]:
    """Every list and object in it, itself first. Raises Refused where there are too many values."""
    waiting, counted = [sent], 0
    while waiting:
        value = waiting.pop()
        counted += 1 + (len(value) if isinstance(value, list | dict) else 0)
        if counted > MOST_VALUES:
            raise Refused(413, words.BODY_TOO_MANY.format(limit=MOST_VALUES))
        if isinstance(value, list | dict):
            waiting.extend(value if isinstance(value, list) else value.values())
            yield value


def _check_event(sent: Any, events: Mapping[int, Any], *, by_number: bool) -> None:
    """The fields that gradio reads without a look. Raises Refused."""
    if not isinstance(sent, dict):
        raise Refused(422, words.BODY_NO_JSON)
    number, data = sent.get("fn_index"), sent.get("data")
    if not isinstance(data, list):
        raise _field("data", data, "a list")
    for name, kind, wanted in _FIELDS:
        value = sent.get(name)
        if value is not None and type(value) is not kind:
            raise _field(name, value, wanted)
        if kind is not dict and len(str(value)) > LONGEST_NAME:
            raise _field(name, value, f"as short as {LONGEST_NAME} characters")
    if sent.get("batched"):
        raise _field("batched", sent["batched"], "false")
    if number is None and not by_number:
        return
    event = events.get(number) if type(number) is int else None
    if event is None or event.fn is None:
        raise Refused(404, words.BODY_NO_EVENT.format(value=repr(number)[:40]))
    if len(data) < len(event.inputs):
        raise _field("data", f"{len(data)} values", f"the {len(event.inputs)} values of this event")


def _field(name: str, value: Any, wanted: str) -> Refused:
    return Refused(422, words.BODY_BAD_FIELD.format(field=name, value=repr(value)[:40], wanted=wanted))
