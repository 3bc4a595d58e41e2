"""What a browser tab has going on, and how that ends early: stopped, it shows what it has; dropped, nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any, Protocol, TypeVar

Told = TypeVar("Told")


class Stoppable(Protocol):
    """A browser tab's own things. What goes on ends within a step once `stop` is set."""

    stop: Event


def stop(tab: Stoppable | None) -> None:
    """Stop was pressed; a tab that began nothing yet has nothing to stop."""
    if tab is not None:
        tab.stop.set()
        stop_reading(tab)


def stop_reading(tab: Any) -> None:
    """What the tab reads or exports ends; a run or a race goes on."""
    reading: Event | None = getattr(tab, "reading", None)
    if reading is not None:
        reading.set()


def begin(tab: Stoppable) -> Event:
    """The stop of what begins now and of nothing else; what went on before is dropped."""
    tab.stop.set()
    tab.stop = Event()
    return tab.stop


def drop(tab: Stoppable | None) -> None:
    """Something else is shown from now on."""
    if tab is not None:
        begin(tab).set()


def until_dropped(tab: Stoppable, stop: Event, work: Iterator[Told]) -> Iterator[Told]:
    """What the work with this stop tells for as long as it may be shown."""
    for told in work:
        if tab.stop is not stop:
            return
        yield told


def was_dropped(tab: Stoppable, stop: Event) -> bool:
    """Whether the work with this stop was dropped, and nothing has begun in its place."""
    return tab.stop is not stop and tab.stop.is_set()
