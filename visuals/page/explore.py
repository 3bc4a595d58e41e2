"""The Explore tab: a prompt, a method and its knobs; the explorer; recorded runs to play at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import gradio as gr

from accel.errors import InputError, ModelFailed
from accel.methods import METHODS
from accel.models.catalogue import CATALOGUE, DEFAULT
from accel.models.errors import ModelRefused
from accel.models.unavailable import ModelUnavailable
from accel.trace import Trace, TraceError
from visuals.page import words
from visuals.page.component import explorer, message_text
from visuals.page.escape import escape
from visuals.page.inputs import (
    DEVICES,
    DTYPES,
    MAX_NEW_TOKENS,
    MAX_PROMPT_CHARS,
    check_asked,
    is_public,
    read_trace,
)
from visuals.page.knobs import knob_groups
from visuals.page.live import Visitor, play, whole_scene

EXPECTED = (InputError, ModelRefused, ModelUnavailable, ModelFailed, TraceError)
METHOD = "suffix" if "suffix" in METHODS else next(iter(METHODS))

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
    with gr.Row(elem_classes=["ds-line"]):
        prompt = gr.Textbox(
            words.PROMPT,
            label=words.PROMPT_LABEL,
            lines=2,
            max_lines=8,
            max_length=MAX_PROMPT_CHARS,
            scale=6,
            elem_id="prompt",
        )
        run = gr.Button(words.RUN, variant="primary", size="md", min_width=140, elem_id="run")
        stop = gr.Button(words.STOP, interactive=False, size="md", min_width=140, elem_id="stop")
    form = {"prompt": prompt, **_choices()}
    with gr.Accordion(words.KNOBS, open=False):
        groups, knobs = knob_groups(METHOD)
    form |= knobs
    form |= _settings()
    status = gr.HTML(escape(words.WELCOME), elem_id="status", elem_classes=["ds-status"])
    first = next(iter(recorded.values()), None)
    picture = explorer(message_text(whole_scene(Trace.load(first))) if first else None)

    shown_with = {**dict.fromkeys(groups, ()), "draft": ("draft_model",)}
    form["method"].change(
        lambda method: [gr.update(visible=method in (name, *shown)) for name, shown in shown_with.items()],
        form["method"],
        [*groups.values(), form["draft"]],
        **AT_ONCE,
    )
    names = list(form)

    def on_run(seen: Visitor | None, *values: Any) -> Iterator[tuple[Any, ...]]:
        yield from _run(seen, dict(zip(names, values, strict=True)))

    live = run.click(
        on_run,
        [visitor, *form.values()],
        [visitor, picture, status, download, run, stop],
        concurrency_id="compute", concurrency_limit=1, show_progress="hidden", api_visibility="private",
    )  # fmt: skip
    stop.click(_stop, visitor, None, **AT_ONCE)
    trace.input(
        lambda name: _recorded(recorded, name), trace, [picture, status, download],
        **AT_ONCE, cancels=[live],
    )  # fmt: skip
    upload.upload(_uploaded, upload, [picture, status], **AT_ONCE)


def _choices() -> dict[str, Any]:
    """What every run needs: the method, the model, how long, how random."""
    with gr.Row():
        return {
            "method": gr.Dropdown(list(METHODS), value=METHOD, label=words.METHOD, elem_id="method"),
            "model": gr.Dropdown(list(CATALOGUE), value=DEFAULT, label=words.MODEL),
            "draft": gr.Dropdown(list(CATALOGUE), value=DEFAULT, label=words.DRAFT, visible=False),
            "max_new_tokens": gr.Slider(1, MAX_NEW_TOKENS, value=96, step=1, label=words.LENGTH),
            "temperature": gr.Slider(0, 2, value=0, step=0.05, label=words.TEMPERATURE),
        }


def _settings() -> dict[str, Any]:
    """What few runs need, folded away."""
    with gr.Accordion(words.MORE, open=False):
        with gr.Row():
            found = {
                "device": gr.Dropdown(list(DEVICES), value="auto", label=words.DEVICE),
                "dtype": gr.Dropdown(list(DTYPES), value="auto", label=words.DTYPE),
                "top_k": gr.Number(0, label=words.TOP_K, precision=0, minimum=0, maximum=1000),
                "top_p": gr.Slider(0.05, 1, value=1, step=0.05, label=words.TOP_P),
                "seed": gr.Number(0, label=words.SEED, precision=0, minimum=0),
            }
        with gr.Row():
            found["stop"] = gr.Textbox("", label=words.STOPS, lines=1)
            found["folder"] = gr.Textbox("", label=words.FOLDER, visible=not is_public())
        with gr.Row():
            found["chat"] = gr.Checkbox(True, label=words.CHAT)
            found["every_layer"] = gr.Checkbox(False, label=words.EVERY_LAYER)
            found["check"] = gr.Checkbox(True, label=words.CHECK)
    return found


def _run(seen: Visitor | None, given: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Outputs: visitor, explorer, status, download, run, stop. Whatever happens, Run comes back."""
    visitor = seen or Visitor()
    on, off = gr.update(interactive=True), gr.update(interactive=False)
    idle, busy = (on, off), (off, on)
    try:
        asked = check_asked(given)
        for update in play(visitor, asked):
            message = message_text(update.message) if update.message else gr.skip()
            download = gr.update(value=update.download, interactive=True) if update.download else gr.skip()
            yield visitor, message, escape(update.status), download, *(idle if update.download else busy)
    except Exception as error:
        yield visitor, gr.skip(), _said(error), gr.skip(), *idle


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
    if not isinstance(name, str) or name not in recorded:
        return gr.skip(), _said(InputError("trace", "no recorded run of that name")), gr.skip()
    path = recorded[name]
    return message_text(whole_scene(Trace.load(path))), escape(words.PLAYING.format(name=name)), gr.skip()


def _uploaded(path: Any) -> tuple[Any, str]:
    try:
        return message_text(whole_scene(read_trace(path))), escape(words.UPLOADED)
    except Exception as error:
        return gr.skip(), _said(error)
