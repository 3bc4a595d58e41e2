"""A sweep: speed-up by setting, predicted beside measured, and the settings that no other beats."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from accel.outcome import Point, front
from accel.trace import Knob
from visuals.theme import PALETTES, Mode, method_colour, template

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star")
_SHAPE = {"height": 380, "legend": {"y": -0.26}, "margin": {"l": 56, "r": 24, "t": 48, "b": 84}}


def by_setting(points: Sequence[Point], *, method: str = "", mode: Mode = "light") -> go.Figure:
    """Speed-up against the first knob; a line for each value of the second. Full: measured; broken: predicted.

    The first line has the method's own colour.
    """
    figure, palette = go.Figure(), PALETTES[mode]
    colours = (
        method_colour(method, mode),
        palette.drafted,
        palette.accepted,
        palette.rejected,
        palette.bonus,
        palette.left_early,
    )
    knobs = list(points[0].knobs) if points else ["setting"]
    for number, (second, group) in enumerate(_by_second(points).items()):
        colour, symbol = colours[number % len(colours)], SYMBOLS[number % len(SYMBOLS)]
        name = "" if second is None else f", {knobs[1]} {second}"
        for drawn in _pair(group, knobs[0], name, colour, symbol, palette.surface):
            figure.add_trace(drawn)
    figure.add_hline(y=1, line={"color": palette.edge, "dash": "dot", "width": 1})
    figure.update_layout(
        template=template(mode),
        title="Speed-up by setting",
        **_SHAPE,
        xaxis={"title": knobs[0].replace("_", " ")},
        yaxis={"title": "times our own loop", "rangemode": "tozero"},
    )
    return figure


def _by_second(points: Sequence[Point]) -> dict[Knob | None, list[Point]]:
    groups: dict[Knob | None, list[Point]] = {}
    for point in points:
        values = list(point.knobs.values())
        groups.setdefault(values[1] if len(values) > 1 else None, []).append(point)
    return groups


def _pair(
    group: Sequence[Point], knob: str, name: str, colour: str, symbol: str, ground: str
) -> list[go.Scatter]:
    """Measured, and where the recorded run could say, predicted."""
    numbers = all(not isinstance(point.knobs[knob], str | bool) for point in group)
    ordered = sorted(group, key=lambda point: point.knobs[knob]) if numbers else list(group)

    def at(point: Point) -> Knob:
        return point.knobs[knob] if numbers else str(point.knobs[knob])

    known = [
        (point, point.predicted)
        for point in ordered
        if point.predicted and point.predicted.speedup is not None
    ]
    line = {"color": colour, "width": 2.5}
    measured = go.Scatter(
        x=[at(point) for point in ordered],
        y=[point.speedup for point in ordered],
        name=f"measured{name}",
        mode="lines+markers",
        line=line,
        marker={"symbol": symbol, "size": 9},
        hovertemplate="%{x}: %{y:.2f}x measured<extra></extra>",
    )
    predicted = go.Scatter(
        x=[at(point) for point, _ in known],
        y=[outcome.speedup for _, outcome in known],
        customdata=[[outcome.kind] for _, outcome in known],
        name=f"predicted{name}",
        mode="lines+markers",
        line={**line, "dash": "dash", "width": 1.5},
        marker={"symbol": symbol, "size": 8, "color": ground, "line": {"color": colour, "width": 1.5}},
        hovertemplate="%{x}: %{y:.2f}x predicted (counts %{customdata[0]})<extra></extra>",
    )
    return [measured, predicted] if known else [measured]


def pareto(points: Sequence[Point], *, mode: Mode = "light") -> go.Figure:
    """Speed-up against layer calls a token: a diamond where no other setting is as fast with as few calls."""
    palette, best = PALETTES[mode], front(points)
    others = [point for point in points if not any(point is one for one in best)]
    figure = go.Figure()
    figure.add_trace(_dots(others, "beaten by another", palette.unreached, "circle-open"))
    figure.add_trace(_dots(best, "on the front", palette.accepted, "diamond"))
    figure.data[1].update(
        mode="lines+markers+text", line={"color": palette.accepted, "width": 1.5, "shape": "hv"}
    )
    figure.update_layout(
        template=template(mode),
        title="Speed-up against work",
        **_SHAPE,
        xaxis={"title": "layer calls a token (less is less work)"},
        yaxis={"title": "times our own loop, measured", "rangemode": "tozero"},
    )
    return figure


def _dots(points: Sequence[Point], name: str, colour: str, symbol: str) -> go.Scatter:
    named = [
        ", ".join(f"{knob.replace('_', ' ')} {value}" for knob, value in one.knobs.items()) for one in points
    ]
    return go.Scatter(
        x=[point.layer_calls_per_token for point in points],
        y=[point.speedup for point in points],
        text=[", ".join(str(value) for value in point.knobs.values()) for point in points],
        customdata=[[one] for one in named],
        textposition="top center",
        cliponaxis=False,
        name=name,
        mode="markers",
        marker={"color": colour, "symbol": symbol, "size": 10, "line": {"color": colour, "width": 1.75}},
        hovertemplate="%{customdata[0]}: %{y:.2f}x, %{x:.1f} layer calls a token<extra></extra>",
    )
