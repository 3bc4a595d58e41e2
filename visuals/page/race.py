"""The Race tab: recorded races to replay at once, the form for a race of one's own, and two runs side by side."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from accel.errors import InputError
from accel.trace import Trace
from visuals.page import words
from visuals.page.choice import wire_choice
from visuals.page.component import mounted
from visuals.page.engine import missing_engine
from visuals.page.escape import escape
from visuals.page.events import buttons, of_tab, said
from visuals.page.pair import pair_part
from visuals.race import race
from visuals.scene import packed

Races = Mapping[str, Sequence[Path]]
TITLE = "document.querySelector('#race .ds-mount').shown.race.title || null"  # a visitor's own race has none


def race_tab(races: Races, recorded: Mapping[str, Path]) -> dict[str, Any]:
    """Lay out the tab inside the current Blocks. `races` and `recorded` name what ships with the app.

    Returns the form's controls by name; none where there is no engine.
    """
    visitor = of_tab()
    first = next(iter(races))
    with gr.Row(elem_classes=["ds-line"]):
        chosen = gr.Dropdown(list(races), value=first, label=words.RACE_RECORDED, elem_id="race-recorded")
    missing = missing_engine()
    if missing is None:
        from visuals.page.race_form import build_race_form

        with gr.Accordion(words.RACE_OWN, open=False, elem_id="race-own"):
            form = build_race_form()
    status = gr.HTML(escape(words.RACE_WELCOME), elem_id="race-status", elem_classes=["ds-status"])
    picture = mounted("race", "mountRace", packed(_shipped(races, first)))
    part = pair_part(visitor, {**_lanes(races), **recorded})

    shown = [picture, status]
    if missing is None:
        from visuals.page.race_form import wire_race_form

        wire_race_form(form, visitor, picture, status, part)
        shown += [form.start, form.stop]
    wire_choice(chosen, picture, TITLE, partial(_chosen, races, shown), visitor, shown)
    return form.values if missing is None else {}


def _lanes(races: Races) -> dict[str, Path]:
    """The runs of the shipped races, by the race's title and the method in the file's name."""
    return {
        words.PAIR_RACE_LANE.format(race=title, method=path.stem.partition("-")[2]): path
        for title, paths in races.items()
        for path in paths
    }


def _shipped(races: Races, title: str) -> dict[str, Any]:
    return race([Trace.load(path) for path in races[title]], run=secrets.token_hex(8), title=title)


def _chosen(races: Races, shown: list[Any], name: Any) -> tuple[Any, ...]:
    """Picture and status, and, where there is a form, its Race and Stop."""
    idle = buttons(running=False)[: len(shown) - 2]
    if not isinstance(name, str) or name not in races:
        return gr.skip(), said(InputError("race", "no recorded race of that name")), *idle
    return packed(_shipped(races, name)), escape(words.RACE_PLAYING.format(name=name)), *idle
