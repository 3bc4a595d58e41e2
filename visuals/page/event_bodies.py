"""The JSON of a request, checked before the server reads it: its size in values, its event, and its files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from inspect import Parameter, signature
from math import isfinite
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
_EVENTS = re.compile(r"/gradio_api/(?:queue/join|(?:run|api|call)/[^/]+)/?")
_ENDINGS = re.compile(r"/gradio_api/(?:cancel|reset)/?")
_BY_PARAMETER = re.compile(r"/gradio_api/call/v2/([^/]+)/?")
_BY_NUMBER = re.compile(r"/gradio_api/(?:queue/join|(?:run|api)/predict)/?")


def checked(path: str, body: bytes, events: Mapping[int, Any]) -> bytes:
    """The body to pass on for a path. Raises Refused.

    Args:
        path: below the root path.
        body: as it came; any bytes.
        events: the page's events by number (gradio's `Blocks.fns`).
    """
    try:
        sent = json.loads(body, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Refused(400, words.BODY_NO_JSON) from None
    changed = False
    for value in _values(sent):
        if isinstance(value, dict) and isinstance(value.get("path"), str):
            if not is_uploaded(value["path"]):
                raise Refused(400, words.BODY_ADDRESS.format(value=repr(value["path"][:80])))
            changed |= value.pop("url", None) is not None  # the server has the file: no address is looked at
    if (named := _BY_PARAMETER.fullmatch(path)) is not None:
        _check_parameters(sent, next(event for event in events.values() if event.api_name == named[1]))
    elif _ENDINGS.fullmatch(path):
        _check_ending(sent)
    elif _EVENTS.fullmatch(path):
        _check_event(sent, events, by_number=_BY_NUMBER.fullmatch(path) is not None)
    return json.dumps(sent).encode() if changed else body


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _finite(text: str) -> float:
    if not isfinite(number := float(text)):
        raise ValueError("a number is too large")
    return number


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


def _check_ending(sent: Any) -> None:
    """What ends an event names it. Raises Refused."""
    if not isinstance(sent, dict):
        raise Refused(422, words.BODY_NO_JSON)
    for name, kind, wanted in (("event_id", str, "a string"), *_FIELDS, ("fn_index", int, "a whole number")):
        value = sent.get(name)
        if (value is None and name == "event_id") or (value is not None and type(value) is not kind):
            raise _field(name, value, wanted)


def _check_parameters(sent: Any, event: Any) -> None:
    """Arguments by their names, as programs send them. Raises Refused."""
    if not isinstance(sent, dict):
        raise Refused(422, words.BODY_NO_JSON)
    known = {name: one for name, one in signature(event.fn).parameters.items() if name != "request"}
    for name in sent:
        if name not in known:
            raise Refused(422, words.BODY_NO_PARAMETER.format(name=repr(name)[:40], names=", ".join(known)))
    for name, parameter in known.items():
        if parameter.default is Parameter.empty and name not in sent:
            raise Refused(422, words.BODY_NEEDS_PARAMETER.format(name=name))


def _field(name: str, value: Any, wanted: str) -> Refused:
    return Refused(422, words.BODY_BAD_FIELD.format(field=name, value=repr(value)[:40], wanted=wanted))
