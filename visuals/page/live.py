"""A run as it happens: steps from the engine to messages for the explorer, and what the visitor is told meanwhile."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

from accel.api import stream
from accel.models.load import load
from accel.trace import FinishReason, Trace
from visuals.page.component import whole_scene
from visuals.page.inputs import Asked, is_public
from visuals.page.visitor import Visitor
from visuals.scene import Message, SceneWriter

INTERVAL = (
    1 / 15
)  # seconds between messages: more often than a screen is read, seldom enough for a slow browser


@dataclass(frozen=True, slots=True)
class Update:
    """What changes on the page: a message for the explorer, a line of status; and whether that was all."""

    status: str
    message: Message | None = None
    over: bool = False


def play(visitor: Visitor, asked: Asked) -> Iterator[Update]:
    """Load, decode, compare. Every yield is a point where the run can be broken off; Stop is heard at each step."""
    yield Update("Loading the model…")
    private = not is_public()
    model = load(asked.model, device=asked.device, dtype=asked.dtype, private=private)
    draft = (
        load(asked.draft, device=asked.device, dtype=asked.dtype, private=private) if asked.draft else None
    )
    yield Update("Reading the prompt…")

    def stopping() -> FinishReason | None:
        return "cancelled" if visitor.stop.is_set() else None

    session = visitor.session(model)
    decoding = stream(
        model, asked.prompt, method=asked.method, knobs=asked.knobs, max_new_tokens=asked.max_new_tokens,
        temperature=asked.temperature, top_k=asked.top_k, top_p=asked.top_p, stop=asked.stop, seed=asked.seed,
        observe=asked.observe, chat=asked.chat, draft=draft, session=session, check=asked.check, stopping=stopping,
    )  # fmt: skip
    writer = SceneWriter(secrets.token_hex(8), decoding.header)
    yield Update("Decoding…", writer.start())
    waiting, sent = [], 0.0
    for step in decoding:
        waiting.append(step)
        if perf_counter() - sent >= INTERVAL:
            yield Update("Decoding…", writer.add(waiting))
            waiting, sent = [], perf_counter()
    if waiting:
        yield Update("Decoding…", writer.add(waiting))
    if asked.check and not visitor.stop.is_set():
        yield Update("Measuring the model alone, for the comparison…")
    trace = decoding.trace()
    ending = {**writer.finish(trace.footer), "whole": whole_scene(trace)}
    visitor.trace = trace
    yield Update(_ending(trace), ending, over=True)


def _ending(trace: Trace) -> str:
    reasons: dict[str, str] = {
        "length": "Done: as many tokens as asked.",
        "eos": "Done: the model ended its answer.",
        "stop": "Done: a stop string appeared.",
        "context": "Done: the model's context is full.",
        "cancelled": "Stopped.",
        "deadline": "Stopped: the time allowed for one run is up.",
    }
    return reasons[trace.finish_reason]
