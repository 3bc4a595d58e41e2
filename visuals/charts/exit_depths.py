"""After how many layers tokens were given early, over a run, and how many of them were taken back."""

from __future__ import annotations

from collections import Counter

import plotly.graph_objects as go

from accel.trace import Draft, Readout, Rollback, Trace
from visuals.theme import PALETTES, Mode, template


def exit_depths(trace: Trace, *, mode: Mode = "light") -> go.Figure:
    """A column for each layer: kept below, taken back above it in outline."""
    kept, back = exit_counts(trace)
    palette = PALETTES[mode]
    layers = list(range(1, trace.header.model.num_layers + 1))
    figure = go.Figure()
    for name, counts, marker in (
        ("kept", kept, {"color": palette.left_early}),
        ("taken back", back, {"color": palette.surface, "line": {"width": 2, "color": palette.rejected}}),
    ):
        hover = [f"after {layer} layers: {counts[layer]} {name}" for layer in layers]
        figure.add_trace(
            go.Bar(
                x=layers,
                y=[counts[layer] for layer in layers],
                name=name,
                marker=marker,
                hovertext=hover,
                hovertemplate="%{hovertext}<extra></extra>",
            )
        )
    figure.update_layout(
        template=template(mode),
        title=f"Exit depth: {kept.total() + back.total()} tokens given early, {back.total()} taken back",
        barmode="stack",
        height=320,
        xaxis={"title": "layers run before the token was given"},
        yaxis={"title": "tokens"},
    )
    return figure


def exit_counts(trace: Trace) -> tuple[Counter[int], Counter[int]]:
    """Tokens given early by layer: kept, and taken back."""
    counts: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
    for step in trace.steps:
        after = {event.parent: event.slot for event in step.of(Draft)}
        back = {slot for event in step.of(Rollback) for slot in event.slots}
        for event in step.of(Readout):
            if event.taken:
                counts[after.get(event.slot) in back][event.layer] += 1
    return counts
