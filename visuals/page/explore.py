"""The Explore tab: recorded runs to play at once, the form for a run of one's own, the explorer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from accel.errors import InputError
from accel.trace import Trace
from visuals.page import words
from visuals.page.component import explorer, whole_scene
from visuals.page.engine import missing_engine
from visuals.page.escape import escape
from visuals.page.events import AT_ONCE, said
from visuals.page.uploads import read_trace
from visuals.scene import packed


@dataclass(frozen=True)
class Explored:
    """What other tabs need of this one: its form's controls by name, the explorer and the line of status over it."""

    values: dict[str, Any] | None  # None where there is no engine, and so no form
    picture: gr.HTML
    status: gr.HTML


def explore(recorded: dict[str, Path]) -> Explored:
    """Lay out the tab inside the current Blocks. `recorded` names the traces that ship with the app."""
    visitor = gr.State(None, time_to_live=15 * 60)
    with gr.Row(elem_classes=["ds-line"]):
        trace = gr.Dropdown(list(recorded), value=next(iter(recorded), None), label=words.RECORDED, scale=6)
        upload = gr.UploadButton(
            words.UPLOAD, file_types=[".jsonl"], size="md", min_width=140, elem_id="upload"
        )
        download = gr.DownloadButton(
            words.DOWNLOAD, size="md", min_width=140, interactive=False, elem_id="download"
        )
    missing = missing_engine()
    if missing is None:
        from visuals.page.form import build_form

        form = build_form()
    else:
        gr.HTML(escape(words.NO_ENGINE.format(package=missing)), elem_id="no-engine")
    status = gr.HTML(escape(words.WELCOME), elem_id="status", elem_classes=["ds-status"])
    first = next(iter(recorded.values()), None)
    picture = explorer(packed(whole_scene(Trace.load(first))) if first else None)

    shown, live = [picture, status], []
    if missing is None:
        from visuals.page.runs import wire_form

        live = [wire_form(form, visitor, picture, status, download)]
        shown += [form.run, form.stop]
    trace.input(lambda name: _recorded(recorded, name, shown), trace, shown, cancels=live, **AT_ONCE)
    upload.upload(_uploaded, upload, [picture, status], **AT_ONCE)
    return Explored(None if missing else form.values, picture, status)


def _recorded(recorded: dict[str, Path], name: Any, shown: list[Any]) -> tuple[Any, ...]:
    """Explorer and status, and, where there is a form, its Run and Stop: a run in progress was broken off."""
    idle = (gr.update(interactive=True), gr.update(interactive=False))[: len(shown) - 2]
    if not isinstance(name, str) or name not in recorded:
        return gr.skip(), said(InputError("trace", "no recorded run of that name")), *idle
    message = packed(whole_scene(Trace.load(recorded[name])))
    return message, escape(words.PLAYING.format(name=name)), *idle


def _uploaded(path: Any) -> tuple[Any, str]:
    try:
        return packed(whole_scene(read_trace(path))), escape(words.UPLOADED)
    except Exception as error:
        return gr.skip(), said(error)
