"""The form of a race of one's own: a prompt, the methods, how long; Race and Stop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from accel.methods import METHODS
from visuals.page import words
from visuals.page.escape import escape
from visuals.page.events import AT_ONCE, COMPUTE, buttons, said, wire_texts
from visuals.page.going import begin, stop, until_dropped, was_dropped
from visuals.page.inputs import MAX_LANE_TOKENS, MAX_ROUNDS, check_race, dtype_choices, most_tokens
from visuals.page.limits import limits
from visuals.page.pair import PairPart, Racer
from visuals.page.racing import measure
from visuals.page.rate import address_of, count_run
from visuals.page.runs import in_turn
from visuals.scene import packed

RACERS = ["autoregressive", "suffix", "aded"]


@dataclass(frozen=True)
class RaceForm:
    """The controls by the names that `inputs.check_race` knows."""

    values: dict[str, Any]
    start: gr.Button
    stop: gr.Button


def build_race_form() -> RaceForm:
    """Lay the form out inside the current Blocks."""
    with gr.Row(elem_classes=["ds-line"]):
        prompt = gr.Textbox(
            next(iter(words.RACE_EXAMPLES.values())),
            label=words.PROMPT_LABEL,
            lines=2,
            max_lines=8,
            max_length=limits().max_prompt_chars,
            scale=6,
            elem_id="race-prompt",
        )
        start = gr.Button(words.RACE_START, variant="primary", size="md", min_width=140, elem_id="race-start")
        stop = gr.Button(words.STOP, interactive=False, size="md", min_width=140, elem_id="race-stop")
    with gr.Row():
        methods = gr.CheckboxGroup(
            list(METHODS), value=RACERS, label=words.RACE_METHODS, elem_id="race-methods"
        )
    with gr.Row():
        examples, models = list(words.RACE_EXAMPLES), limits().models
        most, dtypes = most_tokens(MAX_LANE_TOKENS), dtype_choices()
        example = gr.Dropdown(examples, value=examples[0], label=words.RACE_EXAMPLE, elem_id="race-example")
        values = {
            "prompt": prompt,
            "methods": methods,
            "model": gr.Dropdown(list(models), value=models[0], label=words.MODEL),
            "dtype": gr.Dropdown(list(dtypes), value=dtypes[min(1, len(dtypes) - 1)], label=words.DTYPE),
            "max_new_tokens": gr.Slider(2, most, value=min(64, most), step=1, label=words.RACE_LENGTH),
            "rounds": gr.Slider(1, MAX_ROUNDS, value=3, step=2, label=words.RACE_ROUNDS),
        }
    wire_texts(example, words.RACE_EXAMPLES, prompt)
    return RaceForm(values, start, stop)


def wire_race_form(
    form: RaceForm, visitor: gr.State, picture: gr.HTML, status: gr.HTML, part: PairPart
) -> None:
    """What happens on Race and Stop."""
    names = list(form.values)

    def on_start(request: gr.Request, seen: Racer | None, *values: Any) -> Iterator[tuple[Any, ...]]:
        yield from _race(seen or Racer(), dict(zip(names, values, strict=True)), part, request)

    form.stop.click(stop, visitor, None, **AT_ONCE)
    form.start.click(
        on_start,
        [visitor, *form.values.values()],
        [visitor, picture, status, form.start, form.stop, part.left, part.right],
        **COMPUTE,
    )


def _race(
    racer: Racer, given: dict[str, Any], part: PairPart, request: gr.Request
) -> Iterator[tuple[Any, ...]]:
    """Outputs: visitor, picture, status, Race, Stop, left, right. Whatever happens, Race comes back."""
    idle, busy = buttons(running=False), buttons(running=True)
    lists: tuple[Any, Any] = gr.skip(), gr.skip()
    try:
        asked = check_race(given)
        count_run(request)
        mine = begin(racer)
        for update in until_dropped(
            racer, mine, in_turn(mine, measure(racer, asked, mine), address_of(request))
        ):
            message = packed(update.message) if update.message else gr.skip()
            if update.message:
                lists = _lists(racer, part)
            yield racer, message, escape(update.status), *(idle if update.over else busy), *lists
        if was_dropped(racer, mine):  # its newest word may have overtaken what is shown now
            yield racer, gr.skip(), gr.skip(), *idle, gr.skip(), gr.skip()
    except Exception as error:
        yield racer, gr.skip(), said(error), *idle, gr.skip(), gr.skip()


def _lists(racer: Racer, part: PairPart) -> tuple[Any, Any]:
    """The lists to compare from, the first two lanes of the visitor's newest race chosen."""
    choices = part.choices(racer)
    left, right, *_ = racer.lanes
    return gr.update(choices=choices, value=left), gr.update(choices=choices, value=right)
