"""gradio's event queue, guarded: it does not stop for good, no address fills it, and it forgets no tab in use.

gradio offers no hook for any of this, so methods of its queue are replaced on the page's own instance. Each is looked
for first: where another version of gradio lacks one, a warning names it and the page is served without the guards.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import gradio as gr
from gradio.context import LocalContext
from starlette.exceptions import HTTPException

from visuals.page import words
from visuals.page.limits import limits
from visuals.page.rate import address_of
from visuals.page.unread import Unread

MAX_EVENTS = 256  # that wait in gradio's queue; runs have a line of their own, which is shorter (line.py)
MAX_OF_ADDRESS = 16  # events of one address that wait or run, on a page that bounds what an address may do
LOOK = 1.0  # seconds between two looks for events that were cancelled before they began
NEEDED = (
    "pending_messages_per_session", "pending_event_ids_session", "event_queue_per_concurrency_id", "active_jobs",
    "stopped", "push", "close", "start_processing", "process_events", "_cancel_asyncio_tasks",
)  # fmt: skip

log = logging.getLogger("draftscope")


def guard(page: gr.Blocks) -> None:
    """Guard the queue of a page that `Blocks.queue` has prepared."""
    queue = getattr(page, "_queue", None)
    missing = [name for name in NEEDED if not hasattr(queue, name)]
    if missing:
        log.warning(words.UNGUARDED.format(version=gr.__version__, missing=", ".join(missing)))
        return
    Guard(queue)


class Guard:
    """What replaces the methods of one of gradio's queues."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self._closed = False
        self._begun: list[tuple[list[Any], Coroutine[Any, Any, None], Callable[[], Any]]] = []
        self._push, self._close = queue.push, queue.close
        self._start, self._process = queue.start_processing, queue.process_events
        self._cancel = queue._cancel_asyncio_tasks
        queue.push, queue.close = self.push, self.close
        queue.start_processing, queue.process_events = self.start_processing, self.process_events
        queue._cancel_asyncio_tasks = self.cancel_tasks
        queue.pending_messages_per_session = Unread(
            busy=lambda: {event.session_hash for event in self.events()},
            on_forget=lambda tab: queue.pending_event_ids_session.pop(tab, None),
        )

    def events(self) -> Iterator[Any]:
        """All events that wait or run."""
        for waiting in self._queue.event_queue_per_concurrency_id.values():
            yield from waiting.queue
        for running in self._queue.active_jobs:
            yield from running or ()

    async def push(self, body: Any, request: Any, **kwargs: Any) -> Any:
        """Refuse, in the page's words, what an address has too much of, and what finds the queue full."""
        address = address_of(request)
        if limits().runs_at_once:
            of_address = sum(address_of(event.request) == address for event in self.events())
            if of_address >= MAX_OF_ADDRESS:
                raise HTTPException(429, words.TOO_MANY_EVENTS.format(count=of_address))
        answer = await self._push(body=body, request=request, **kwargs)
        if answer[2] == "queue_full":
            return False, words.BUSY, "queue_full"
        return answer

    def close(self) -> None:
        self._closed = True
        self._close()

    def cancel_tasks(self) -> None:
        """Cancel running events where the server ends, not where the queue is started again."""
        if self._closed:
            self._cancel()

    async def start_processing(self) -> None:
        """Process events until the server ends, also after an error between two events."""
        self._closed = False
        looking = asyncio.create_task(self._look())
        try:
            while True:
                try:
                    await self._start()
                    return
                except Exception:
                    log.exception("gradio's queue failed and is started again")
                self._queue.stopped = self._closed
        finally:
            looking.cancel()

    def process_events(self, events: list[Any], *args: Any, **kwargs: Any) -> Coroutine[Any, Any, None]:
        """The work on these events, which is remembered until it is over."""
        work: Coroutine[Any, Any, None] = self._process(events, *args, **kwargs)
        self._begun.append((events, work, lambda: self._process(events, *args, **kwargs)))
        return work

    async def _look(self) -> None:
        """Give back the place of events that were cancelled before their work began: gradio does not."""
        while True:
            await asyncio.sleep(LOOK)
            begun, self._begun = self._begun, []
            for events, work, again in begun:
                if inspect.getcoroutinestate(work) != inspect.CORO_CLOSED:
                    self._begun.append((events, work, again))
                elif any(running is events for running in self._queue.active_jobs):
                    for event in events:
                        event.alive = False  # so that nothing is computed, only tidied up
                    await again()


def listener() -> Callable[[], bool]:
    """For the event that the calling thread works on: whether whoever listened to it has left since.

    A program that has not begun to listen yet has not left.
    """
    queue = getattr(LocalContext.blocks.get(None), "_queue", None)
    events = getattr(queue, "event_ids_to_events", {})
    event = events.get(LocalContext.event_id.get(None))
    return lambda: not getattr(event, "alive", True)
