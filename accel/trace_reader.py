"""Read a trace file: JSON lines, of which each is decoded and checked. Files are untrusted. Standard library only.

A file may begin with a byte order mark, be UTF-16 (as PowerShell writes what is redirected) or be compressed with gzip;
its lines end in LF or CRLF. A file that was cut off at its end is read as far as it goes where `cut` is set.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from accel.cancellation import checkpoint
from accel.codec import decode
from accel.integrity import check_integrity
from accel.metrics import metrics
from accel.trace import SCHEMA, Footer, Header, Parity, Step, Trace, TraceCut, TraceError
from accel.trace_limits import MAX_FILE_BYTES, MAX_LINE, MAX_STEPS

_CHUNK = 2**20
_LONGEST_WORD = len("\\u0000")  # of JSON, of which the beginning alone is an error at its own beginning
_NO_FOOTER = Footer("cancelled", "", Parity(False, False, None, None), None, {})
_PACKED = {  # how files begin that must be unpacked first
    b"PK\x03\x04": "zip",
    b"\xfd7zXZ": "xz",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
}


def read(path: Path, *, cut: bool = False, most: int = MAX_FILE_BYTES) -> Trace:
    """Read and check a file of at most `most` bytes, unpacked.

    Raises:
        TraceError: it is no trace; the message names the line and the field.
        TraceCut: it ends before its footer, and `cut` is not set.
        OSError: it cannot be read.
    """
    return parse(_text(_unpacked(path, most)).split("\n"), cut=cut)


def _unpacked(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        head = file.read(8)
    for signature, name in _PACKED.items():
        if head.startswith(signature):
            raise TraceError(f"not a trace: the file is packed ({name}); unpack it first")
    if head.startswith(b"\x1f\x8b"):
        return _gunzipped(path, most)
    if path.stat().st_size > most:
        raise _too_large(most)
    return path.read_bytes()


def _gunzipped(path: Path, most: int) -> bytes:
    found = bytearray()
    try:
        with gzip.open(path) as file:
            while chunk := file.read(_CHUNK):
                found += chunk
                if len(found) > most:
                    raise _too_large(most)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise TraceError(f"not a trace: the gzip file is damaged ({error}); copy it again") from error
    return bytes(found)


def _too_large(most: int) -> TraceError:
    return TraceError(f"the file is larger than {most // 1_000_000:,} MB; record or export a shorter run")


def _text(data: bytes) -> str:
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff")) and not data.startswith(b"\xff\xfe\0\0")
    try:
        text = data.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":  # cut off in the middle of a character
            return _text(data[: error.start])
        name = "UTF-16" if marked else "UTF-8"
        raise TraceError(f"not a trace: byte {error.start} is not {name} text; save it as UTF-8") from error
    if "\0" in text[:4]:
        raise TraceError("not a trace: the text is in an encoding of wide characters; save it as UTF-8")
    return text


def parse(lines: Iterable[str], *, cut: bool = False) -> Trace:
    """Read and check a whole trace; with `cut`, also one that ends before its footer.

    Raises:
        TraceError: it is no trace; the message names the line and the field.
        TraceCut: it ends before its footer, and `cut` is not set.
    """
    rows = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if len(rows) < 2:
        raise TraceError("not a trace: it needs a header, a line a step and a footer, one JSON object a line")
    if len(rows) > MAX_STEPS:
        raise TraceError(f"the trace has {len(rows)} lines; at most {MAX_STEPS} are read")
    first = _json(rows[0][0], rows[0][1].removeprefix("\ufeff"))
    schema = first.get("schema")
    if schema != SCHEMA or isinstance(schema, bool):
        raise TraceError(
            f"line 1, schema: this reader knows schema {SCHEMA}, the file says {str(schema)[:40]!r}"
        )
    header: Header = decode(Header, first, "line 1")
    steps = [_step(number, line) for number, line in rows[1:-1]]
    trace = _ended(header, steps, *rows[-1], cut=cut)
    check_integrity(trace)
    return trace


def _step(number: int, line: str) -> Step:
    checkpoint()
    step: Step = decode(Step, _json(number, line), f"line {number}")
    return step


def _ended(header: Header, steps: list[Step], number: int, line: str, *, cut: bool) -> Trace:
    """The trace with its last line, which is a footer unless the file was cut off."""
    try:
        last = _json(number, line)
    except TraceError as error:
        if not _stops_short(line):
            raise
        problem = str(error)
    else:
        if "finish_reason" in last or "events" not in last:
            footer: Footer = decode(Footer, last, f"line {number}")
            return Trace(header, tuple(steps), footer)
        steps.append(decode(Step, last, f"line {number}"))
        problem = f"line {number}: the footer is missing"
    if cut and steps:
        check_integrity(Trace(header, tuple(steps), _NO_FOOTER))
        return unfinished(header, steps)
    if not steps:
        raise TraceError(problem)
    raise TraceCut(problem, len(steps))


def _stops_short(line: str) -> bool:
    """Whether a line that is no JSON object would be the beginning of one."""
    if not line.startswith("{"):
        return False
    try:
        json.loads(line)
    except json.JSONDecodeError as error:
        is_text = error.msg.startswith("Unterminated string")
        return is_text or error.pos >= len(line.rstrip()) - _LONGEST_WORD
    except (ValueError, RecursionError):
        pass
    return False


def unfinished(header: Header, steps: Iterable[Step]) -> Trace:
    """A run as far as it was recorded: its text is that of its pieces, its metrics are those of its steps."""
    trace = Trace(header, tuple(steps), _NO_FOOTER)
    pieces = trace.pieces
    text = b"".join(pieces.get(token, b"") for token in trace.tokens).decode("utf-8", errors="replace")
    footer = replace(trace.footer, text=text)
    return replace(trace, footer=replace(footer, metrics=metrics(trace)))


def _json(number: int, line: str) -> dict[str, Any]:
    if len(line) > MAX_LINE:
        raise TraceError(f"line {number}: {len(line):,} characters; at most {MAX_LINE:,} are read")
    try:
        value = json.loads(line, parse_constant=_refuse_constant)
        if not line.isascii() or "\\ud" in line.lower():  # half a character: cannot be saved again
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise TraceError(f"line {number}: not valid JSON ({str(error)[:80]})") from error
    if not isinstance(value, dict):
        raise TraceError(f"line {number}: expected a JSON object")
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")
