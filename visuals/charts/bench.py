"""A benchmark's table as a picture: speed-up over our own loop by suite, a bar an arm, with what is sure of it.

`python -m visuals.charts.bench out/bench/bench.json` writes `out/bench/bench.html` from what `accel bench` left there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from visuals.theme import PALETTES, Mode, method_colour, template

BASELINE = "autoregressive"


def by_suite(rows: Sequence[Mapping[str, Any]], *, mode: Mode = "light") -> go.Figure:
    """Bars of the median ratio, whiskers over the interval of 95 %; warm arms hatched; the line is our own loop."""
    figure = go.Figure()
    arms = [arm for arm in dict.fromkeys(row["arm"] for row in rows) if arm != BASELINE]
    for arm in arms:
        drawn = [row for row in rows if row["arm"] == arm]
        name, _, state = arm.partition(", ")
        figure.add_trace(
            go.Bar(
                x=[row["suite"] for row in drawn],
                y=[row["median"] for row in drawn],
                name=arm,
                marker={"color": method_colour(name, mode), "pattern": {"shape": "/" if state else ""}},
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": [row["high"] - row["median"] for row in drawn],
                    "arrayminus": [row["median"] - row["low"] for row in drawn],
                    "thickness": 1,
                },
                hovertemplate=f"%{{x}}, {arm}: %{{y:.2f}}x<extra></extra>",
            )
        )
    figure.add_hline(y=1, line={"color": PALETTES[mode].edge, "dash": "dot", "width": 1})
    figure.update_layout(
        template=template(mode),
        title="Speed-up by suite",
        barmode="group",
        yaxis={"title": "times our own loop, median", "rangemode": "tozero"},
    )
    return figure


def main(path: str) -> None:
    """Draw the table of a `bench.json` into an HTML file beside it; SystemExit, with one line, where that fails."""
    source = Path(path)
    try:
        figure = by_suite(json.loads(source.read_text(encoding="utf-8"))["rows"])
    except (ValueError, KeyError, TypeError, RecursionError):
        sys.exit(f"error: {source} is not the bench.json of `python -m accel bench`")
    except OSError as error:
        sys.exit(f"error: {source} cannot be read: {error.strerror or error}")
    target = source.with_suffix(".html")
    try:
        figure.write_html(target, include_plotlyjs=True)
    except OSError as error:
        sys.exit(f"error: cannot write {target}: {error.strerror or error}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("error: name one bench.json: python -m visuals.charts.bench out/bench/bench.json")
    main(sys.argv[1])
