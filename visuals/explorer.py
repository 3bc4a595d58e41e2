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
WHATIF_SCRIPTS = (  # these need none of the others, and no page
    "whatif",
    "whatif_clasp",
    "whatif_adadecode",
    "suffix_states",
    "suffix_draft",
    "whatif_suffix",
)
LEARN_SCRIPTS = (
    "learn_words",
    "flags",
    "learn_progress",
    "learn_text",
    "learn_question",
    "learn_cost",
    "learn_view",
    "learn_reader",
    "learn",
)
RACE_SCRIPTS = ("race_clock", "transport", "race_lane", "race_table", "race", "pair")
# Of the page alone: what works on the run that the explorer shows. An exported file goes without.
PAGE_SCRIPTS = (
    "kept",
    *WHATIF_SCRIPTS,
    "current",
    "curve",
    "tune_words",
    "tune_knobs",
    "tune",
    "points",
    *RACE_SCRIPTS,
    *LEARN_SCRIPTS,
)
PAGE_STYLES = ("around", "tune", "race", "learn")
STYLES = ("marks", "layout")  # the layout of narrow pages overrides sizes of controls


@cache
def explorer_js() -> str:
    """One plain script: `DraftScope.mount(element, {scene, onGap})` makes an explorer."""
    head = "'use strict';\nwindow.DraftScope = window.DraftScope || {};\n"
    return head + "\n".join(_script(FOLDER / f"{name}.js") for name in SCRIPTS)


@cache
def page_js() -> str:
    """The explorer's script and, after it, those of the page's other tabs."""
    return explorer_js() + "\n" + "\n".join(_script(FOLDER / f"{name}.js") for name in PAGE_SCRIPTS)


@cache
def explorer_css() -> str:
    """Its style, scoped to `.ds-`, with the colours of `theme.py` in front."""
    return css() + _style(STYLES)


@cache
def page_css() -> str:
    """The explorer's style and, after it, that of the page's other tabs."""
    return explorer_css() + "\n" + _style(PAGE_STYLES)


def _style(names: tuple[str, ...]) -> str:
    rules = "\n".join(_lean(FOLDER / f"{name}.css") for name in names)
    return re.sub(r"([:;,{]) ", r"\1", re.sub(r";?\s([{}])", r"\1", rules))


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
