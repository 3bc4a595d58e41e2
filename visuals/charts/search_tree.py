"""One step's search: a node for every pair drafted or visited most, larger the more it was visited."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx
import plotly.graph_objects as go

from accel.trace import Trace
from visuals.charts.words import inert
from visuals.layout import as_graph, lanes_of
from visuals.method_json import MAX_SEARCHED
from visuals.reading import Reader
from visuals.searches import Found, searched
from visuals.theme import MONO, PALETTES, Mode, template


def search_tree(trace: Trace, step: int, *, mode: Mode = "light") -> go.Figure:
    """The tree of one step, drawn to the right; prior, visits and value in the hover."""
    reader = Reader(trace.header)
    for one in trace.steps[: step + 1]:
        rows = reader.read(one)
    if not rows.searches:
        raise ValueError(f"step: nothing was searched in step {step}")
    search = rows.searches[-1]
    nodes = searched(search, MAX_SEARCHED)[0]
    parents = {at: node.parent if at else None for at, node in enumerate(nodes)}
    places = lanes_of(parents), nx.shortest_path_length(as_graph(parents), 0)
    figure = go.Figure(_edges(nodes, *places, mode))
    for name, chosen in (("searched", False), ("drafted", True)):
        shown = [at for at, node in enumerate(nodes) if node.chosen == chosen]
        figure.add_trace(_marks(nodes, shown, name, reader, *places, mode))
    figure.update_layout(
        template=template(mode),
        title=f"Step {step}: {search.iterations} iterations, {len(search.nodes)} nodes",
        height=180 + 34 * (1 + max(places[0].values())),
        xaxis={"visible": False},
        yaxis={"visible": False, "autorange": "reversed"},
        legend={"y": -0.05},
    )
    return figure


def _edges(nodes: Sequence[Found], lanes: dict[int, int], depths: dict[int, int], mode: Mode) -> go.Scatter:
    xs: list[float | None] = []
    ys: list[float | None] = []
    for at, node in enumerate(nodes[1:], 1):
        bend = depths[at] - 0.5
        xs += [depths[node.parent], bend, bend, depths[at], None]
        ys += [lanes[node.parent], lanes[node.parent], lanes[at], lanes[at], None]
    line = {"color": PALETTES[mode].line, "width": 1.5}
    return go.Scatter(x=xs, y=ys, mode="lines", line=line, hoverinfo="skip", showlegend=False, name="edges")


def _marks(
    nodes: Sequence[Found],
    shown: Sequence[int],
    name: str,
    reader: Reader,
    lanes: dict[int, int],
    depths: dict[int, int],
    mode: Mode,
) -> go.Scatter:
    drafted = name == "drafted"
    most = max((node.visits for node in nodes[1:]), default=0) or 1
    palette = PALETTES[mode]
    labels = [inert(reader.label(nodes[at].token)) for at in shown]
    return go.Scatter(
        x=[depths[at] for at in shown],
        y=[lanes[at] for at in shown],
        mode="markers+text",
        name=name,
        text=labels,
        textposition="middle right",
        textfont={"family": MONO, "size": 12},
        hovertext=[
            f"<b>{label}</b><br>visits {nodes[at].visits}<br>prior {nodes[at].prior:.3g}"
            f"<br>value {nodes[at].value:.3g}"
            for label, at in zip(labels, shown, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        marker={
            "symbol": "circle-open" if drafted else "square",
            "size": [6 + 14 * (min(1.0, nodes[at].visits / most)) ** 0.5 for at in shown],
            "color": palette.drafted if drafted else palette.edge,
            "line": {"width": 2, "color": palette.drafted if drafted else palette.edge},
        },
        cliponaxis=False,
    )
