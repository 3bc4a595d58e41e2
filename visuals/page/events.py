"""What the events of the page share: how those are sent that decode nothing, and how errors are put into words."""

from __future__ import annotations

import logging
from typing import Any
from uuid import uuid4

import gradio as gr

from accel.errors import InputError, ModelFailed
from accel.models.errors import ModelRefused
from accel.models.unavailable import ModelUnavailable
from accel.trace import TraceError
from visuals.page import words
from visuals.page.escape import escape
from visuals.page.line import ServerFull

EXPECTED = (InputError, ModelRefused, ModelUnavailable, ModelFailed, TraceError, ServerFull)

# For events that do no decoding: not queued behind runs, and not offered to programs.
AT_ONCE: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}

log = logging.getLogger("draftscope")


def said(error: Exception) -> str:
    """An error as inert HTML, shown where the status is; the form keeps all that was typed."""
    return f'<span role="alert" class="ds-error">{escape(in_words(error))}</span>'


def in_words(error: Exception) -> str:
    """An error as one plain sentence: nothing of the inside but a reference to the log."""
    if isinstance(error, EXPECTED):
        return str(error)
    if isinstance(error, gr.Error):  # the platform's own refusal, such as a spent GPU quota
        return words.REFUSED.format(reason=error.message)
    reference = uuid4().hex[:8]
    log.exception("unexpected error %s", reference)
    if isinstance(error, MemoryError):
        return words.MEMORY
    return words.UNEXPECTED.format(reference=reference)
