"""Traces that belong to browser tabs: compressed, and bounded over all tabs together.

A trace read into memory takes up to twenty times the bytes of its file; compressed it takes a tenth of them.
"""

from __future__ import annotations

import zlib
from itertools import count
from threading import Lock
from weakref import WeakValueDictionary

from accel.errors import InputError
from accel.trace import Trace
from visuals.page import words

MOST_BYTES = 256_000_000  # compressed: hundreds of long runs
LEVEL = 3  # of zlib: higher ones take longer and save little


class KeptTrace:
    """One trace, for as long as somebody holds it and there is room for it."""

    def __init__(self, data: bytes) -> None:
        self.data: bytes | None = data

    def trace(self) -> Trace:
        """The trace itself. Raises InputError where it had to make room for others."""
        if (data := self.data) is None:
            raise InputError("trace", words.NO_LONGER_KEPT)
        return Trace.from_lines(zlib.decompress(data).decode("utf-8", "surrogatepass").split("\n"))


class KeptTraces:
    """All traces that tabs hold; where they are too many bytes, those kept first are dropped."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._held: WeakValueDictionary[int, KeptTrace] = WeakValueDictionary()  # in the order they came
        self._numbers = count()
        self._lock = Lock()

    def keep(self, trace: Trace) -> KeptTrace:
        """Compress a trace; whoever wants it later holds on to what is returned."""
        kept = KeptTrace(_compressed(trace))
        with self._lock:
            self._held[next(self._numbers)] = kept
            held = list(self._held.values())
            total = sum(len(one.data) for one in held if one.data is not None)
            for one in held:
                if total <= self._most:
                    break
                total -= len(one.data or b"")
                one.data = None
        return kept


def _compressed(trace: Trace) -> bytes:
    pressed = zlib.compressobj(LEVEL)
    parts = [pressed.compress(f"{line}\n".encode("utf-8", "surrogatepass")) for line in trace.lines()]
    return b"".join([*parts, pressed.flush()])


KEPT = KeptTraces()  # the whole page's
