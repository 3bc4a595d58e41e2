"""One step's draft tree: fate by shape, line and colour; probabilities in the hover."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from accel.trace import Trace
from visuals.charts.words import inert, prob
from visuals.reading import Reader
from visuals.rows import Fate, Node, StepRows
from visuals.theme import MONO, Mode, fate_colour, template

# fate -> its name, marker symbol, marker size, line width, line dash: page.md's table in plotly's words
STYLES: dict[Fate, tuple[str, str, int, float, str]] = {
    "committed": ("committed before", "circle", 9, 3.0, "solid"),
    "drafted": ("drafted", "circle-open", 14, 1.5, "solid"),
    "unreached": ("never reached", "circle-open", 10, 1.5, "dot"),
    "rejected": ("rejected", "circle-x-open", 14, 1.5, "dash"),
    "accepted": ("accepted", "circle", 14, 3.0, "solid"),
    "bonus": ("bonus", "diamond", 16, 3.0, "solid"),
    "recovered": ("recovered", "diamond-open-dot", 16, 3.0, "solid"),
    "plain": ("the model's own", "diamond", 14, 3.0, "solid"),
}


def draft_tree(trace: Trace, step: int, *, mode: Mode = "light") -> go.Figure:
    """The tree of one step, drawn to the right."""
    reader = Reader(trace.header)
    for one in trace.steps[: step + 1]:
        rows = reader.read(one)
    return figure_of(rows, reader, mode)


def figure_of(rows: StepRows, reader: Reader, mode: Mode) -> go.Figure:
    """The same from rows already read."""
    figure = go.Figure()
    by_slot = {node.slot: node for node in rows.nodes}
    by_fate = {fate: [node for node in rows.nodes if node.fate == fate] for fate in STYLES}
    shown = {fate: nodes for fate, nodes in by_fate.items() if nodes}
    figure.add_traces([_edges(nodes, by_slot, fate, mode) for fate, nodes in shown.items()])
    figure.add_traces([_marks(nodes, reader, fate, mode) for fate, nodes in shown.items()])
    lanes = 1 + max(node.lane for node in rows.nodes)
    kept = sum(node.fate == "accepted" for node in rows.nodes)
    figure.update_layout(
        template=template(mode),
        title=f"Step {rows.index}: drafted {len(rows.drafted)}, kept {kept}",
        height=180 + 64 * lanes,
        xaxis={"visible": False},
        yaxis={"visible": False, "autorange": "reversed"},
        legend={"y": -0.05},
    )
    return figure


def _edges(nodes: Sequence[Node], by_slot: dict[int, Node], fate: Fate, mode: Mode) -> go.Scatter:
    """Elbows from each node's parent: across its gap, then along its own lane."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for node in nodes:
        if node.parent is None:
            continue
        parent = by_slot[node.parent]
        bend = node.depth - 0.5
        xs += [parent.depth, bend, bend, node.depth, None]
        ys += [parent.lane, parent.lane, node.lane, node.lane, None]
    _, _, _, width, dash = STYLES[fate]
    line = {"color": fate_colour(fate, mode), "width": width, "dash": dash}
    return go.Scatter(
        x=xs, y=ys, mode="lines", line=line, hoverinfo="skip", showlegend=False, legendgroup=fate
    )


def _marks(nodes: Sequence[Node], reader: Reader, fate: Fate, mode: Mode) -> go.Scatter:
    name, symbol, size, _, _ = STYLES[fate]
    labels = [inert(reader.label(node.token)) for node in nodes]
    return go.Scatter(
        x=[node.depth for node in nodes],
        y=[node.lane for node in nodes],
        mode="markers+text",
        name=name,
        legendgroup=fate,
        text=labels,
        textposition="top center",
        textfont={"family": MONO, "size": 13},
        hovertext=[_hover(node, label) for node, label in zip(nodes, labels, strict=True)],
        hovertemplate="%{hovertext}<extra></extra>",
        customdata=[[node.slot, node.fate] for node in nodes],
        marker={
            "symbol": symbol,
            "size": size,
            "color": fate_colour(fate, mode),
            "line": {"width": 2, "color": fate_colour(fate, mode)},
        },
        cliponaxis=False,
    )


def _hover(node: Node, label: str) -> str:
    lines = [f"<b>{label}</b> {STYLES[node.fate][0]}"]
    if node.draft_prob is not None:
        lines.append(f"draft {prob(node.draft_prob)}")
    if node.verdict is not None:
        lines.append(f"model {prob(node.verdict.target_prob)}, kept with {prob(node.verdict.accept_prob)}")
    return "<br>".join(lines)
