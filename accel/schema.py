"""The JSON schema of a trace, made from the dataclasses of `trace.py`. Standard library only.

A file holds a trace as JSON lines, each of them one of `$defs` Header, Step and Footer; the API sends the whole as
one object, `{header, steps, footer}`, which is what the schema describes at its root.
"""

from __future__ import annotations

import inspect
import types
from dataclasses import is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from accel.codec import EVENTS, required_fields
from accel.trace import SCHEMA, Event, Trace
from accel.trace_limits import LARGEST, MAX_ITEMS, MAX_NUMBER, MAX_PIECE_BYTES, MAX_STEPS, RANGES, SIZES

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_PLAIN: dict[Any, dict[str, Any]] = {
    int: {"type": "integer", "minimum": -LARGEST, "maximum": LARGEST},
    float: {"type": "number", "minimum": -MAX_NUMBER, "maximum": MAX_NUMBER},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    bytes: {
        "description": "Text, or the bytes where they are part of a character.",
        "anyOf": [
            {"type": "string", "maxLength": MAX_PIECE_BYTES},
            {
                "type": "array",
                "maxItems": MAX_PIECE_BYTES,
                "items": {"type": "integer", "minimum": 0, "maximum": 255},
            },
        ],
    },
}


def trace_schema() -> dict[str, Any]:
    """The schema of a whole trace; `$defs` holds that of every part.

    >>> trace_schema()["required"]
    ['header', 'steps', 'footer']
    """
    parts: dict[str, Any] = {}
    root = _fields(Trace, parts)
    parts["Event"] = {"oneOf": [_reference(kind, parts) for kind in EVENTS.values()]}
    parts["Header"]["properties"]["schema"] = {"const": SCHEMA}
    _bound(parts)
    root["properties"]["steps"]["maxItems"] = MAX_STEPS
    title = {"$schema": DIALECT, "title": f"DraftScope trace, schema {SCHEMA}"}
    return title | root | {"$defs": dict(sorted(parts.items()))}


def _bound(parts: dict[str, Any]) -> None:
    """Write the bounds of single fields into their schemas."""
    for name, fields in SIZES.items():
        for field, most in fields.items():
            schema = parts[name]["properties"][field]
            schema["maxItems" if schema["type"] == "array" else "maxProperties"] = most
    for name, ranges in RANGES.items():
        for field, (low, high) in ranges.items():
            schema = parts[name]["properties"][field]
            schema.get("items", schema).update({"minimum": low, "maximum": high})


def _of(kind: Any, parts: dict[str, Any]) -> dict[str, Any]:
    """The schema of one annotation; dataclasses met on the way are added to `parts`."""
    if kind == Event:
        return {"$ref": "#/$defs/Event"}
    if is_dataclass(kind):
        return _reference(kind, parts)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_of(each, parts) for each in arguments]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "maxItems": MAX_ITEMS, "items": _of(arguments[0], parts)}
    if origin is dict:
        names = {"propertyNames": {"pattern": "^[0-9]{1,11}$"}} if arguments[0] is int else {}
        return {"type": "object", **names, "additionalProperties": _of(arguments[1], parts)}
    return dict(_PLAIN[kind])


def _reference(kind: Any, parts: dict[str, Any]) -> dict[str, Any]:
    name = kind.__name__
    if name not in parts:
        parts[name] = {}  # known from here on, whatever refers to it
        parts[name] = _fields(kind, parts)
    return {"$ref": f"#/$defs/{name}"}


def _fields(kind: Any, parts: dict[str, Any]) -> dict[str, Any]:
    """A dataclass as an object with its fields and no others; an event also carries its kind."""
    named = {"kind": {"const": kind.__name__}} if kind.__name__ in EVENTS else {}
    properties = named | {name: _of(hint, parts) for name, hint in get_type_hints(kind).items()}
    about = inspect.getdoc(kind) or ""
    said = {} if about.startswith(f"{kind.__name__}(") else {"description": about}  # not a dataclass's own
    return {
        **said,
        "type": "object",
        "properties": properties,
        "required": [*named, *required_fields(kind)],
        "additionalProperties": False,
    }
