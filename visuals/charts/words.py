"""Token text inside plotly, which reads a little HTML and `$...$` in any text: all of it is made inert."""

from __future__ import annotations

import html

LENGTH = 24


def inert(label: str, length: int = LENGTH) -> str:
    """A token's label as plotly shows it literally; spaces visible.

    >>> inert(" <b>$x$")
    '·&lt;b&gt;&#36;x&#36;'
    """
    text = label.replace(" ", "·")
    if len(text) > length:
        text = text[: length - 1] + "…"
    return html.escape(text or "∅", quote=False).replace("$", "&#36;")


def prob(value: float | None) -> str:
    """A probability in three digits; a dash where there is none."""
    return "–" if value is None else f"{value:.3g}"
