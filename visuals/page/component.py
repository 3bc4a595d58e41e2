"""The explorer inside a gradio page, and what stands around it: components mounted once, fed with small messages."""

from __future__ import annotations

import secrets
from typing import Any

import gradio as gr

from accel.trace import Trace
from visuals.scene import Message, scene

# Static text only: whatever comes from a prompt or a token reaches the browser as the component's value, which the
# explorer writes with textContent, and never as part of a template.
TEMPLATE = '<div class="ds-mount" aria-label="DraftScope explorer"></div>'
MOUNT = '<div class="ds-mount"></div>'

# The value that a page opens with is there before `watch` is; later values come from the server. A message that did
# not follow the one before is mended by the whole run, which comes with its end. A run that has a `slug` can be
# linked to; the one that the page's own address asks for says so, and is shown at the step that the address names.
ON_LOAD = """
const mount = element.querySelector('.ds-mount');
const explorer = DraftScope.mount(mount, { pageKeys: true, onRun: (scene) => DraftScope.current.show(scene) });
const link = DraftScope.link.opened;
mount.explorer = explorer;
const take = (text, opening) => {
  if (!text) return;
  const { whole, slug, linked, ...delta } = JSON.parse(text);
  if (!explorer.apply(delta) && whole) explorer.load(whole);
  if (delta.head) explorer.slug = slug || null;
  if (linked || (opening && (!link.trace || link.trace === slug))) {
    DraftScope.link.restore(explorer, link);
    DraftScope.current.turn(link.knobs);
  }
  document.dispatchEvent(new CustomEvent('ds-run'));
  if (delta.head && !opening) trigger('apply');
};
take(props.value, true);
watch('value', () => take(props.value, false));
"""

EXPLORER = "() => (document.querySelector('#explorer .ds-mount') || {}).explorer || null"
TAB = "() => (document.querySelector('#tabs [role=tab][aria-selected=true]') || { dataset: {} }).dataset.tabId || null"

EXPORT_ON_LOAD = f"""
const menu = DraftScope.exportMenu(element.querySelector('.ds-mount'), {EXPLORER},
  (kind, slug) => trigger('click', {{ kind, slug }}));
watch('value', () => {{
  if (!props.value) return;
  const {{ problem }} = JSON.parse(props.value);
  if (!problem) requestAnimationFrame(() => document.querySelector('#exported').click());
  menu.answered(problem);
}});
"""
LINK_ON_LOAD = f"""
DraftScope.copyLink(element.querySelector('.ds-mount'), {EXPLORER}, {TAB}, () => DraftScope.current.knobs);
"""
GALLERY_ON_LOAD = """
const { runs } = JSON.parse(props.value);
DraftScope.gallery(element.querySelector('.ds-mount'), runs, (slug) => trigger('select', { slug }));
"""
DETAILS_ON_LOAD = f"""
const draw = () => DraftScope.details(element.querySelector('.ds-mount'), ({EXPLORER})());
document.addEventListener('ds-run', draw);
draw();
"""


def explorer(value: str | None = None) -> gr.HTML:
    """The component; its value is a packed scene message.

    Text, because gradio sends a streamed object as its difference from the one before and patches it in place in
    the browser; with nested lists of changing length that mixed two messages (gradio 6.31).
    """
    return _mounted(ON_LOAD, "explorer", value, template=TEMPLATE)


def export_menu() -> gr.HTML:
    """The button Export and its list; `click` asks for a file, and its value answers."""
    return _mounted(EXPORT_ON_LOAD, "export", min_width=140)


def copy_link() -> gr.HTML:
    """The button that copies a link to what is shown."""
    return _mounted(LINK_ON_LOAD, "copy-link")


def gallery(value: str) -> gr.HTML:
    """The recorded runs, packed; `select` asks for one of them to be opened."""
    return _mounted(GALLERY_ON_LOAD, "gallery", value)


def details() -> gr.HTML:
    """What there is to know of the run that Explore shows."""
    return _mounted(DETAILS_ON_LOAD, "details")


def _mounted(
    on_load: str, name: str, value: str | None = None, *, template: str = MOUNT, **layout: Any
) -> gr.HTML:
    return gr.HTML(
        value=value,
        html_template=template,
        js_on_load=on_load,
        apply_default_css=False,
        elem_id=name,
        **layout,
    )


# Nothing comes in parts here: what is shown last is all there is.
_WHOLE = """
const mount = element.querySelector('.ds-mount');
mount.shown = DraftScope.%s(mount);
const take = (text) => { if (text) mount.shown.load(JSON.parse(text)); };
take(props.value);
watch('value', () => { take(props.value); trigger('apply'); });
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


# A lesson that was asked for comes back as the value, with its runs.
LESSONS_ON_LOAD = """
const mount = element.querySelector('.ds-mount');
mount.learn = DraftScope.mountLearn(mount, (slug) => trigger('select', { slug }));
const take = (text) => { if (text) mount.learn.take(JSON.parse(text)); };
take(props.value);
watch('value', () => take(props.value));
"""


def lessons(value: str) -> gr.HTML:
    """The lessons, packed; `select` asks for one, which comes as the value."""
    return _mounted(LESSONS_ON_LOAD, "lessons", value)


def points(elem_id: str, value: str | None = None) -> gr.HTML:
    """Progress and the settings measured so far; its value is a packed message, its `select` the number of a point."""
    return gr.HTML(
        value=value, html_template=POINTS, js_on_load=POINTS_ON_LOAD, apply_default_css=False, elem_id=elem_id
    )
