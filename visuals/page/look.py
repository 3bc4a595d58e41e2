"""How the form looks: gradio's own theme made quiet, with the system's fonts."""

from __future__ import annotations

import gradio as gr

_SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace")

# gradio's own `overflow: hidden` on the container would keep the scrubber from staying in view.
STYLE = """
.gradio-container { overflow: clip !important; }
.ds-head h1 { font-size: 22px; font-weight: 650; margin: 2px 0 0; }
.ds-head p { margin: 2px 0 0; opacity: .8; }
.ds-status { font-size: 14px; min-height: 22px; }
.ds-status .ds-error { color: var(--ds-rejected, #b3440b); font-weight: 600; }
:is(#explorer, #status, .ds-head) .html-container { padding: 0; }
.ds-line { align-items: flex-end; }
.ds-line button { flex: 0 0 140px; height: 46px; margin-bottom: 1px; }
@media (max-width: 640px) {
  .gradio-container > .main { padding: 12px; }
  .ds-line > .form { flex: 1 1 100% !important; }
  .ds-line button { flex: 1 1 40%; }
}
.ds-card p { margin: 0; padding: 8px 12px 0; font-size: 14px; }
"""


def theme() -> gr.themes.Base:
    """No font or script from elsewhere: the page works with no network."""
    return gr.themes.Default(primary_hue="blue", neutral_hue="slate", font=_SANS, font_mono=_MONO)
