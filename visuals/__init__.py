"""Pictures of a trace. `VIEWS` lists the static ones; the explorer (`scene`, `export`) draws what moves;
`show(trace)` puts it into a notebook.

A picture is a pure function of a trace. Nothing here needs torch, gradio or transformers.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from accel.trace import Commit, Draft, LayerRun, Match, Readout, Search, SkipPlan, Trace
from visuals.notebook import show

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from visuals.theme import Mode

__all__ = ["VIEWS", "View", "show"]


@dataclass(frozen=True, slots=True)
class View:
    """A picture on offer: of one step, or of the whole run. It has something to show where `needs` occur."""

    title: str
    of: Literal["step", "run"]
    needs: frozenset[type]
    function: str  # "module:name", imported when it is first drawn

    def fits(self, trace: Trace, step: int | None = None) -> bool:
        """Does the trace (or the step) hold what this picture shows?"""
        steps = trace.steps if step is None else trace.steps[step : step + 1]
        found = {type(event) for one in steps for event in one.events}
        return self.needs <= found

    def draw(self, trace: Trace, step: int | None = None, mode: Mode = "light") -> go.Figure:
        """The figure. `step` is needed by pictures of a step and ignored by the others."""
        module, name = self.function.split(":")
        function = getattr(import_module(module), name)
        if self.of == "run":
            figure: go.Figure = function(trace, mode=mode)
        elif step is None or not 0 <= step < len(trace.steps):
            raise ValueError(f"step: {self.title!r} draws one step, 0 to {len(trace.steps) - 1}, not {step}")
        else:
            figure = function(trace, step, mode=mode)
        return figure


VIEWS: dict[str, View] = {
    "draft_tree": View(
        "Draft tree", "step", frozenset({Draft, Commit}), "visuals.charts.draft_tree:draft_tree"
    ),
    "layer_grid": View(
        "Layers x tokens", "run", frozenset({LayerRun}), "visuals.charts.layer_grid:layer_grid"
    ),
    "timeline": View("Timeline", "run", frozenset({LayerRun}), "visuals.charts.timeline:timeline"),
    "exit_depths": View("Exit depths", "run", frozenset({Readout}), "visuals.charts.exit_depths:exit_depths"),
    "skip_table": View(
        "Layers left out", "step", frozenset({SkipPlan}), "visuals.charts.skip_table:skip_table"
    ),
    "search_tree": View("Search", "step", frozenset({Search}), "visuals.charts.search_tree:search_tree"),
    "matches": View("Matches by length", "step", frozenset({Match}), "visuals.charts.matches:matches"),
}
