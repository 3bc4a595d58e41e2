"""What the events of the page share: how those are sent that decode nothing, and how errors are put into words."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import gradio as gr

from accel.errors import InputError, ModelFailed, is_out_of_memory
from accel.models.errors import ModelRefused
from accel.models.unavailable import ModelUnavailable
from accel.trace import TraceError
from visuals.page import words
from visuals.page.escape import escape
from visuals.page.failures import is_disk_full
from visuals.page.limits import limits
from visuals.page.line import ServerFull
from visuals.page.rate import TooOften
from visuals.page.trace_work import BrokenOff

EXPECTED = (
    InputError, ModelRefused, ModelUnavailable, ModelFailed, TraceError, ServerFull, TooOften, BrokenOff
)  # fmt: skip

# The page shows progress in its own words. Told of no place for it, gradio need not go through every component under
# an event's outputs at each update that is streamed, which took a third of the page's script.
NO_SPINNER: dict[str, Any] = {"show_progress": "hidden", "show_progress_on": []}

# For events that do no decoding: not queued behind runs, and not offered to programs.
AT_ONCE: dict[str, Any] = {"queue": False, "api_visibility": "private"} | NO_SPINNER

# For events that decode: all but one of the visitors listened to at once wait in the line.
COMPUTE: dict[str, Any] = {"concurrency_limit": 32, "api_visibility": "private"} | NO_SPINNER

log = logging.getLogger("draftscope")


def said(error: Exception) -> str:
    """An error as inert HTML, shown where the status is; the form keeps all that was typed."""
    return f'<span role="alert" class="ds-error">{escape(in_words(error))}</span>'


def in_words(error: Exception) -> str:
    """What went wrong, as a visitor may read it; what nobody expected goes to the log, with a reference."""
    if isinstance(error, EXPECTED):
        return str(error)
    if isinstance(error, gr.Error):  # the platform's own refusal, such as a spent GPU quota
        return words.REFUSED.format(reason=error.message)
    if is_disk_full(error):
        return words.DISK_FULL.format(minutes=limits().session_minutes)
    reference = uuid4().hex[:8]
    log.exception("unexpected error %s", reference)
    if is_out_of_memory(error):
        return words.MEMORY
    return words.UNEXPECTED.format(reference=reference)


def of_tab() -> gr.State:
    """What one browser tab has to itself, nothing at first; forgotten when its session is over."""
    return gr.State(None, time_to_live=limits().session_minutes * 60)


def buttons(*, running: bool) -> tuple[Any, Any]:
    """The one that begins, and Stop."""
    return gr.update(interactive=not running), gr.update(interactive=running)


def wire_texts(choice: gr.Dropdown, texts: Mapping[str, str], box: gr.Textbox) -> None:
    """The text that is chosen by its name comes into the box, also the same again; anything else changes nothing."""

    def text_of(name: Any) -> Any:
        return texts[name] if isinstance(name, str) and name in texts else gr.skip()

    # Not `input`, which comes whenever the dropdown is left (choice.py).
    gr.on([choice.change, choice.select], text_of, choice, box, **AT_ONCE)
