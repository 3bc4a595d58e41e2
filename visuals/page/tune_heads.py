"""The part of the Tune tab that fits exit heads, and what its parts share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from visuals.page import tune_words as words
from visuals.page.component import points
from visuals.page.escape import escape
from visuals.page.explore import AT_ONCE, COMPUTE, Explored, in_words
from visuals.page.fitting import fitting
from visuals.page.inputs import check_model, is_public
from visuals.page.measuring import Told, Tuning
from visuals.scene import packed


def heads(explored: Explored, tuning: gr.State) -> None:
    """Exit heads for the model chosen in Explore."""
    lead = words.HEADS_OFF if is_public() else words.HEADS_LEAD
    gr.HTML(heading(words.HEADS_TITLE, lead), elem_classes=["ds-section"])
    told = points("fitted", packed({"status": words.HEADS_IDLE, "fraction": None}))
    with gr.Row(elem_classes=["ds-line"]):
        fit = gr.Button(words.FIT, size="md", min_width=140, elem_id="fit", interactive=not is_public())
        stopping = gr.Button(words.STOP, interactive=False, size="md", min_width=140, elem_id="fit-stop")
    names = ("folder", "model", "device", "dtype")
    fit.click(
        _fit,
        [tuning, *(explored.form.values[name] for name in names)],
        [tuning, told, fit, stopping],
        **COMPUTE,
    )
    stopping.click(stop, tuning, None, **AT_ONCE)


def _fit(seen: Tuning | None, folder: Any, model: Any, device: Any, dtype: Any) -> Iterator[tuple[Any, ...]]:
    """Outputs: tuning, the progress, Fit, Stop."""
    tuning = seen or Tuning()
    try:
        asked = check_model({"folder": folder, "model": model, "device": device, "dtype": dtype})
        for told in fitting(tuning.stop, *asked):
            yield tuning, _progress(told), *buttons(not told.done)
    except Exception as error:
        yield tuning, packed({"status": in_words(error), "error": True, "fraction": None}), *buttons(False)


def _progress(told: Told) -> str:
    return packed({"status": told.status, "fraction": None if told.done else told.fraction})


def stop(tuning: Tuning | None) -> None:
    """Whatever this visitor has going on in this tab ends within a step."""
    if tuning is not None:
        tuning.stop.set()


def buttons(running: bool) -> tuple[Any, Any]:
    """The one that begins, and Stop."""
    return gr.update(interactive=not running), gr.update(interactive=running)


def heading(title: str, lead: str) -> str:
    """A section's head."""
    return f"<h2>{escape(title)}</h2><p>{escape(lead)}</p>" if lead else f"<h2>{escape(title)}</h2>"
