"""Parts of traces to and from JSON values, checked field by field. Files are untrusted. Standard library only."""

from __future__ import annotations

import math
import reprlib
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from accel.trace import Event, TraceError
from accel.trace_limits import LARGEST, MAX_ITEMS, MAX_NUMBER, MAX_PIECE_BYTES, RANGES, SIZES

EVENTS: dict[str, type] = {kind.__name__: kind for kind in get_args(Event)}


def encode(value: Any) -> Any:
    """A part of a trace as plain JSON values; an event carries its `kind`."""
    if is_dataclass(value) and not isinstance(value, type):
        plain = {f.name: encode(getattr(value, f.name)) for f in fields(value)}
        name = type(value).__name__
        return {"kind": name, **plain} if name in EVENTS else plain
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return _encode_piece(value)
    return value


def _encode_piece(piece: bytes) -> str | list[int]:
    """Text where the bytes are whole characters; a list of bytes for a part of one."""
    try:
        return piece.decode("utf-8")
    except UnicodeDecodeError:
        return list(piece)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


@cache
def required_fields(kind: Any) -> tuple[str, ...]:
    """The fields that every file has. One with a default came later: older files lack it."""
    return tuple(f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING)


def decode(kind: Any, value: Any, where: str) -> Any:
    """`value` as an instance of `kind`, or a TraceError that names the field."""
    origin = get_origin(kind)
    if kind == Event:
        return _decode_event(value, where)
    if is_dataclass(kind):
        return _decode_fields(kind, value, where)
    if origin in (Union, types.UnionType):
        return _decode_union(get_args(kind), value, where)
    if origin is Literal:
        if value not in get_args(kind) or not isinstance(value, str):
            raise _wrong(where, f"one of {', '.join(get_args(kind))}", value)
        return value
    if origin is tuple:
        return _decode_tuple(get_args(kind), value, where)
    if origin is dict:
        key_kind, item_kind = get_args(kind)
        return _decode_dict(key_kind, item_kind, value, where)
    return _decode_plain(kind, value, where)


def _wrong(where: str, expected: str, value: Any) -> TraceError:
    return TraceError(f"{where}: expected {expected}, found {reprlib.repr(value)[:60]}")


def _named(name: str) -> str:
    """A name from the file, short and on one line."""
    return name[:40].encode("unicode_escape").decode()


def _decode_event(value: Any, where: str) -> Any:
    name = value.get("kind") if isinstance(value, dict) else None
    kind = EVENTS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise _wrong(f"{where}.kind", f"one of {', '.join(EVENTS)}", name)
    return _decode_fields(kind, {k: v for k, v in value.items() if k != "kind"}, where)


def _decode_fields(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(where, f"an object ({kind.__name__})", value)
    hints = _hints(kind)
    for name in required_fields(kind):
        if name not in value:
            raise TraceError(f"{where}.{name}: missing")
    for name in value:
        if name not in hints:
            raise TraceError(f"{where}.{_named(name)}: not a field of {kind.__name__}")
    for name, most in SIZES.get(kind.__name__, {}).items():
        _check_size(value.get(name), most, f"{where}.{name}")
    given = {name: hint for name, hint in hints.items() if name in value}
    decoded = {name: decode(hint, value[name], f"{where}.{name}") for name, hint in given.items()}
    for name, (low, high) in RANGES.get(kind.__name__, {}).items():
        if decoded.get(name) is not None:
            _check_range(decoded[name], low, high, f"{where}.{name}")
    return kind(**decoded)


def _check_size(value: Any, most: int, where: str) -> None:
    if isinstance(value, list | dict) and len(value) > most:
        raise TraceError(f"{where}: {len(value):,} items; at most {most:,} are read")


def _check_range(value: Any, low: float, high: float, where: str) -> None:
    """A number, or each number of a list."""
    if isinstance(value, tuple):
        for i, item in enumerate(value):
            _check_range(item, low, high, f"{where}[{i}]")
    elif not low <= value <= high:
        raise _wrong(where, f"a number from {low:,.0f} to {high:,.0f}", value)


def _decode_union(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    plain = [kind for kind in kinds if kind in (bool, int, float, str)]
    for kind in plain:
        if type(value) is kind:
            return _decode_plain(kind, value, where)
    structured = [kind for kind in kinds if kind is not type(None)]
    if len(structured) == 1:
        return decode(structured[0], value, where)
    raise _wrong(where, " or ".join(kind.__name__ for kind in plain), value)


def _decode_tuple(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _wrong(where, "a list", value)
    _check_size(value, MAX_ITEMS, where)
    return tuple(decode(kinds[0], item, f"{where}[{i}]") for i, item in enumerate(value))


def _decode_dict(key_kind: type, kind: Any, value: Any, where: str) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise _wrong(where, "an object", value)
    decoded: dict[Any, Any] = {}
    for key, item in value.items():
        if key_kind is int and not (key.isascii() and key.isdigit() and len(key) < 12):
            raise _wrong(where, "token ids as names", key)
        decoded[key_kind(key)] = decode(kind, item, f"{where}.{_named(key)}")
    return decoded


def _decode_plain(kind: type, value: Any, where: str) -> Any:
    if kind is bytes:
        return _decode_piece(value, where)
    if kind is float:
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        try:
            number = float(value) if plain else math.nan
        except OverflowError:  # a whole number beyond any float
            number = math.inf
        if not math.isfinite(number):
            raise _wrong(where, "a finite number", value)
        if abs(number) > MAX_NUMBER:
            raise _wrong(where, f"a number from -{MAX_NUMBER:g} to {MAX_NUMBER:g}", value)
        return number
    if kind is int:
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
            raise _wrong(where, "a whole number", value)
        return value
    if not isinstance(value, kind):
        raise _wrong(where, {"str": "text", "bool": "true or false"}[kind.__name__], value)
    return value


def _decode_piece(value: Any, where: str) -> bytes:
    if isinstance(value, str):
        piece = value.encode("utf-8", errors="replace")
    elif isinstance(value, list) and all(type(byte) is int and 0 <= byte < 256 for byte in value):
        piece = bytes(value)
    else:
        raise _wrong(where, "text or a list of bytes", value)
    if len(piece) > MAX_PIECE_BYTES:
        raise TraceError(f"{where}: {len(piece):,} bytes; a token has at most {MAX_PIECE_BYTES:,}")
    return piece
