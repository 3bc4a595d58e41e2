"""What a visitor typed and chose outlives a page that is loaded anew, as gradio does after a broken connection.

It stays in the browser, for the tab it was typed in (`assets/explorer/kept.js`); nothing is sent, so it is kept also
while the server cannot be reached.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import gradio as gr
from gradio.events import Dependency

from visuals.page import words
from visuals.page.escape import escape
from visuals.page.events import AT_ONCE


def keep(page: gr.Blocks, forms: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep the values of these forms, controls by name; a form without controls is none."""
    for form, controls in forms.items():
        if not controls:
            continue
        named, values = f"{json.dumps(form)}, {json.dumps(list(controls))}", list(controls.values())
        restore = f"(...values) => DraftScope.kept.restore({named}, values)"
        save = f"(...values) => {{ DraftScope.kept.save({named}, values); }}"
        page.load(None, values, values, js=restore, **AT_ONCE)
        gr.on([control.change for control in values], None, values, None, js=save, **AT_ONCE)


def tell_of_lost_runs(loaded: Dependency, status: gr.HTML) -> None:
    """Say, when the page is there, that a run of before it was loaded anew is gone."""
    said = json.dumps(escape(words.LOADED_ANEW))
    loaded.then(None, status, status, js=f"(now) => DraftScope.kept.lost ? {said} : now", **AT_ONCE)
