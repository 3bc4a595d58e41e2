"""gradio's memory of a browser tab, without the values of its controls.

gradio keeps, for every tab, what each control was last sent and shown, until many other tabs have come: a whole run, or
a prompt of any length. Only its deep links read that, which the page closes (doors.py).
"""

from __future__ import annotations

import logging
from typing import Any

import gradio as gr

from visuals.page import words

log = logging.getLogger("draftscope")
NEEDED = "_update_value_in_config"


def forget_values() -> None:
    """Keep no values of controls for tabs; a gradio that keeps them in another way is said to be one."""
    try:
        from gradio.state_holder import SessionState
    except ImportError:
        SessionState = None
    if not hasattr(SessionState, NEEDED):
        log.warning(words.VALUES_KEPT.format(version=gr.__version__, missing=f"SessionState.{NEEDED}"))
        return
    setattr(SessionState, NEEDED, _forget)


def _forget(_: Any, key: int, value: Any) -> None:
    """In place of keeping the value of the control with this id."""
