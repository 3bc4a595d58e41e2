"""What the page's own address asks for: a recorded run at a moment, a tab, a lesson. What is not here is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gradio as gr
from gradio.events import Dependency

from accel.errors import InputError
from accel.outcome import Turn
from accel.trace import Commit, Draft, LayerRun
from accel.whatif import TURNS
from visuals.page import words
from visuals.page.escape import escape
from visuals.page.events import AT_ONCE, said
from visuals.page.explore import ExploreTab, recorded_message
from visuals.page.recorded import Recorded

PHASES = ("draft", "verify", "commit")
KNOB = "knob."
SHOWN = 40  # characters of a part that is not known


def wire_address(
    page: gr.Blocks, runs: Mapping[str, Recorded], lessons: Mapping[str, int], tab: ExploreTab, tabs: gr.Tabs
) -> Dependency:
    """Show the recorded run and the tab that are asked for; the moment and the card the browser finds.

    `lessons`: how many cards each has, by its name in an address.
    """
    known = {child.id for child in tabs.children}

    def on_load(request: gr.Request) -> tuple[Any, ...]:
        asked = request.query_params
        slug, name = asked.get("trace"), asked.get("tab", "learn" if "lesson" in asked else None)
        opened = gr.Tabs(selected=name) if name in known else gr.skip()
        message = status = gr.skip()
        if slug in runs and slug != next(iter(runs)):  # the page opens with the first by itself
            message = recorded_message(runs[slug], linked=True)
            status = escape(words.PLAYING.format(name=runs[slug].title))
        if missing := "; ".join(unknown_parts(asked, runs, lessons, known)):
            status = said(InputError("address", missing))
        return opened, message, status

    return page.load(on_load, None, [tabs, *tab.shown[:2]], **AT_ONCE)


def unknown_parts(
    asked: Mapping[str, str], runs: Mapping[str, Recorded], lessons: Mapping[str, int], tabs: set[Any]
) -> Iterator[str]:
    """Each part of an address that names what is not here, with what there is."""
    slug = asked.get("trace", next(iter(runs), ""))
    if slug in runs:
        yield from _unknown_moments(asked, runs[slug])
    elif "trace" in asked:
        yield f"no recorded run is called {_cut(slug)}; they are on the tab {words.TRACES}"
    if "tab" in asked and asked["tab"] not in tabs:
        yield f"there is no tab {_cut(asked['tab'])}"
    lesson = asked.get("lesson")
    if lesson is not None and lesson not in lessons:
        yield f"no lesson is called {_cut(lesson)}; they are on the tab {words.LEARN}"
    elif lesson is not None and not _is_whole(asked.get("card", "1"), 1, lessons[lesson]):
        yield f"card {_cut(asked['card'])} is none of the lesson's 1 to {lessons[lesson]}"


def _unknown_moments(asked: Mapping[str, str], run: Recorded) -> Iterator[str]:
    header, footer = run.ends
    last = round(footer.metrics["num_steps"])
    step = asked.get("step")
    if step is not None and not _is_whole(step, 0, last):
        yield f"step {_cut(step)} is none of the run's 0 to {last}"
    elif step is not None and "slot" in asked and not _has_slot(run, int(step), asked["slot"]):
        yield f"slot {_cut(asked['slot'])} is none of step {int(step)}"
    if "phase" in asked and asked["phase"] not in PHASES:
        yield f"phase {_cut(asked['phase'])} is none of {', '.join(PHASES)}"
    turns = TURNS.get(header.method.name, {})
    for part, value in asked.items():
        if not part.startswith(KNOB):
            continue
        name = part.removeprefix(KNOB)
        if name not in turns:
            yield f"{_cut(name)} is no knob that can be turned for this run"
        elif not _is_value(turns[name], value):
            yield f"{name} cannot be {_cut(value)}"


def _is_value(turn: Turn, text: str) -> bool:
    """Can the knob have the value that a link writes so? The names of choices only the browser knows."""
    if turn.kind is bool:
        return text in ("true", "false")
    if turn.kind is str:
        return True
    try:
        return turn.allows(turn.kind(text))
    except ValueError:
        return False


def _has_slot(run: Recorded, step: int, slot: str) -> bool:
    events = run.trace().steps[step].events
    drafted = {event.slot for event in events if isinstance(event, Draft)}
    named = {slot for event in events if isinstance(event, Commit | LayerRun) for slot in event.slots}
    return _is_whole(slot, 0, 10**7) and int(slot) in drafted | named


def _is_whole(text: str, low: int, high: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 7 and low <= int(text) <= high


def _cut(text: str) -> str:
    return repr(text[:SHOWN])
