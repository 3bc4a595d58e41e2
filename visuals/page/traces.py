"""The Traces tab: the recorded runs as cards, a place to drop a trace of one's own, and facts of what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

from visuals.page import words
from visuals.page.component import details, gallery
from visuals.page.escape import escape
from visuals.page.events import AT_ONCE, said
from visuals.page.explore import ExploreTab, own_message, recorded
from visuals.page.going import drop
from visuals.page.recorded import Recorded
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

    def on_upload(seen: Visitor | None, path: Any) -> tuple[Any, ...]:
        visitor = seen or Visitor()
        try:
            trace = read_trace(path)
            drop(visitor)
            visitor.trace = trace
            shown = tab.showing(own_message(trace), escape(words.UPLOADED))
        except Exception as error:
            kept = [gr.skip()] * len(tab.shown)
            return visitor, None, said(error), gr.skip(), *kept
        return visitor, None, "", _to_explore(), *shown

    cards.select(on_open, tab.visitor, [tabs, *tab.shown], **AT_ONCE)
    opened = [tab.visitor, file, problem, tabs, *tab.shown]
    file.upload(on_upload, [tab.visitor, file], opened, **AT_ONCE)


def _to_explore() -> Any:
    return gr.Tabs(selected="explore")
