"""Colours, fonts and the plotly template, light and dark: one table for charts, the explorer and exports.

The colours are those of Okabe and Ito, told apart by colour-blind readers; on white some are deepened until a
mark stands out 3:1 and text 4.5:1 (`tests/visuals/test_theme.py`). Shape and line always say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import plotly.graph_objects as go

from visuals.rows import Fate

Mode = Literal["light", "dark"]

SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"


@dataclass(frozen=True, slots=True)
class Palette:
    """Surfaces and ink, then one colour for each meaning."""

    page: str
    surface: str
    sunken: str  # behind the cells of a heatmap
    line: str  # hairlines between panels
    edge: str  # borders of controls
    ink: str
    muted: str  # text of second rank
    alarm: str  # text that warns: `rejected` is for marks, which may be fainter
    accent: str  # what is selected, focus
    on_accent: str
    drafted: str
    accepted: str
    rejected: str
    unreached: str
    bonus: str
    left_early: str
    ran: str  # a cell that ran, where no confidence was recorded
    ran_draft: str  # the same in a drafting lane


PALETTES: dict[Mode, Palette] = {
    "light": Palette(
        page="#f6f7f9",
        surface="#ffffff",
        sunken="#eef0f3",
        line="#e2e5ea",
        edge="#838b98",
        ink="#1a1d23",
        muted="#586070",
        alarm="#b04a00",
        accent="#0a64ad",
        on_accent="#ffffff",
        drafted="#2f8ec7",
        accepted="#00855f",
        rejected="#cc5500",
        unreached="#7d8592",
        bonus="#b87700",
        left_early="#b0558b",
        ran="#6f83a0",
        ran_draft="#358ab9",
    ),
    "dark": Palette(
        page="#101216",
        surface="#181b21",
        sunken="#20242c",
        line="#2c313a",
        edge="#79818f",
        ink="#e8eaee",
        muted="#a3abb9",
        alarm="#f4904f",
        accent="#6db9f0",
        on_accent="#10151b",
        drafted="#56b4e9",
        accepted="#1fb98b",
        rejected="#f07a35",
        unreached="#858d9b",
        bonus="#e69f00",
        left_early="#d98fb8",
        ran="#5d6f88",
        ran_draft="#3d7ba3",
    ),
}

# One colour a method, in Race and Tune. Paul Tol's muted scheme, which shares none with the fates of tokens.
METHOD_COLOURS: dict[Mode, dict[str, str]] = {
    "light": {
        "autoregressive": "#586070",
        "adadecode": "#aa4499",
        "suffix": "#332288",
        "aded": "#117733",
        "clasp": "#882255",
        "prompt_lookup": "#2b7f86",
        "draft_model": "#7a6a00",
    },
    "dark": {
        "autoregressive": "#a3abb9",
        "adadecode": "#d99ae0",
        "suffix": "#9c94f0",
        "aded": "#5bc777",
        "clasp": "#e07a9f",
        "prompt_lookup": "#6fd0d8",
        "draft_model": "#d6c65a",
    },
}

# Marks that carry meaning by colour: each must stand out 3:1 from the surface.
MARKS = ("drafted", "accepted", "rejected", "unreached", "bonus", "left_early", "edge", "accent")


def fate_colour(fate: Fate, mode: Mode) -> str:
    """The colour of a node of this fate."""
    palette = PALETTES[mode]
    return {
        "committed": palette.ink,
        "plain": palette.ink,
        "drafted": palette.drafted,
        "accepted": palette.accepted,
        "rejected": palette.rejected,
        "unreached": palette.unreached,
        "bonus": palette.bonus,
        "recovered": palette.bonus,
    }[fate]


def method_colour(name: str, mode: Mode) -> str:
    """The colour of a method; one without a colour of its own has the neutral of borders."""
    return METHOD_COLOURS[mode].get(name, PALETTES[mode].edge)


def css() -> str:
    """The palettes as the CSS variables that the explorer draws with; `data-method` chooses `--ds-method`.

    `.dark` or `data-theme` on any ancestor decides; a standalone page (`.ds-page`) else follows the system.
    """
    light, dark = _variables("light"), _variables("dark")
    own = ".ds-page:not([data-theme=light])"
    return (
        f".ds-root,.ds-page{{--ds-sans:{SANS};--ds-mono:{MONO};{light}}}\n"
        f"@media (prefers-color-scheme:dark){{{own},{own} .ds-root{{{dark}}}}}\n"
        f".dark .ds-root,[data-theme=dark] .ds-root,.ds-page[data-theme=dark]{{{dark}}}\n"
        + "\n".join(
            f".ds-root[data-method={name}],.ds-root [data-method={name}]"
            f"{{--ds-method:var(--ds-method-{name.replace('_', '-')})}}"
            for name in METHOD_COLOURS["light"]
        )
        + "\n"
    )


def _variables(mode: Mode) -> str:
    palette = PALETTES[mode]
    colours = {f.name: getattr(palette, f.name) for f in fields(palette)}
    colours |= {f"method_{name}": colour for name, colour in METHOD_COLOURS[mode].items()}
    named = "".join(f"--ds-{name.replace('_', '-')}:{colour};" for name, colour in colours.items())
    return f"color-scheme:{mode};{named}"


def template(mode: Mode) -> go.layout.Template:
    """The plotly template of every chart."""
    palette = PALETTES[mode]
    axis = {
        "gridcolor": palette.line,
        "linecolor": palette.line,
        "zerolinecolor": palette.line,
        "tickfont": {"color": palette.muted, "size": 12},
        "title": {"font": {"color": palette.muted, "size": 13}},
        "ticks": "",
        "automargin": True,
    }
    return go.layout.Template(
        layout={
            "paper_bgcolor": palette.surface,
            "plot_bgcolor": palette.surface,
            "font": {"family": SANS, "color": palette.ink, "size": 13},
            "title": {"font": {"size": 16}, "x": 0, "xref": "paper", "xanchor": "left"},
            "colorway": [palette.drafted, palette.accepted, palette.rejected, palette.bonus],
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {"font": {"family": SANS, "size": 13}, "align": "left"},
            "legend": {"orientation": "h", "y": -0.18, "x": 0, "font": {"size": 12}},
            "margin": {"l": 56, "r": 24, "t": 56, "b": 56},
        }
    )


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours `#rrggbb`, 1 to 21 (WCAG 2.2).

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
