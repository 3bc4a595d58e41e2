"""What the two parts of the Tune tab that decode share: the wait for a turn, and how a section begins."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

from visuals.page import line
from visuals.page.escape import escape
from visuals.page.measuring import Told


def in_turn(stop: Event, work: Iterator[Told], address: str = "") -> Iterator[Told]:
    """The work when its turn has come, after Explore's runs too."""
    return line.in_turn(stop, work, lambda said, over: Told(said, 0.0, done=over), address)


def heading(title: str, lead: str) -> str:
    """A section's head."""
    return f"<h2>{escape(title)}</h2><p>{escape(lead)}</p>" if lead else f"<h2>{escape(title)}</h2>"
