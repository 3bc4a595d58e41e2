"""The explorer inside a gradio page: one component, mounted once, fed with small numbered messages."""

from __future__ import annotations

import secrets

import gradio as gr

from accel.trace import Trace
from visuals.scene import Message, scene

# Static text only: whatever comes from a prompt or a token reaches the browser as the component's value, which the
# explorer writes with textContent, and never as part of a template.
TEMPLATE = '<div class="ds-mount" aria-label="DraftScope explorer"></div>'

# The value that a page opens with is there before `watch` is; later values come from the server. A message that did
# not follow the one before is mended by the whole run, which comes with its end.
ON_LOAD = """
const mount = element.querySelector('.ds-mount');
const explorer = DraftScope.mount(mount, { pageKeys: true, onRun: (scene) => DraftScope.current.show(scene) });
mount.explorer = explorer;
const take = (text) => {
  if (!text) return;
  const { whole, ...delta } = JSON.parse(text);
  if (!explorer.apply(delta) && whole) explorer.load(whole);
};
take(props.value);
watch('value', () => take(props.value));
"""


def explorer(value: str | None = None) -> gr.HTML:
    """The component; its value is a packed scene message.

    Text, because gradio sends a streamed object as its difference from the one before and patches it in place in
    the browser; with nested lists of changing length that mixed two messages (gradio 6.31).
    """
    return gr.HTML(
        value=value, html_template=TEMPLATE, js_on_load=ON_LOAD, apply_default_css=False, elem_id="explorer"
    )


# Nothing comes in parts here: what is shown last is all there is.
_WHOLE = """
const mount = element.querySelector('.ds-mount');
mount.shown = DraftScope.%s(mount);
const take = (text) => { if (text) mount.shown.load(JSON.parse(text)); };
take(props.value);
watch('value', () => take(props.value));
"""


def mounted(elem_id: str, maker: str, value: str | None = None) -> gr.HTML:
    """A picture of its own kind, made by `DraftScope.<maker>`; every value is a packed message, whole."""
    return gr.HTML(
        value=value,
        html_template='<div class="ds-mount"></div>',
        js_on_load=_WHOLE % maker,
        apply_default_css=False,
        elem_id=elem_id,
    )


def whole_scene(trace: Trace) -> Message:
    """A trace under a new name, for an explorer that has not seen it."""
    return scene(trace, run=secrets.token_hex(8))


TUNER = '<div class="ds-tuner" aria-label="What if"></div>'
TUNER_ON_LOAD = (
    "const mount = element.querySelector('.ds-tuner'); mount.tuner = DraftScope.mountTuner(mount);"
)


def tuner() -> gr.HTML:
    """Sliders over the run that the explorer shows; all of it happens in the browser."""
    return gr.HTML(html_template=TUNER, js_on_load=TUNER_ON_LOAD, apply_default_css=False, elem_id="tuner")


POINTS = '<div class="ds-points-mount" aria-label="What was measured"></div>'
POINTS_ON_LOAD = """
const mount = element.querySelector('.ds-points-mount');
const points = DraftScope.mountPoints(mount, (at) => trigger('select', { index: at }));
points.take(props.value);
watch('value', () => points.take(props.value));
"""


def points(elem_id: str, value: str | None = None) -> gr.HTML:
    """Progress and the settings measured so far; its value is a packed message, its `select` the number of a point."""
    return gr.HTML(
        value=value, html_template=POINTS, js_on_load=POINTS_ON_LOAD, apply_default_css=False, elem_id=elem_id
    )
