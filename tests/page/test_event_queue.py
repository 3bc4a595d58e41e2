"""gradio's own queue, guarded: an error or a cancelled event does not stop it, and another gradio is said to be one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from visuals.page.event_queue import NEEDED, Guard, guard


def page() -> gr.Blocks:
    with gr.Blocks() as made:
        gr.Button("Go", elem_id="go").click(lambda: None, None, None)
    made.queue()
    return made


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.02)


def test_the_queue_is_started_again_after_an_error_and_running_events_go_on():
    async def play() -> None:
        made = page()
        queue: Any = made._queue
        guard(made)
        asked, get_events = list[int](), queue.get_events

        def fails_once() -> Any:
            asked.append(1)
            if len(asked) == 1:
                raise KeyError("a tab")
            return get_events()

        queue.get_events = fails_once
        queue.create_event_queue_for_fn(made.fns[0])
        full = next(iter(queue.event_queue_per_concurrency_id.values()))
        full.queue.append(SimpleNamespace(session_hash="tab"))
        full.concurrency_limit = 0  # it waits for ever
        queue.active_jobs = [None]
        running = asyncio.create_task(asyncio.sleep(60))
        queue._asyncio_tasks.add(running)
        processing = asyncio.create_task(queue.start_processing())
        await until(lambda: len(asked) > 3)
        assert not queue.stopped
        assert not running.cancelled()
        queue.close()
        await processing
        assert queue.stopped
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(play())


def test_an_event_cancelled_before_it_began_gives_its_place_back():
    async def play() -> None:
        made = page()
        queue: Any = made._queue
        guard(made)
        fn = made.fns[0]
        queue.create_event_queue_for_fn(fn)
        event = SimpleNamespace(_id="1", session_hash="tab", concurrency_id=fn.concurrency_id, alive=True)
        queue.server_app = SimpleNamespace(get_blocks=lambda: made, iterators={})
        queue.active_jobs = [events := [event]]
        waiting = queue.event_queue_per_concurrency_id[fn.concurrency_id]
        waiting.current_concurrency = 1
        processing = asyncio.create_task(queue.start_processing())
        asyncio.create_task(queue.process_events(events, False, 0.0, fn)).cancel()
        await until(lambda: queue.active_jobs == [None])
        assert waiting.current_concurrency == 0
        queue.close()
        await processing

    asyncio.run(play())


@pytest.mark.parametrize("missing", NEEDED)
def test_a_gradio_without_what_is_guarded_is_named_and_the_page_is_served_without(missing, caplog):
    queue = SimpleNamespace(**{name: None for name in NEEDED if name != missing})
    before = dict(vars(queue))
    with caplog.at_level(logging.WARNING, logger="draftscope"):
        guard(SimpleNamespace(_queue=queue))  # type: ignore[arg-type]
    assert vars(queue) == before
    assert missing in caplog.text
    assert f"gradio {gr.__version__}" in caplog.text


def test_the_gradio_that_is_here_has_all_that_is_guarded(caplog):
    async def play() -> None:
        made = page()
        guard(made)
        assert isinstance(made._queue.push.__self__, Guard)

    asyncio.run(play())
    assert caplog.text == ""
