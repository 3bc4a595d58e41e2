"""The page's Blocks, where a value that no control of the page sends is refused in words.

gradio prints a traceback for each and answers without saying why; programs can send any number of them.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from visuals.page import words
from visuals.page.failures import is_disk_full
from visuals.page.limits import limits


class CheckedBlocks(gr.Blocks):  # type: ignore[misc]  # gradio is not typed
    """`gr.Blocks` with refusals in place of tracebacks."""

    async def preprocess_data(self, *args: Any, **kwargs: Any) -> Any:
        """What controls sent, as the page's functions take it. Raises gr.Error for values of another kind."""
        try:
            return await super().preprocess_data(*args, **kwargs)
        except Exception:
            raise gr.Error(words.BAD_VALUE, print_exception=False) from None

    async def postprocess_data(self, *args: Any, **kwargs: Any) -> Any:
        """What the page's functions return, as it is sent. Raises gr.Error where a file of it cannot be written."""
        try:
            return await super().postprocess_data(*args, **kwargs)
        except Exception as error:
            if not is_disk_full(error):
                raise
            full = words.DISK_FULL.format(minutes=limits().session_minutes)
            raise gr.Error(full, print_exception=False) from None
