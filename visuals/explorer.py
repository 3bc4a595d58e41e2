"""The explorer's script and style as text, for a page to put in its head or a file to carry inside."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from visuals.theme import css

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "explorer"

# In the order they need one another; each attaches to the one global, `DraftScope`.
SCRIPTS = (
    "strings",
    "dom",
    "grid",
    "plan",
    "scene",
    "canvas",
    "marks",
    "tip",
    "tree_list",
    "tree_layout",
    "tree",
    "text",
    "counters",
    "figures",
    "outline",
    "help",
    "why",
    "cell_words",
    "heatmap_labels",
    "heatmap",
    "zoom",
    "timeline",
    "bars",
    "part",
    "exits",
    "skips",
    "search_clock",
    "learned",
    "search",
    "places",
    "matches",
    "method",
    "legend",
    "minimap",
    "scrubber",
    "player",
    "keys",
    "stage",
    "explorer",
    "inlined",
    "picture_blocks",
    "picture",
    "gif",
    "film",
    "export_menu",
    "link",
    "copy_link",
    "gallery",
)
STYLES = ("marks", "layout", "around")  # the layout of narrow pages overrides sizes of controls


@cache
def explorer_js() -> str:
    """One plain script: `DraftScope.mount(element, {scene, onGap})` makes an explorer."""
    head = "'use strict';\nwindow.DraftScope = window.DraftScope || {};\n"
    return head + "\n".join(_script(FOLDER / f"{name}.js") for name in SCRIPTS)


@cache
def explorer_css() -> str:
    """Its style, scoped to `.ds-`, with the colours of `theme.py` in front."""
    rules = "\n".join(_lean(FOLDER / f"{name}.css") for name in STYLES)
    return css() + re.sub(r"([:;,{]) ", r"\1", re.sub(r";?\s([{}])", r"\1", rules))


def _script(path: Path) -> str:
    """A script with what all of them repeat made short: its strictness, its global, that global's name inside."""
    text = _lean(path).replace("'use strict';\n", "")
    text = text.replace("(function (DraftScope) {", "((D) => {")
    body, _, _ = re.sub(r"(?<!window\.)(?<!')\bDraftScope\b", "D", text).rpartition("})(window")
    return body + "})(DraftScope);"


def _lean(path: Path) -> str:
    """A file without indentation and comments: a quarter less to carry, and still readable."""
    text = re.sub(r"\s// [^'\"\n]*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith(("//", "/*", "*")))
