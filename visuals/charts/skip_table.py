"""A CLaSp update: the table of cosines with the way chosen through it, and what this and earlier updates skip."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from accel.trace import Trace
from visuals.plans import Plan
from visuals.reading import Reader
from visuals.theme import PALETTES, Mode, template

MOST_UPDATES = 60  # newest ones in the strip


def skip_table(trace: Trace, step: int, *, mode: Mode = "light") -> go.Figure:
    """The newest update up to a step. Both halves share the layers, bottom layer at the bottom."""
    reader = Reader(trace.header)
    made = [(one.index, plan) for one in trace.steps[: step + 1] for plan in reader.read(one).plans]
    if not made:
        raise ValueError(f"step: no layers were chosen up to step {step}")
    at, plan = made[-1]
    figure = make_subplots(cols=2, shared_yaxes=True, column_widths=[0.5, 0.5], horizontal_spacing=0.08)
    for drawn in (_cosines(plan), _path(plan, mode)):
        figure.add_trace(drawn, row=1, col=1)
    figure.add_trace(_strip(made[-MOST_UPDATES:], trace.header.model.num_layers, mode), row=1, col=2)
    alike = "" if plan.likeness is None else f", {plan.likeness:.2f} alike the one before"
    figure.update_layout(
        template=template(mode),
        title=f"Update {len(made)}, step {at}: {len(plan.skipped)} layers left out{alike}",
        height=220 + 10 * trace.header.model.num_layers,
        xaxis={"title": "layers left out so far", "showgrid": False},
        xaxis2={"title": "update, by its step", "type": "category", "showgrid": False},
        yaxis={"title": "layers considered", "showgrid": False},
        yaxis2={"showgrid": False},
    )
    return figure


def _cosines(plan: Plan) -> go.Heatmap:
    rows = [
        [cosine if skipped <= row else None for skipped, cosine in enumerate(cosines)]
        for row, cosines in enumerate(plan.similarity)
    ]
    return go.Heatmap(
        z=rows,
        colorscale="Cividis",
        zmax=1,
        colorbar={"title": "cosine", "thickness": 12, "x": 0.46},
        xgap=1,
        ygap=1,
        name="cosine",
        hovertemplate="%{y} layers on, %{x} left out: %{z:.3f}<extra></extra>",
    )


def _path(plan: Plan, mode: Mode) -> go.Scatter:
    path = plan.path()
    return go.Scatter(
        x=[skipped for _, skipped in path],
        y=[row for row, _ in path],
        mode="lines+markers",
        name="chosen way",
        showlegend=False,
        line={"color": PALETTES[mode].left_early, "width": 3},
        marker={"size": 5, "color": PALETTES[mode].surface, "line": {"width": 1.5}},
        hoverinfo="skip",
    )


def _strip(made: Sequence[tuple[int, Plan]], num_layers: int, mode: Mode) -> go.Heatmap:
    """1 where a layer runs; what is left out stays empty."""
    palette = PALETTES[mode]
    return go.Heatmap(
        x=[str(at) for at, _ in made],
        y=[layer + 1 for layer in range(num_layers)],
        z=[[None if layer in plan.skipped else 1.0 for _, plan in made] for layer in range(num_layers)],
        colorscale=[[0, palette.ran_draft], [1, palette.ran_draft]],
        showscale=False,
        xgap=1,
        ygap=1,
        name="kept",
        hovertemplate="update of step %{x}: layer %{y} runs<extra></extra>",
    )
