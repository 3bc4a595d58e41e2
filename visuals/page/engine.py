"""Is the engine here? Recorded runs are shown without it; only a run of one's own needs torch."""

from __future__ import annotations

from functools import cache
from importlib import import_module


@cache
def missing_engine() -> str | None:
    """The package that the engine lacks on this machine, or None where it can decode."""
    try:
        import_module("accel.api")
    except ImportError as error:
        return (error.name or "torch").partition(".")[0]
    return None
