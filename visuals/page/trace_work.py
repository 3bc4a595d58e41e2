"""Reading and drawing traces for visitors: one at a time in the line of runs, until Stop or a time limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event
from time import monotonic
from typing import Protocol, TypeVar

from accel.cancellation import checked_by
from visuals.page import words
from visuals.page.limits import CLOSING
from visuals.page.line import in_turn

SECONDS = 60.0  # of one piece of work; a file of 20 MB takes a third of it

Made = TypeVar("Made")


class Reader(Protocol):
    """A browser tab's own things; `reading` breaks off its work on traces."""

    reading: Event


class BrokenOff(RuntimeError):
    """Work on a trace was stopped or took too long; the message says which."""


def in_line(tab: Reader, work: Callable[[], Made], address: str = "") -> Iterator[str | Made]:
    """Words while others come first, then what the work returns. New work of a tab breaks off what it had begun.

    Args:
        tab: whose work it is.
        work: what to do when its turn has come.
        address: where it was asked from; an address has a share of the line.

    Raises:
        BrokenOff: it was stopped, or took longer than `SECONDS`.
        ServerFull: the line has no room left.
    """
    tab.reading.set()
    stop = tab.reading = Event()

    def left_line(said: str, over: bool) -> str:
        if over:
            raise BrokenOff(words.FILE_STOPPED)
        return said

    yield from in_turn(stop, _done(stop, work), left_line, address)


def _done(stop: Event, work: Callable[[], Made]) -> Iterator[str | Made]:
    until = monotonic() + SECONDS

    def check() -> None:
        if stop.is_set() or CLOSING.is_set():
            raise BrokenOff(words.FILE_STOPPED)
        if monotonic() > until:
            raise BrokenOff(words.FILE_LONG.format(seconds=round(SECONDS)))

    with checked_by(check):
        made = work()
    yield made
