"""Runs of the visitor's own: the form, Run and Stop, the wait for a turn, and whatever a run has to say."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any

import gradio as gr

from visuals.page import words
from visuals.page.escape import escape
from visuals.page.events import AT_ONCE, said
from visuals.page.form import Form
from visuals.page.inputs import check_asked
from visuals.page.line import RUNS
from visuals.page.live import Update, play
from visuals.page.visitor import Visitor
from visuals.scene import packed

AT_A_TIME = 32  # visitors that the page listens to at once; all but one of them wait in the line
PATIENCE = 2.0  # seconds between two looks at the line, so that a visitor who has left is noticed


def wire_form(form: Form, visitor: gr.State, picture: gr.HTML, status: gr.HTML) -> Any:
    """What happens when the method changes, and on Run and Stop; returns the run's event."""
    form.values["method"].change(
        lambda chosen: [gr.update(visible=chosen == method) for _, method in form.shown_for],
        form.values["method"],
        [control for control, _ in form.shown_for],
        **AT_ONCE,
    )
    names = list(form.values)

    def on_run(seen: Visitor | None, *values: Any) -> Iterator[tuple[Any, ...]]:
        yield from _run(seen, dict(zip(names, values, strict=True)))

    form.stop.click(_stop, visitor, None, **AT_ONCE)
    return form.run.click(
        on_run,
        [visitor, *form.values.values()],
        [visitor, picture, status, form.run, form.stop],
        concurrency_limit=AT_A_TIME,
        show_progress="hidden",
        api_visibility="private",
    )


def buttons(*, running: bool) -> tuple[Any, Any]:
    """Run and Stop."""
    return gr.update(interactive=not running), gr.update(interactive=running)


def _run(seen: Visitor | None, given: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Outputs: visitor, explorer, status, run, stop. Whatever happens, Run comes back."""
    visitor = seen or Visitor()
    idle, busy = buttons(running=False), buttons(running=True)
    try:
        asked = check_asked(given)
        visitor.stop.clear()
        for update in in_turn(visitor.stop, play(visitor, asked)):
            message = packed(update.message) if update.message else gr.skip()
            yield visitor, message, escape(update.status), *(idle if update.over else busy)
    except Exception as error:
        yield visitor, gr.skip(), said(error), *idle


def in_turn(stop: Event, work: Iterator[Update]) -> Iterator[Update]:
    """The work when its turn has come; until then, in words, how long the line is. Stop leaves the line."""
    with RUNS.place() as place:
        for ahead in place.waiting(PATIENCE):
            if stop.is_set():
                yield Update(words.LEFT_LINE, over=True)
                return
            yield Update(words.WAITING[min(ahead, 2) - 1].format(ahead=ahead))
        yield from work


def _stop(visitor: Visitor | None) -> None:
    if visitor is not None:
        visitor.stop.set()
