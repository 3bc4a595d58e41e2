"""Break off long work on a trace from outside: whoever starts it sets a check, which every line and step calls.

Reading a file and drawing a run are plain functions of their input, in many layers; a check handed down through all of
them would be in every signature. It is set for the work of one thread only. Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_check: ContextVar[Callable[[], None] | None] = ContextVar("check", default=None)


@contextmanager
def checked_by(check: Callable[[], None]) -> Iterator[None]:
    """Call `check` at every checkpoint of the block; it raises to break the work off."""
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


def checkpoint() -> None:
    """A place where work may be broken off; does nothing where nobody set a check."""
    if (check := _check.get()) is not None:
        check()
