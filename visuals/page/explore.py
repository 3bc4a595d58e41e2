"""The Explore tab: recorded runs to play at once, the form for a run of one's own, the explorer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from accel.trace import Trace
from visuals.page import words
from visuals.page.choice import wire_choice
from visuals.page.component import EXPLORER, explorer, export_menu, whole_scene
from visuals.page.engine import missing_engine
from visuals.page.escape import escape
from visuals.page.events import buttons, of_tab, said
from visuals.page.exports import wire_export
from visuals.page.recorded import Recorded, named
from visuals.scene import packed


@dataclass(frozen=True)
class ExploreTab:
    """What other tabs need of this one, to read its form and to show a run in it."""

    visitor: gr.State
    shown: list[Any]  # explorer and status and, where there is a form, its Run and Stop
    values: dict[str, Any]  # the form's controls by name; none where there is no engine

    def idle(self) -> tuple[Any, ...]:
        """Run and Stop when nothing goes on, where there is a form."""
        return buttons(running=False)[: len(self.shown) - 2]

    def showing(self, message: str, status: str) -> tuple[Any, ...]:
        """Values for `shown`: a packed message, and a line of status as inert HTML."""
        return message, status, *self.idle()


def explore(runs: Mapping[str, Recorded]) -> ExploreTab:
    """Lay out the tab inside the current Blocks. `runs` are the traces that ship with the app."""
    visitor = of_tab()
    first = next(iter(runs.values()), None)
    with gr.Row(elem_classes=["ds-line", "ds-choose"]):
        titles = [(run.title, slug) for slug, run in runs.items()]
        choice = gr.Dropdown(
            titles, value=first and first.slug, label=words.RECORDED, scale=6, elem_id="recorded"
        )
        wire_export(export_menu(), runs, visitor)
    missing = missing_engine()
    if missing is None:
        from visuals.page.form import build_form

        form = build_form()
    else:
        gr.HTML(escape(words.NO_ENGINE.format(package=missing)), elem_id="no-engine")
    status = gr.HTML(escape(words.WELCOME), elem_id="status", elem_classes=["ds-status"])
    picture = explorer(recorded_message(first) if first else None)

    tab = ExploreTab(visitor, [picture, status], {})
    if missing is None:
        from visuals.page.runs import wire_form

        wire_form(form, visitor, picture, status)
        tab.shown.extend([form.run, form.stop])
        tab.values.update(form.values)
    wire_choice(
        choice, picture, f"({EXPLORER})()?.slug ?? null", partial(recorded, runs, tab), visitor, tab.shown
    )
    return tab


def recorded(runs: Mapping[str, Recorded], tab: ExploreTab, slug: Any) -> tuple[Any, ...]:
    """Values for `tab.shown`: a recorded run, or why there is none."""
    try:
        run = named(runs, slug)
        return tab.showing(recorded_message(run), escape(words.PLAYING.format(name=run.title)))
    except Exception as error:
        return tab.showing(gr.skip(), said(error))


def recorded_message(run: Recorded, *, linked: bool = False) -> str:
    """A recorded run for the explorer; `linked` where the page's address asks for it."""
    return packed({**whole_scene(run.trace()), "slug": run.slug, "linked": linked})


def own_message(trace: Trace) -> str:
    """A run that no link can name."""
    return packed(whole_scene(trace))
