"""Whose turn it is: one run at a time on this machine, the others in a line, told how long it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Event
from typing import TypeVar

from visuals.page import words
from visuals.page.limits import CLOSING, limits
from visuals.page.memory import give_back

PATIENCE = 2.0  # seconds between two looks at the line, so that a visitor who has left is noticed

Told = TypeVar("Told")


class ServerFull(RuntimeError):
    """The line has no room left; the message says what to do meanwhile."""


class Ticket:
    """One place; two of one address are two."""

    def __init__(self, address: str) -> None:
        self.address = address


class Line:
    """A first-come line with `room` places behind the one whose turn it is; None: as many as the page allows."""

    def __init__(self, room: int | None = None) -> None:
        self._room = room
        self._places: list[Ticket] = []
        self._moved = Condition()

    @contextmanager
    def place(self, address: str = "") -> Iterator[Place]:
        """Stand in the line for as long as the block lasts.

        Args:
            address: whose place it is, where that is known; of one address can be as many as `runs_at_once` allows.

        Raises:
            ServerFull: the line has no room, or none for this address.
        """
        ticket, room = Ticket(address), limits().waiting if self._room is None else self._room
        with self._moved:
            own, share = sum(one.address == address for one in self._places), limits().runs_at_once
            if address and share and own >= share:
                raise ServerFull(words.YOUR_SHARE.format(count=own))
            if len(self._places) > room:
                raise ServerFull(words.FULL.format(waiting=len(self._places) - 1))
            self._places.append(ticket)
        try:
            yield Place(self, ticket)
        finally:
            with self._moved:
                self._places.remove(ticket)
                self._moved.notify_all()
            give_back()

    def ahead_of(self, ticket: Ticket) -> int:
        """How many runs come first."""
        with self._moved:
            return self._places.index(ticket)

    def wait_until_empty(self, seconds: float) -> bool:
        """Whether nobody stands in the line any more, waiting for that at most so long."""
        with self._moved:
            return self._moved.wait_for(lambda: not self._places, seconds)

    def wait(self, seconds: float) -> None:
        """Until somebody leaves the line, or so long."""
        with self._moved:
            self._moved.wait(seconds)


class Place:
    """One visitor's place in the line."""

    def __init__(self, line: Line, ticket: Ticket) -> None:
        self._line = line
        self._ticket = ticket

    def waiting(self, seconds: float) -> Iterator[int]:
        """How many runs come first, again at least every so many seconds; ends when it is this one's turn."""
        while ahead := self._line.ahead_of(self._ticket):
            yield ahead
            self._line.wait(seconds)


RUNS = Line()  # the whole page's: whatever decodes stands in it, so that no timing disturbs another


def in_turn(
    stop: Event, work: Iterator[Told], tell: Callable[[str, bool], Told], address: str = ""
) -> Iterator[Told]:
    """The work when its turn has come; until then `tell(words, over)` says how long the line is. Stop leaves it."""
    with RUNS.place(address) as place:
        for ahead in place.waiting(PATIENCE):
            if stop.is_set() or CLOSING.is_set():
                yield tell(words.LEFT_LINE, True)
                return
            yield tell(words.WAITING[min(ahead, 2) - 1].format(ahead=ahead), False)
        yield from work
