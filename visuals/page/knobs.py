"""Controls made from a method's own fields: a knob added there appears here by itself."""

from __future__ import annotations

from typing import Any

import gradio as gr

from accel.method import Choice, Counts, Knob, Range, Switch, knobs_of
from accel.methods import METHODS


def control(knob: Knob) -> Any:
    """A slider, a tick box or a list, as the knob's bounds say."""
    label = knob.name.replace("_", " ")
    match knob.bounds:
        case Range(low, high, text):
            step = 1 if knob.kind is int else 0.05
            return gr.Slider(low, high, value=knob.default, step=step, label=label, info=text)
        case Switch(text):
            return gr.Checkbox(value=knob.default, label=label, info=text)
        case Choice(options, text):
            return gr.Dropdown(list(options), value=knob.default, label=label, info=text)
        case Counts(_, _, text):
            return gr.Textbox(knob.default, label=label, info=text, max_lines=1, max_length=60)


def knob_groups(chosen: str) -> tuple[dict[str, gr.Group], dict[str, Any]]:
    """One group of controls per method, the chosen one's visible; and all controls by `method.knob`."""
    groups, controls = {}, {}
    for name, method in METHODS.items():
        with gr.Group(visible=name == chosen) as groups[name]:
            gr.Markdown((method.__doc__ or "").strip(), elem_classes=["ds-card"])
            knobs = knobs_of(method)
            for start in range(0, len(knobs), 4):
                with gr.Row():
                    for knob in knobs[start : start + 4]:
                        controls[f"{name}.{knob.name}"] = control(knob)
    return groups, controls
