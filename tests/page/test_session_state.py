"""What gradio keeps of a tab: its states, and nothing of what its controls were sent and shown."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import gradio as gr
import pytest
from gradio import state_holder
from gradio.state_holder import SessionState

from visuals.page.session_state import NEEDED, forget_values

SHOWN = "shown to one tab"


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SessionState, NEEDED, getattr(SessionState, NEEDED))


def test_a_tab_keeps_its_states_and_no_values_of_controls():
    async def play() -> tuple[str, Any, list[Any]]:
        with gr.Blocks() as page:
            own, box, picture = gr.State(None), gr.Textbox(), gr.HTML()
            box.submit(lambda text: (text, text), box, [own, picture])
        tab = SessionState(page)
        fn = page.fns[0]
        sent = await page.preprocess_data(fn, [SHOWN], tab)
        shown = await page.postprocess_data(fn, [SHOWN, SHOWN], tab)
        return str(tab.config_values), tab[own._id], [sent, shown]

    forget_values()
    kept, state, values = asyncio.run(play())
    assert SHOWN not in kept
    assert state == SHOWN
    assert values == [[SHOWN], [None, SHOWN]]


def test_a_gradio_that_keeps_them_in_another_way_is_named(monkeypatch, caplog):
    monkeypatch.setattr(state_holder, "SessionState", object)
    with caplog.at_level(logging.WARNING, logger="draftscope"):
        forget_values()
    assert NEEDED in caplog.text
