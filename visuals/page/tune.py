"""The Tune tab: other settings of the run in Explore worked out in the browser, others measured, exit heads fitted."""

from __future__ import annotations

import gradio as gr

from visuals.page import words
from visuals.page.component import tuner
from visuals.page.engine import missing_engine
from visuals.page.escape import escape
from visuals.page.explore import ExploreTab


def tune(explored: ExploreTab, tabs: gr.Tabs) -> None:
    """Lay out the tab inside the current Blocks. What is worked out in the browser needs no engine."""
    tuner()
    missing = missing_engine()
    if missing is not None:
        gr.HTML(escape(words.NO_ENGINE.format(package=missing)), elem_classes=["ds-section"])
        return
    from visuals.page.bench import bench
    from visuals.page.tune_heads import heads

    bench(explored, tabs)
    heads(explored)
