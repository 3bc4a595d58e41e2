"""The Tune tab: other settings of the run in Explore worked out in the browser, others measured, exit heads fitted."""

from __future__ import annotations

from typing import Any

import gradio as gr

from visuals.page import words
from visuals.page.component import tuner
from visuals.page.engine import missing_engine
from visuals.page.escape import escape
from visuals.page.explore import ExploreTab


def tune(explored: ExploreTab, tabs: gr.Tabs) -> dict[str, Any]:
    """Lay out the tab inside the current Blocks. What is worked out in the browser needs no engine.

    Returns the controls, by name, that do not follow another's choice; none where there is no engine.
    """
    tuner()
    missing = missing_engine()
    if missing is not None:
        gr.HTML(escape(words.NO_ENGINE.format(package=missing)), elem_classes=["ds-section"])
        return {}
    from visuals.page.bench import bench
    from visuals.page.tune_heads import heads

    values = bench(explored, tabs)
    heads(explored)
    return {name: values[name] for name in ("prompt", "max_new_tokens", "rounds")}
