"""A trace that a visitor sends, bounded and read in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accel.trace import Trace, TraceCut, TraceError
from accel.trace_reader import read

MAX_TRACE_BYTES = 20_000_000


def read_trace(path: Any) -> tuple[Trace, bool]:
    """An uploaded trace, and whether it was cut off before its end. Raises TraceError for anything else."""
    try:
        file = Path(str(path))
        try:
            return read(file, most=MAX_TRACE_BYTES), False
        except TraceCut:
            return read(file, most=MAX_TRACE_BYTES, cut=True), True
    except OSError as error:
        raise TraceError("the file could not be read; upload it again") from error
