"""The part of the Tune tab that fits exit heads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from visuals.page import tune_words as words
from visuals.page.component import points
from visuals.page.events import AT_ONCE, COMPUTE, buttons, in_words, of_tab
from visuals.page.explore import ExploreTab
from visuals.page.fitting import Fitter, fitting
from visuals.page.going import begin, stop
from visuals.page.inputs import check_model
from visuals.page.limits import is_public
from visuals.page.measuring import Told
from visuals.page.tune_events import heading, in_turn
from visuals.scene import packed


def heads(explored: ExploreTab) -> None:
    """Exit heads for the model chosen in Explore."""
    fitter = of_tab()
    lead = words.HEADS_OFF if is_public() else words.HEADS_LEAD
    gr.HTML(heading(words.HEADS_TITLE, lead), elem_classes=["ds-section"])
    told = points("fitted", packed({"status": words.HEADS_IDLE, "fraction": None}))
    with gr.Row(elem_classes=["ds-line"]):
        fit = gr.Button(words.FIT, size="md", min_width=140, elem_id="fit", interactive=not is_public())
        stopping = gr.Button(words.STOP, interactive=False, size="md", min_width=140, elem_id="fit-stop")
    names = ("folder", "model", "device", "dtype")
    fit.click(
        _fit,
        [fitter, *(explored.values[name] for name in names)],
        [fitter, told, fit, stopping],
        **COMPUTE,
    )
    stopping.click(stop, fitter, None, **AT_ONCE)


def _fit(seen: Fitter | None, folder: Any, model: Any, device: Any, dtype: Any) -> Iterator[tuple[Any, ...]]:
    """Outputs: the fitter, the progress, Fit, Stop."""
    fitter = seen or Fitter()
    try:
        asked = check_model({"folder": folder, "model": model, "device": device, "dtype": dtype})
        going = begin(fitter)
        for told in in_turn(going, fitting(going, *asked)):
            yield fitter, _progress(told), *buttons(running=not told.done)
    except Exception as error:
        yield (
            fitter,
            packed({"status": in_words(error), "error": True, "fraction": None}),
            *buttons(running=False),
        )


def _progress(told: Told) -> str:
    return packed({"status": told.status, "fraction": None if told.done else told.fraction})
