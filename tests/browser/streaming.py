"""The real page with one more event: recorded runs sent through the server at a pace, as a live run is.

`python -m tests.browser.streaming` serves it. Every message also says when it left, for the tests of lag.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice

import gradio as gr

from accel.trace import Trace
from app import TRACES, build, serve
from visuals.page.events import COMPUTE
from visuals.page.recorded import recorded_in
from visuals.scene import Message, SceneWriter, packed

RATE = 10.0  # updates a second
BUTTON = "stream"
MOST = 600  # updates
AT_ONCE = 30  # visitors


def messages(trace: Trace, run: str) -> Iterator[Message]:
    """A recorded run as a live one sends itself: a message for each step."""
    writer = SceneWriter(run, trace.header)
    yield writer.start() | writer.add(trace.steps[:1])
    for step in trace.steps[1:]:
        yield writer.add([step])


@cache
def recorded() -> tuple[Trace, ...]:
    """Read once, before anyone asks: to read them for each visitor costs more than to serve one."""
    return tuple(run.trace() for run in recorded_in(TRACES).values())


def stream(asked: float) -> Iterator[str]:
    """So many updates at the pace, from one recorded run after another."""
    traces = cycle(recorded())
    endless = (message for at, trace in enumerate(traces) for message in messages(trace, f"paced-{at}"))
    began = time.perf_counter()
    for at, message in enumerate(islice(endless, min(int(asked), MOST))):
        time.sleep(max(0.0, began + at / RATE - time.perf_counter()))
        yield packed(message | {"sent": time.time()})


def streaming_page() -> gr.Blocks:
    recorded()
    page = build()
    picture = next(block for block in page.blocks.values() if getattr(block, "elem_id", None) == "explorer")
    with page:
        asked = gr.Number(200, elem_id="updates")
        button = gr.Button(BUTTON, elem_id=BUTTON)
        button.click(stream, asked, picture, **COMPUTE | {"concurrency_limit": AT_ONCE})
    return page


if __name__ == "__main__":
    sys.exit(serve(streaming_page()))
