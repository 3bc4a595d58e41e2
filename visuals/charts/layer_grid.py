"""A run's layers x tokens: which layers ran on which slot, how sure each was, what was skipped."""

from __future__ import annotations

import plotly.graph_objects as go

from accel.metrics import TARGET
from accel.trace import Trace
from visuals.charts.words import inert, prob
from visuals.grid import Column, columns_of
from visuals.reading import Reader, read
from visuals.theme import PALETTES, Mode, template

LABELLED = 90  # columns that can each have their token beneath


def layer_grid(trace: Trace, *, mode: Mode = "light") -> go.Figure:
    """Columns in the order of computing, bottom layer at the bottom. Zoom to read a part of a long run."""
    reader, steps = read(trace)
    columns = columns_of(trace.header, steps)
    layers = range(max((last for column in columns for _, last, _ in column.runs), default=1))
    figure = go.Figure()
    figure.add_trace(_ran(columns, layers, reader, mode))
    if any(column.looks for column in columns):
        figure.add_trace(_confidence(columns, layers, reader))
    for trace_of in (_skipped(columns, layers, mode), _left_early(columns, mode)):
        if trace_of.x:
            figure.add_trace(trace_of)
    figure.update_layout(
        template=template(mode),
        title="Layers x tokens",
        plot_bgcolor=PALETTES[mode].sunken,
        height=200 + 9 * len(layers),
        xaxis={
            "title": "tokens, in the order of computing" if len(columns) <= LABELLED else "step",
            **_ticks(columns, reader),
            "showgrid": False,
        },
        yaxis={"title": "layer", "showgrid": False, "range": [-0.5, len(layers) - 0.5]},
    )
    return figure


def _ran(columns: list[Column], layers: range, reader: Reader, mode: Mode) -> go.Heatmap:
    """1 where the target ran, 0 where a drafting lane did, empty elsewhere."""
    palette = PALETTES[mode]
    z = [
        [
            float(column.lane == TARGET) if column.cell(layer) in ("ran", "later") else None
            for column in columns
        ]
        for layer in layers
    ]
    hover = [[_hover(column, layer, reader) for column in columns] for layer in layers]
    return go.Heatmap(
        z=z,
        zmin=0,
        zmax=1,
        colorscale=[[0, palette.ran_draft], [1, palette.ran]],
        showscale=False,
        xgap=_gap(columns),
        ygap=1,
        hovertext=hover,
        hovertemplate="%{hovertext}<extra></extra>",
        name="ran",
    )


def _confidence(columns: list[Column], layers: range, reader: Reader) -> go.Heatmap:
    z = [
        [column.looks[layer].confidence if layer in column.looks else None for column in columns]
        for layer in layers
    ]
    hover = [[_hover(column, layer, reader) for column in columns] for layer in layers]
    return go.Heatmap(
        z=z,
        zmin=0,
        zmax=1,
        colorscale="Cividis",
        colorbar={"title": "confidence", "thickness": 12},
        xgap=_gap(columns),
        ygap=1,
        hovertext=hover,
        hovertemplate="%{hovertext}<extra></extra>",
        name="confidence",
    )


def _hover(column: Column, layer: int, reader: Reader) -> str:
    cell = column.cell(layer)
    if cell == "not run":
        return ""
    token = "the prompt" if column.num_slots > 1 else inert(reader.label(reader.tokens[column.slot]))
    lines = [f"<b>{token}</b> {column.fate}, lane {inert(column.lane)}", f"layer {layer}, {cell}"]
    look = column.looks.get(layer)
    if look is not None:
        lines.append(f"says {inert(reader.label(look.token))} with {prob(look.confidence)}")
    return "<br>".join(lines)


def _skipped(columns: list[Column], layers: range, mode: Mode) -> go.Scatter:
    """A stroke through every skipped cell: together they are a hatching."""
    cells = [(at, layer) for at, c in enumerate(columns) for layer in layers if c.cell(layer) == "skipped"]
    line = {"width": 1, "color": PALETTES[mode].edge}
    return go.Scatter(
        x=[at for at, _ in cells],
        y=[layer for _, layer in cells],
        mode="markers",
        name="skipped",
        marker={"symbol": "line-ne", "size": 9, "line": line},
        hoverinfo="skip",
    )


def _left_early(columns: list[Column], mode: Mode) -> go.Scatter:
    left = [(at, column.left.layer) for at, column in enumerate(columns) if column.left]
    line = {"width": 3, "color": PALETTES[mode].left_early}
    return go.Scatter(
        x=[at for at, _ in left],
        y=[layer - 0.5 for _, layer in left],
        mode="markers",
        name="left early",
        marker={"symbol": "line-ew", "size": 12, "line": line},
    )


def _ticks(columns: list[Column], reader: Reader) -> dict[str, object]:
    """Tokens under the columns of a short run, step numbers under those of a long one."""
    if len(columns) <= LABELLED:
        labels = [
            "prompt" if column.num_slots > 1 else inert(reader.label(reader.tokens[column.slot]), 8)
            for column in columns
        ]
        return {"tickvals": list(range(len(columns))), "ticktext": labels, "tickangle": 90}
    opens: list[int] = []
    for at, column in enumerate(columns):
        far = not opens or at - opens[-1] >= len(columns) / 40
        if far and (at == 0 or columns[at - 1].step != column.step):
            opens.append(at)
    return {"tickvals": opens, "ticktext": [str(columns[at].step) for at in opens], "tickangle": 0}


def _gap(columns: list[Column]) -> int:
    """Pixels between columns: none where they are narrow themselves."""
    return int(len(columns) <= 120)
