"""The Traces tab: the recorded runs as cards, a place to drop a trace of one's own, and facts of what is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gradio as gr

from accel.trace import Trace
from visuals.page import words
from visuals.page.component import details, gallery
from visuals.page.escape import escape
from visuals.page.events import AT_ONCE, COMPUTE, said
from visuals.page.explore import ExploreTab, own_message, recorded
from visuals.page.going import drop, stop_reading
from visuals.page.rate import address_of
from visuals.page.recorded import Recorded
from visuals.page.trace_work import in_line
from visuals.page.uploads import read_trace
from visuals.page.visitor import Visitor
from visuals.scene import packed


def traces(runs: Mapping[str, Recorded], tab: ExploreTab, tabs: gr.Tabs) -> None:
    """Lay out the tab inside the current Blocks; what is opened here is shown in Explore (`tab`)."""
    gr.HTML(escape(words.TRACES_LEAD), elem_classes=["ds-lead"])
    cards = gallery(packed({"runs": [run.card() for run in runs.values()]}))
    with gr.Row(elem_classes=["ds-own"]):
        with gr.Column(scale=2, min_width=280):
            gr.HTML(f"<h3>{words.UPLOAD}</h3>", elem_classes=["ds-section"])
            file = gr.File(
                label=words.UPLOAD_LABEL, file_types=[".jsonl"], type="filepath", height=150, elem_id="upload"
            )
            problem = gr.HTML("", elem_id="upload-status", elem_classes=["ds-status"])
        with gr.Column(scale=3, min_width=280):
            gr.HTML(f"<h3>{words.DETAILS}</h3>", elem_classes=["ds-section"])
            details()

    def on_open(seen: Visitor | None, event: gr.EventData) -> tuple[Any, ...]:
        drop(seen)
        slug = event._data.get("slug") if isinstance(event._data, dict) else None
        return _to_explore(), *recorded(runs, tab, slug)

    def on_upload(seen: Visitor | None, path: Any, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        yield from _uploaded(tab, seen or Visitor(), path, address_of(request))

    cards.select(on_open, tab.visitor, [tabs, *tab.shown], **AT_ONCE)
    opened = [tab.visitor, file, problem, tabs, *tab.shown]
    file.upload(on_upload, [tab.visitor, file], opened, **COMPUTE)
    file.clear(stop_reading, tab.visitor, None, **AT_ONCE)


def _uploaded(tab: ExploreTab, visitor: Visitor, path: Any, address: str) -> Iterator[tuple[Any, ...]]:
    """Outputs: visitor, file, words beside it, tabs, and what is shown in Explore, which stays until it is read."""

    def opened() -> tuple[Trace, bool, str]:
        trace, cut = read_trace(path)
        return trace, cut, own_message(trace)

    kept = [gr.skip()] * len(tab.shown)
    try:
        yield visitor, gr.skip(), escape(words.READING_FILE), gr.skip(), *kept
        for told in in_line(visitor, opened, address):
            if isinstance(told, str):
                yield visitor, gr.skip(), escape(told), gr.skip(), *kept
                continue
            drop(visitor)
            visitor.trace, cut, message = told
            shown = tab.showing(message, escape(words.UPLOADED_CUT if cut else words.UPLOADED))
            yield visitor, None, "", _to_explore(), *shown
    except Exception as error:
        yield visitor, None, said(error), gr.skip(), *kept


def _to_explore() -> Any:
    return gr.Tabs(selected="explore")
