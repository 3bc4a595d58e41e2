"""A trace that a visitor sends, bounded and read in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accel.trace import Trace, TraceError

MAX_TRACE_BYTES = 20_000_000


def read_trace(path: Any) -> Trace:
    """An uploaded trace. Raises TraceError, in words, for anything else."""
    try:
        file = Path(str(path))
        if file.stat().st_size > MAX_TRACE_BYTES:
            raise TraceError(
                f"the file is larger than {MAX_TRACE_BYTES // 1_000_000} MB; export a shorter run"
            )
        return Trace.load(file)
    except OSError as error:
        raise TraceError("the file could not be read; upload it again") from error
