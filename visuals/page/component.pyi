"""The explorer inside a gradio page: one component, mounted once, fed with small numbered messages."""

from __future__ import annotations

from typing import Any

import gradio as gr

# Static text only: whatever comes from a prompt or a token reaches the browser as the component's value, which the
# explorer writes with textContent, and never as part of a template.
TEMPLATE = '<div class="ds-mount" aria-label="DraftScope explorer"></div>'

# The value that a page opens with is there before `watch` is; later values come from the server. A message that did
# not follow the one before is mended by the whole run, which comes with its end.
ON_LOAD = """
const mount = element.querySelector('.ds-mount');
const explorer = DraftScope.mount(mount, {});
mount.explorer = explorer;
const take = (message) => {
  if (!message || !message.run) return;
  const { whole, ...delta } = message;
  if (!explorer.apply(delta) && whole) explorer.load(whole);
};
take(props.value);
watch('value', () => take(props.value));
"""

from gradio.events import Dependency

class Explorer(gr.HTML):
    """Takes scene messages (see `visuals.scene`) as its value."""

    def __init__(self, value: dict[str, Any] | None = None, **options: Any) -> None:
        super().__init__(
            value=value,
            html_template=TEMPLATE,
            js_on_load=ON_LOAD,
            apply_default_css=False,
            elem_id="explorer",
            **options,
        )

    def api_info(self) -> dict[str, Any]:
        return {"type": "object", "description": "a message of a scene: {run, seq, head?, steps?, end?}"}

    def get_block_name(self) -> str:
        """gradio's own HTML component draws it in the browser."""
        return "html"
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component