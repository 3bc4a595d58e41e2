"""What the two parts of the Tune tab that decode share: the wait for a turn, Stop, their buttons."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any

import gradio as gr

from visuals.page import words
from visuals.page.escape import escape
from visuals.page.line import RUNS
from visuals.page.measuring import Told, Tuning
from visuals.page.runs import AT_A_TIME, PATIENCE

COMPUTE: dict[str, Any] = {
    "concurrency_limit": AT_A_TIME,  # all but one of them wait in the line
    "show_progress": "hidden",
    "api_visibility": "private",
}


def in_turn(stop: Event, work: Iterator[Told]) -> Iterator[Told]:
    """The work when its turn has come, after Explore's runs too; Stop leaves the line."""
    with RUNS.place() as place:
        for ahead in place.waiting(PATIENCE):
            if stop.is_set():
                yield Told(words.LEFT_LINE, 0.0, done=True)
                return
            yield Told(words.WAITING[min(ahead, 2) - 1].format(ahead=ahead), 0.0)
        yield from work


def stop(tuning: Tuning | None) -> None:
    """Whatever this visitor has going on in this tab ends within a step."""
    if tuning is not None:
        tuning.stop.set()


def buttons(running: bool) -> tuple[Any, Any]:
    """The one that begins, and Stop."""
    return gr.update(interactive=not running), gr.update(interactive=running)


def heading(title: str, lead: str) -> str:
    """A section's head."""
    return f"<h2>{escape(title)}</h2><p>{escape(lead)}</p>" if lead else f"<h2>{escape(title)}</h2>"
