"""One step's look-ups: how many tokens each match length promised, by the text it was found in."""

from __future__ import annotations

import plotly.graph_objects as go

from accel.trace import Match, Trace
from visuals.charts.words import inert
from visuals.theme import PALETTES, Mode, template


def matches(trace: Trace, step: int, *, mode: Mode = "light") -> go.Figure:
    """Columns by match length, the chosen one in the colour of a draft and named."""
    found = [event for event in trace.steps[step].events if isinstance(event, Match)]
    sources = list(dict.fromkeys(match.source for match in found))
    figure = go.Figure()
    for source in sources:
        own = sorted((match for match in found if match.source == source), key=lambda match: match.length)
        figure.add_trace(_columns(own, source, sources.index(source), mode))
    figure.update_layout(
        template=template(mode),
        title=f"Step {step}: {len(found)} matches",
        barmode="group",
        height=320,
        xaxis={"title": "tokens matched", "dtick": 1 if len(found) < 40 else None},
        yaxis={"title": "tokens expected to be kept"},
    )
    return figure


def _columns(own: list[Match], source: str, place: int, mode: Mode) -> go.Bar:
    palette = PALETTES[mode]
    return go.Bar(
        x=[match.length for match in own],
        y=[match.score for match in own],
        name=inert(source),
        text=["chosen" if match.chosen else "" for match in own],
        textposition="outside",
        marker={
            "color": [palette.drafted if match.chosen else palette.edge for match in own],
            "pattern": {"shape": ("", "/", ".", "x")[place % 4]},
        },
        hovertext=[f"{m.length} tokens, seen {m.count} times: expects {m.score:.3g}" for m in own],
        hovertemplate="%{hovertext}<extra></extra>",
    )
