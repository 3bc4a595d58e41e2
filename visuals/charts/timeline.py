"""What each lane ran, measured in layer calls, with every step's seconds beneath."""

from __future__ import annotations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from accel.metrics import TARGET
from accel.trace import Trace
from visuals.charts.words import inert
from visuals.reading import read
from visuals.rows import StepRows
from visuals.theme import PALETTES, Mode, template


def timeline(trace: Trace, *, mode: Mode = "light") -> go.Figure:
    """Two rows over one axis of layer calls: lanes above; seconds of drafting, verifying, other below."""
    _, steps = read(trace)
    lanes = dict.fromkeys([TARGET, *(block.lane for rows in steps for block in rows.blocks)])
    figure = make_subplots(rows=2, shared_xaxes=True, vertical_spacing=0.08, row_heights=[0.5, 0.5])
    for lane in lanes:
        figure.add_trace(_lane(lane, steps, mode), row=1, col=1)
    for part in ("draft", "verify", "other"):
        figure.add_trace(_seconds(part, steps, mode), row=2, col=1)
    figure.update_layout(
        template=template(mode),
        title="Timeline",
        barmode="stack",
        bargap=0,
        height=300 + 40 * len(lanes),
        legend={"y": -0.25},
    )
    figure.update_xaxes(title_text="layer calls", row=2, col=1)
    figure.update_yaxes(title_text="seconds", row=2, col=1)
    return figure


def _lane(lane: str, steps: list[StepRows], mode: Mode) -> go.Bar:
    blocks = [(rows.index, block) for rows in steps for block in rows.blocks if block.lane == lane]
    palette = PALETTES[mode]
    return go.Bar(
        base=[block.start for _, block in blocks],
        x=[block.layers for _, block in blocks],
        y=[inert(lane)] * len(blocks),
        orientation="h",
        showlegend=False,
        marker={
            "color": palette.ran if lane == TARGET else palette.ran_draft,
            "line": {"width": 1, "color": palette.surface},
        },
        hovertext=[
            f"step {step}: layers {block.first} to {block.last - 1} on {len(block.slots)} slots"
            for step, block in blocks
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _seconds(part: str, steps: list[StepRows], mode: Mode) -> go.Bar:
    palette = PALETTES[mode]
    drawn = [rows for rows in steps if rows.blocks]
    starts = [rows.blocks[0].start for rows in drawn]
    widths = [sum(block.layers for block in rows.blocks) for rows in drawn]
    return go.Bar(
        x=[start + width / 2 for start, width in zip(starts, widths, strict=True)],
        width=widths,
        y=[getattr(rows.seconds, part) for rows in drawn],
        name={"draft": "drafting", "verify": "verifying", "other": "other"}[part],
        marker={
            "color": {"draft": palette.drafted, "verify": palette.ran, "other": palette.unreached}[part],
            "line": {"width": 1, "color": palette.surface},
        },
        hovertext=[f"step {rows.index}: {getattr(rows.seconds, part):.4g} s" for rows in drawn],
        hovertemplate="%{hovertext}<extra></extra>",
    )
