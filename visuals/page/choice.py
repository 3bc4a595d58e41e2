"""A choice among what ships with the app: it names what its picture shows, and brings what is chosen instead.

A dropdown's `input` is no choice: gradio (6.31) sends it whenever the dropdown is left, as by Tab on the way to another
control. Its `change` comes with a choice, but also with what the program sets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from visuals.page.events import AT_ONCE
from visuals.page.going import Stoppable, drop

# A program's own change asks for what is shown already or for nothing. What throws is not followed by a success.
ANOTHER = "(name) => {{ if (!name || name === ({shown})) throw new Error('shown already'); }}"
EACH: dict[str, Any] = AT_ONCE | {"trigger_mode": "multiple"}  # the last of two quick choices counts too


def wire_choice(
    choice: gr.Dropdown,
    picture: gr.HTML,
    shown: str,
    show: Callable[[Any], tuple[Any, ...]],
    tab: gr.State,
    outputs: list[Any],
) -> None:
    """`show(name)` has the values for `outputs`; what the browser `tab` has going on is dropped.

    `picture` tells of each thing that it is given to show. `shown`: JavaScript for its name, null where it has none.
    """

    def on_choice(seen: Stoppable | None, name: Any) -> tuple[Any, ...]:
        drop(seen)
        return show(name)

    picture.apply(None, None, choice, js=f"() => {shown}", **EACH)
    another = choice.change(None, choice, None, js=ANOTHER.format(shown=shown), **EACH)
    another.success(on_choice, [tab, choice], outputs, **EACH)
