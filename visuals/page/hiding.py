"""What a teacher hides by the page's address, `?hide=run,settings,...`: gradio's own parts by name.

Stands in the head, since gradio writes the rules of its own stylesheet anew. The names are those of
`assets/explorer/flags.js`, which puts them on the page; `answers` is up to the lessons themselves.
"""

from __future__ import annotations

# name -> what is no longer there
HIDES = {
    "run": ("#prompt", "#method", "#run", "#stop", "#race-own", "#no-engine"),
    "settings": ("#settings",),
    "export": ("#export", "#copy-link"),
    "tabs": ("#tabs > .tab-wrapper",),
    "answers": (),
}

HIDING = "".join(
    f"[data-ds-hide~={name}] {part}{{display:none!important}}"
    for name, parts in HIDES.items()
    for part in parts
)
