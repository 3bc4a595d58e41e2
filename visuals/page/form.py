"""The form: the prompt, the method with its knobs, the model, and what few runs need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from accel.methods import METHODS
from visuals.page import words
from visuals.page.inputs import device_choices, dtype_choices
from visuals.page.knobs import knob_groups
from visuals.page.limits import is_public, limits

METHOD = "suffix"


@dataclass(frozen=True)
class Form:
    """The controls by the names that `inputs.check_asked` knows, and what is shown for which method."""

    values: dict[str, Any]
    run: gr.Button
    stop: gr.Button
    shown_for: list[tuple[Any, str]]  # a control or group, and the method it belongs to


def build_form() -> Form:
    """Lay the form out inside the current Blocks."""
    with gr.Row(elem_classes=["ds-line"]):
        prompt = gr.Textbox(
            words.PROMPT,
            label=words.PROMPT_LABEL,
            lines=1,
            max_lines=8,
            max_length=limits().max_prompt_chars,
            scale=5,
            elem_id="prompt",
        )
        method = gr.Dropdown(list(METHODS), value=METHOD, label=words.METHOD, min_width=150, elem_id="method")
        run = gr.Button(words.RUN, variant="primary", size="md", min_width=140, elem_id="run")
        stop = gr.Button(words.STOP, interactive=False, size="md", min_width=140, elem_id="stop")
    with gr.Accordion(words.SETTINGS, open=False, elem_id="settings"):
        choices = _choices()
        groups, knobs = knob_groups(METHOD)
        values = {"prompt": prompt, "method": method, **choices, **knobs, **_settings()}
    shown_for = [(group, method) for method, group in groups.items()] + [(values["draft"], "draft_model")]
    return Form(values, run, stop, shown_for)


def _choices() -> dict[str, Any]:
    """What every run needs: the model, how long, how random."""
    models, most = limits().models, limits().max_new_tokens
    with gr.Row():
        return {
            "model": gr.Dropdown(list(models), value=models[0], label=words.MODEL),
            "draft": gr.Dropdown(list(models), value=models[0], label=words.DRAFT, visible=False),
            "max_new_tokens": gr.Slider(1, most, value=min(96, most), step=1, label=words.LENGTH),
            "temperature": gr.Slider(0, 2, value=0, step=0.05, label=words.TEMPERATURE),
        }


def _settings() -> dict[str, Any]:
    """What few runs need, folded away."""
    with gr.Accordion(words.MORE, open=False):
        with gr.Row():
            found = {
                "device": gr.Dropdown(list(device_choices()), value="auto", label=words.DEVICE),
                "dtype": gr.Dropdown(list(dtype_choices()), value="auto", label=words.DTYPE),
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
