"""Memory that runs have freed goes back to the system, so that a server left alone for days stays as small as it was.

glibc keeps what was freed in pieces between what is still used, in an arena for each thread; a server with a run in
one thread after another grows by it for a long time before it comes to rest.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache


def give_back() -> None:
    """Ask the allocator to let go of what is free, where it is one that can (glibc); some milliseconds."""
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    try:
        trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    except (OSError, TypeError):  # Windows
        return None
    return trim
