"""Runs of the visitor's own: the form, Run and Stop, the wait for a turn, and whatever a run has to say."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any

import gradio as gr

from visuals.page import line
from visuals.page.escape import escape
from visuals.page.events import AT_ONCE, COMPUTE, buttons, said
from visuals.page.form import Form
from visuals.page.going import begin, stop, until_dropped, was_dropped
from visuals.page.inputs import check_asked
from visuals.page.live import Update, play
from visuals.page.rate import address_of, count_run
from visuals.page.visitor import Visitor
from visuals.scene import packed


def wire_form(form: Form, visitor: gr.State, picture: gr.HTML, status: gr.HTML) -> None:
    """What happens when the method changes, and on Run and Stop."""
    form.values["method"].change(
        lambda chosen: [gr.update(visible=chosen == method) for _, method in form.shown_for],
        form.values["method"],
        [control for control, _ in form.shown_for],
        **AT_ONCE,
    )
    names = list(form.values)

    def on_run(request: gr.Request, seen: Visitor | None, *values: Any) -> Iterator[tuple[Any, ...]]:
        yield from _run(request, seen, dict(zip(names, values, strict=True)))

    form.stop.click(stop, visitor, None, **AT_ONCE)
    form.run.click(
        on_run,
        [visitor, *form.values.values()],
        [visitor, picture, status, form.run, form.stop],
        **COMPUTE,
    )


def _run(request: gr.Request, seen: Visitor | None, given: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Outputs: visitor, explorer, status, Run, Stop. Whatever happens, Run comes back."""
    visitor = seen or Visitor()
    idle, busy = buttons(running=False), buttons(running=True)
    try:
        asked = check_asked(given)
        count_run(request)
        mine = begin(visitor)
        for update in until_dropped(
            visitor, mine, in_turn(mine, play(visitor, asked, mine), address_of(request))
        ):
            message = packed(update.message) if update.message else gr.skip()
            yield visitor, message, escape(update.status), *(idle if update.over else busy)
        if was_dropped(visitor, mine):  # its newest word may have overtaken what is shown now
            yield visitor, gr.skip(), gr.skip(), *idle
    except Exception as error:
        yield visitor, gr.skip(), said(error), *idle


def in_turn(stop: Event, work: Iterator[Update], address: str = "") -> Iterator[Update]:
    """The work when its turn has come; until then how long the line is."""
    return line.in_turn(stop, work, lambda said, over: Update(said, over=over), address)
