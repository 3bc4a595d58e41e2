"""The Explore tab: a prompt, a method and its knobs; the explorer; recorded runs to play at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import gradio as gr

from accel.errors import InputError, ModelFailed
from accel.models.errors import ModelRefused
from accel.models.unavailable import ModelUnavailable
from accel.trace import Trace, TraceError
from visuals.page import words
from visuals.page.component import explorer
from visuals.page.escape import escape
from visuals.page.form import Form, build_form
from visuals.page.inputs import check_asked, read_trace
from visuals.page.live import Visitor, play, whole_scene
from visuals.scene import packed

EXPECTED = (InputError, ModelRefused, ModelUnavailable, ModelFailed, TraceError)

# For events that do no decoding: not queued behind runs, and not offered to programs.
AT_ONCE: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}

log = logging.getLogger("draftscope")


def explore(recorded: dict[str, Path]) -> None:
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
    form = build_form()
    status = gr.HTML(escape(words.WELCOME), elem_id="status", elem_classes=["ds-status"])
    first = next(iter(recorded.values()), None)
    picture = explorer(packed(whole_scene(Trace.load(first))) if first else None)

    live = _wire_form(form, visitor, [visitor, picture, status, download, form.run, form.stop])
    trace.input(
        lambda name: _recorded(recorded, name),
        trace,
        [picture, status, form.run, form.stop],
        cancels=[live],
        **AT_ONCE,
    )
    upload.upload(_uploaded, upload, [picture, status], **AT_ONCE)


def _wire_form(form: Form, visitor: gr.State, outputs: list[Any]) -> Any:
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
        outputs,
        concurrency_id="compute",
        concurrency_limit=1,
        show_progress="hidden",
        api_visibility="private",
    )


def _run(seen: Visitor | None, given: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Outputs: visitor, explorer, status, download, run, stop. Whatever happens, Run comes back."""
    visitor = seen or Visitor()
    idle, busy = _buttons(running=False), _buttons(running=True)
    try:
        asked = check_asked(given)
        for update in play(visitor, asked):
            message = packed(update.message) if update.message else gr.skip()
            download = gr.update(value=update.download, interactive=True) if update.download else gr.skip()
            yield visitor, message, escape(update.status), download, *(idle if update.download else busy)
    except Exception as error:
        yield visitor, gr.skip(), _said(error), gr.skip(), *idle


def _buttons(*, running: bool) -> tuple[Any, Any]:
    """Run and Stop."""
    return gr.update(interactive=not running), gr.update(interactive=running)


def _said(error: Exception) -> str:
    """An error in words, shown where the status is; the form keeps all that was typed."""
    if isinstance(error, EXPECTED):
        return f'<span role="alert" class="ds-error">{escape(str(error))}</span>'
    reference = uuid4().hex[:8]
    log.exception("unexpected error %s", reference)
    if isinstance(error, MemoryError):
        return f'<span role="alert" class="ds-error">{escape(words.MEMORY)}</span>'
    return (
        f'<span role="alert" class="ds-error">{escape(words.UNEXPECTED.format(reference=reference))}</span>'
    )


def _stop(visitor: Visitor | None) -> None:
    if visitor is not None:
        visitor.stop.set()


def _recorded(recorded: dict[str, Path], name: Any) -> tuple[Any, ...]:
    """Outputs: explorer, status, run, stop; a run in progress was broken off."""
    if not isinstance(name, str) or name not in recorded:
        return gr.skip(), _said(InputError("trace", "no recorded run of that name")), *_buttons(running=False)
    message = packed(whole_scene(Trace.load(recorded[name])))
    return message, escape(words.PLAYING.format(name=name)), *_buttons(running=False)


def _uploaded(path: Any) -> tuple[Any, str]:
    try:
        return packed(whole_scene(read_trace(path))), escape(words.UPLOADED)
    except Exception as error:
        return gr.skip(), _said(error)
