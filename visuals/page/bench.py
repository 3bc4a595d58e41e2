"""The part of the Tune tab that measures settings on the visitor's own prompt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from accel.trace import Trace
from visuals.charts.sweep import by_setting, pareto
from visuals.page import tune_words as words
from visuals.page.bench_form import build_bench_form
from visuals.page.component import points, whole_scene
from visuals.page.escape import escape
from visuals.page.events import AT_ONCE, COMPUTE, buttons, in_words, of_tab
from visuals.page.explore import ExploreTab
from visuals.page.going import begin, drop, stop
from visuals.page.inputs import most_tokens
from visuals.page.measure_inputs import MAX_ROUNDS, MAX_TOKENS, check_measure
from visuals.page.measuring import Tuning, measuring, points_json
from visuals.page.rate import address_of, count_run
from visuals.page.settings_text import as_command, as_json, as_python, knobs_to_set
from visuals.page.tune_events import heading, in_turn
from visuals.page.visitor import Visitor
from visuals.scene import packed
from visuals.theme import Mode

IS_DARK = "document.body.classList.contains('dark') ? 'dark' : 'light'"


@dataclass(frozen=True)
class Bench:
    """The controls of "Measure it", those sent by their names first."""

    values: dict[str, Any]
    measure: gr.Button
    stop: gr.Button
    found: gr.HTML
    charts: gr.Column
    plots: list[gr.Plot]
    texts: list[gr.Code]


def bench(explored: ExploreTab, tabs: gr.Tabs) -> dict[str, Any]:
    """Lay it out inside the current Blocks. The model and the other knobs are those of Explore's form.

    Returns its controls by name.
    """
    tuning = of_tab()
    made = _bench()
    _wire_measuring(made, explored.values, tuning)

    def on_open(visitor: Visitor | None, found: Tuning | None, event: gr.EventData) -> tuple[Any, ...]:
        return _open(explored, visitor, found, event)

    made.found.select(on_open, [explored.visitor, tuning], [*explored.shown, made.found, tabs], **AT_ONCE)
    return made.values


def _bench() -> Bench:
    gr.HTML(heading(words.MEASURE_TITLE, words.MEASURE_LEAD), elem_classes=["ds-section"])
    values = build_bench_form()
    most = most_tokens(MAX_TOKENS)
    with gr.Row(elem_classes=["ds-line"]):
        values["max_new_tokens"] = gr.Slider(2, most, value=min(48, most), step=1, label=words.LENGTH)
        values["rounds"] = gr.Slider(1, MAX_ROUNDS, value=2, step=1, label=words.ROUNDS)
        measure = gr.Button(words.MEASURE, variant="primary", size="md", min_width=140, elem_id="measure")
        stopping = gr.Button(words.STOP, interactive=False, size="md", min_width=140, elem_id="measure-stop")
    found = points("measured")
    with gr.Column(visible=False) as charts:
        with gr.Row():
            plots = [gr.Plot(show_label=False, elem_id=name) for name in ("by-setting", "front")]
        gr.HTML(heading(words.SETTINGS, ""), elem_classes=["ds-section"])
        languages: dict[str, Any] = {words.PYTHON: "python", words.SHELL: "shell", words.JSON: "json"}
        texts = []
        with gr.Tabs():
            for label, language in languages.items():
                with gr.Tab(label, render_children=True):
                    texts.append(
                        gr.Code(language=language, show_label=False, interactive=False, wrap_lines=True)
                    )
    return Bench(values, measure, stopping, found, charts, plots, texts)


def _wire_measuring(bench: Bench, form: dict[str, Any], tuning: gr.State) -> None:
    own, theirs = list(bench.values), list(form)
    mode = gr.Textbox("light", visible=False)

    def on_measure(request: gr.Request, seen: Tuning | None, *sent: Any) -> Iterator[tuple[Any, ...]]:
        given = dict(zip(own, sent, strict=False))
        chosen = dict(zip(theirs, sent[len(own) :], strict=False))
        yield from _measure(seen or Tuning(), chosen, given, sent[-1], request)

    bench.measure.click(
        on_measure,
        [tuning, *bench.values.values(), *form.values(), mode],
        [tuning, bench.found, bench.measure, bench.stop, bench.charts, *bench.plots, *bench.texts],
        js=f"(...sent) => [...sent.slice(0, -1), {IS_DARK}]",
        **COMPUTE,
    )
    bench.stop.click(stop, tuning, None, **AT_ONCE)


def _measure(
    tuning: Tuning, form: dict[str, Any], given: dict[str, Any], mode: Any, request: gr.Request
) -> Iterator[tuple[Any, ...]]:
    """Outputs: tuning, the list, Measure, Stop, the charts' column, two charts, three texts."""
    unchanged = (gr.skip(),) * 6
    try:
        asked = check_measure(form, given)
        count_run(request)
        going = begin(tuning)
        yield (
            tuning,
            packed({"status": words.LOADING, "fraction": 0.0, "points": []}),
            *buttons(running=True),
            *unchanged,
        )
        for told in in_turn(going, measuring(tuning, asked, going), address_of(request)):
            found = {"points": points_json(tuning)} if told.fresh else {}
            message = {"status": told.status, "fraction": None if told.done else told.fraction, **found}
            shown = _drawn(tuning, mode) if told.fresh else unchanged
            yield tuning, packed(message), *buttons(running=not told.done), *shown
    except Exception as error:
        yield (
            tuning,
            packed({"status": in_words(error), "error": True, "fraction": None}),
            *buttons(running=False),
            *unchanged,
        )


def _drawn(tuning: Tuning, mode: Any) -> tuple[Any, ...]:
    """The charts' column, two charts, three texts."""
    best, shade = tuning.fastest, _shade(mode)
    assert best is not None
    assert tuning.asked is not None
    run = tuning.asked.run
    knobs = knobs_to_set(run, best)
    charts = by_setting(tuning.points, method=run.method, mode=shade), pareto(tuning.points, mode=shade)
    return (
        gr.update(visible=True),
        *charts,
        as_python(run, knobs),
        as_command(run, knobs),
        as_json(run, knobs),
    )


def _shade(mode: Any) -> Mode:
    return "dark" if mode == "dark" else "light"


def _open(
    explored: ExploreTab, visitor: Visitor | None, tuning: Tuning | None, event: gr.EventData
) -> tuple[Any, ...]:
    """Outputs: what Explore shows, the list, the tabs."""
    try:
        point, trace = (tuning or Tuning()).trace(
            event._data.get("index") if isinstance(event._data, dict) else None
        )
        shown = explored.showing(packed(whole_scene(trace)), _opened(point, trace))
        drop(visitor)
        return *shown, gr.skip(), gr.Tabs(selected="explore")
    except Exception as error:
        kept = [gr.skip()] * len(explored.shown)
        return *kept, packed({"status": in_words(error), "error": True}), gr.skip()


def _opened(point: Any, trace: Trace) -> str:
    setting = ", ".join(f"{name} {value}" for name, value in point.knobs.items())
    return escape(words.OPENED.format(setting=setting, speedup=point.speedup))
