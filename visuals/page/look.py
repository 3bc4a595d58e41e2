"""How the form looks: gradio's own theme made quiet, with the system's fonts."""

from __future__ import annotations

import gradio as gr

_SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace")

# gradio's own `overflow: hidden` on the container would keep the scrubber from staying in view.
STYLE = """
.gradio-container { overflow: clip !important; }
.gradio-container > .main { padding-block: 12px 24px; }
.ds-head .prose, .ds-head > div { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 14px; }
.ds-head h1 { font-size: 20px; font-weight: 650; margin: 0; }
.ds-head h2 { font-size: 18px; font-weight: 650; margin: 12px 0 0; }
.ds-head p { margin: 0; opacity: .8; }
.ds-status { font-size: 14px; min-height: 22px; }
.ds-status .ds-error { color: var(--ds-alarm, #b04a00); font-weight: 600; }
:is(#explorer, #race, #pair, #tuner, #measured, #fitted, .ds-status, .ds-head) .html-container { padding: 0; }
#tabs > .tabitem, #tabs [role=tabpanel] { padding-top: 4px; }
#tabs [role=tabpanel] > .column { gap: 10px; }
.gradio-container .contain > .column { gap: 6px; }
.ds-line { align-items: center; gap: 12px; }
.ds-line > .form, .ds-line > .form > .block {
  border: 0 !important; background: none; box-shadow: none; overflow: visible !important;
}
.ds-line > .form { align-items: center; gap: 16px; }
.ds-line .block { padding: 0; }
.ds-line .container { display: flex; align-items: center; gap: 12px; }
.ds-line .container > :not([data-testid=block-info]) { flex: 1 1 auto; min-width: 0; }
.ds-line [data-testid=block-info] { margin: 0; white-space: nowrap; font-size: 14px; }
.ds-line > .form > .block:first-child [data-testid=block-info] { min-width: 128px; }
.ds-line > .form > #pair-left [data-testid=block-info] { min-width: 0; }
.ds-line input[role=listbox] { text-overflow: ellipsis; padding-inline-end: 28px; }
.ds-line > button { flex: 0 0 140px; height: 42px; }
#method { flex: 0 0 230px !important; }
#prompt textarea { max-height: 62px; overflow-y: auto !important; }
#settings { padding: 8px 12px; }
@media (max-width: 640px) {
  #tabs > .tab-wrapper button { padding-inline: 10px; } /* five tabs fit beside one another */
  .gradio-container > .main { padding: 12px; }
  .ds-line > .form { flex: 1 1 100% !important; gap: 8px; }
  .ds-line > .form > .block, #method { flex: 1 1 100% !important; }
  .ds-line > button { flex: 1 1 40%; height: 44px; }
  .ds-line .container { flex-direction: column; align-items: stretch; gap: 2px; }
  .ds-line [data-testid=block-info] { font-size: 13px; }
  #prompt textarea { max-height: 84px; overflow-y: auto !important; }
}
.ds-section h2 { font-size: 16px; font-weight: 600; margin: 14px 0 2px; }
.ds-section p { margin: 0; font-size: 14px; opacity: .85; max-width: 100ch; }
.ds-card p { margin: 0; padding: 8px 12px 0; font-size: 14px; }
#export .html-container,
#copy-link .html-container,
#gallery .html-container,
#details .html-container,
#lessons .html-container,
.ds-lead .html-container,
.ds-section .html-container { padding: 0; }
.ds-top { align-items: flex-end; flex-wrap: nowrap; }
.ds-top > #copy-link { flex: 0 0 auto; width: auto !important; min-width: 0 !important; max-width: 60%; }
.ds-choose { position: relative; z-index: 50; overflow: visible !important; } /* over the labels of gradio, 40 */
.ds-choose > #export { flex: 0 0 140px; }
.ds-lead { font-size: 15px; }
.ds-section h3 { font-size: 15px; font-weight: 600; margin: 12px 0 0; }
.ds-own { gap: 24px; margin-top: 8px; }
@media (max-width: 640px) {
  .ds-top { flex-wrap: wrap; gap: 4px; }
  .ds-top > #copy-link { max-width: 100%; }
  .ds-choose > #export { flex: 1 1 100%; }
  .ds-root :is(.ds-plain-button, .ds-export-item, .ds-address) { min-height: 44px; }
  .ds-root .ds-export-range input { height: 44px; }
  .ds-link { flex-direction: row-reverse; justify-content: flex-end; }
  .ds-export-list { width: 100%; }
  .ds-details dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .ds-details dd { margin-bottom: 8px; }
}
"""


def theme() -> gr.themes.Base:
    """No font or script from elsewhere: the page works with no network."""
    return gr.themes.Default(primary_hue="blue", neutral_hue="slate", font=_SANS, font_mono=_MONO)
