"""The form of what is measured on the Tune tab: a prompt, a method, the knobs to turn and their values."""

from __future__ import annotations

from typing import Any

import gradio as gr

from accel.methods import METHODS
from visuals.page import tune_words as words
from visuals.page.events import AT_ONCE, wire_texts
from visuals.page.measure_inputs import turnable, values_for

METHOD, KNOB = "adadecode", "threshold"


def build_bench_form() -> dict[str, Any]:
    """Lay the form out inside the current Blocks; its controls by the names that `measure_inputs` knows."""
    with gr.Row(elem_classes=["ds-line"]):
        prompt = gr.Textbox(
            next(iter(words.SAMPLES.values())),
            label=words.PROMPT,
            lines=2,
            max_lines=6,
            scale=6,
            min_width=280,
            elem_id="tune-prompt",
        )
        sample = gr.Dropdown(
            list(words.SAMPLES),
            value=next(iter(words.SAMPLES)),
            label=words.SAMPLE,
            scale=4,
            min_width=240,
            elem_id="tune-sample",
        )
    wire_texts(sample, words.SAMPLES, prompt)
    values = {"prompt": prompt, **_choices()}
    _wire(values)
    return values


def _choices() -> dict[str, Any]:
    """The method, the knob to turn and its values, and perhaps a second one."""
    methods, known = [name for name in METHODS if turnable(name)], turnable(METHOD)
    with gr.Row():
        return {
            "method": gr.Dropdown(methods, value=METHOD, label=words.METHOD, elem_id="tune-method"),
            "knob": gr.Dropdown(known, value=KNOB, label=words.KNOB, elem_id="tune-knob"),
            "values": _values_box("0.3, 0.5, 0.7, 0.9, 1.05", words.VALUES, "tune-values"),
            "second": gr.Dropdown([words.NONE, *known], value=words.NONE, label=words.SECOND),
            "second_values": _values_box("", words.SECOND_VALUES, "tune-second-values"),
        }


def _values_box(value: str, label: str, name: str) -> gr.Textbox:
    return gr.Textbox(value, label=label, placeholder=words.VALUES_HINT, max_lines=1, elem_id=name)


def _wire(values: dict[str, Any]) -> None:
    """Another method has other knobs, another knob other values."""

    def on_method(method: Any) -> list[Any]:
        known = turnable(method) if isinstance(method, str) and method in METHODS else []
        first = known[0] if known else None
        return [
            gr.update(choices=known, value=first),
            values_for(method, first) if first else "",
            gr.update(choices=[words.NONE, *known], value=words.NONE),
            "",
        ]

    def on_knob(method: Any, knob: Any) -> str:
        known = isinstance(method, str) and method in METHODS and isinstance(knob, str)
        return values_for(method, knob) if known else ""

    outputs = [values[name] for name in ("knob", "values", "second", "second_values")]
    values["method"].change(on_method, values["method"], outputs, **AT_ONCE)
    values["knob"].change(on_knob, [values["method"], values["knob"]], values["values"], **AT_ONCE)
    values["second"].change(on_knob, [values["method"], values["second"]], values["second_values"], **AT_ONCE)
