"""Text from anyone, made safe to show in gradio's HTML, messages and toasts."""

from __future__ import annotations

import html

from visuals.pieces import visible

LIMIT = 600  # characters shown of any one message

# gradio compiles templates with Handlebars and template strings, so their signs must not arrive as themselves.
_SIGNS = {ord(sign): f"&#{ord(sign)};" for sign in "${}`\\"}


def escape(text: str) -> str:
    """One line of text as inert HTML; control and bidi characters become visible signs.

    >>> escape("<b>${x}</b>")
    '&lt;b&gt;&#36;&#123;x&#125;&lt;/b&gt;'
    """
    shown = visible(text)
    if len(shown) > LIMIT:
        shown = shown[: LIMIT - 1] + "\u2026"
    return html.escape(shown, quote=True).translate(_SIGNS)
