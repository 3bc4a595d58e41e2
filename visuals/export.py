"""Files that a run is saved as; among them HTML that plays from a disk with no network. `EXPORTS` is the table."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass

import plotly.graph_objects as go

from accel.trace import Trace
from visuals.chrome_trace import chrome_trace_json
from visuals.explorer import explorer_css, explorer_js
from visuals.inline import script_json
from visuals.pieces import visible
from visuals.scene import scene
from visuals.tables import steps_csv, tokens_csv

# Nothing may be fetched from anywhere, whatever the run's text says.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{css}
.ds-page {{ margin: 0; background: var(--ds-page); color: var(--ds-ink); font-family: var(--ds-sans); }}
.ds-page > main {{ max-width: 1320px; margin: 0 auto; padding: 16px; }}
.ds-page h1 {{ font-size: 17px; font-weight: 600; margin: 4px 2px 14px; overflow-wrap: anywhere; }}
</style>
</head>
<body class="ds-page">
<main><h1>{title}</h1><div id="ds-explorer"></div></main>
<script type="application/json" id="ds-scene">{scene}</script>
<script>
{script}
</script>
<script>
window.explorer = DraftScope.mount(document.getElementById('ds-explorer'),
  {{ pageKeys: true, scene: JSON.parse(document.getElementById('ds-scene').textContent) }});
</script>
</body>
</html>
"""


def explorer_html(trace: Trace) -> str:
    """The run as one HTML file that needs nothing else."""
    header = trace.header
    title = f"{header.method.name} on {header.model.name}"
    return _PAGE.format(
        policy=_POLICY,
        title=html.escape(visible(title)),
        css=explorer_css(),
        scene=script_json(scene(trace)),
        script=explorer_js(),
    )


def figure_html(figure: go.Figure) -> str:
    """A chart as one HTML file with plotly inside (about 5 MB)."""
    page: str = figure.to_html(include_plotlyjs=True, full_html=True)
    return page


def trace_lines(trace: Trace) -> str:
    """The trace itself, as JSON lines."""
    return "".join(line + "\n" for line in trace.lines())


@dataclass(frozen=True, slots=True)
class Export:
    """A file that a run can be saved as: how its name ends, and what makes its text."""

    ending: str
    text: Callable[[Trace], str]


EXPORTS: dict[str, Export] = {
    "html": Export(".html", explorer_html),
    "trace": Export(".jsonl", trace_lines),
    "steps": Export("-steps.csv", steps_csv),
    "tokens": Export("-tokens.csv", tokens_csv),
    "chrome": Export("-perfetto.json", chrome_trace_json),
}
