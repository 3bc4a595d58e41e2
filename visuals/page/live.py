"""A run as it happens: steps from the engine to messages for the explorer, and what the visitor is told meanwhile."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from time import perf_counter

from accel.trace import Header, Step, Trace
from visuals.page import words
from visuals.page.component import whole_scene
from visuals.page.inputs import Asked
from visuals.page.limits import too_long
from visuals.page.visitor import Visitor
from visuals.page.work import run_parts
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


def play(visitor: Visitor, asked: Asked, stop: Event) -> Iterator[Update]:
    """Load, decode, compare. Every yield is a point where the run can be broken off; `stop` is heard at each step."""
    writer: SceneWriter | None = None
    waiting: list[Step] = []
    sent = 0.0
    for part in run_parts(asked, stop, visitor.session):
        if isinstance(part, Header):
            writer = SceneWriter(secrets.token_hex(8), part)
            yield Update(words.DECODING, writer.start())
            continue
        if isinstance(part, Step):
            waiting.append(part)
            if perf_counter() - sent < INTERVAL:
                continue
        if writer is not None and waiting:
            yield Update(words.DECODING, writer.add(waiting))
            waiting, sent = [], perf_counter()
        if isinstance(part, str):
            yield Update(part)
        elif isinstance(part, Trace) and writer is not None:
            message = {**writer.finish(part.footer), "whole": whole_scene(part)}
            if visitor.stop is stop:  # a run that was dropped may have made room for an opened trace
                visitor.trace = part
            yield Update(_ending(part), message, over=True)


def _ending(trace: Trace) -> str:
    reasons: dict[str, str] = {
        "length": "Done: as many tokens as asked.",
        "eos": "Done: the model ended its answer.",
        "stop": "Done: a stop string appeared.",
        "context": "Done: the model's context is full.",
        "cancelled": "Stopped.",
        "deadline": too_long(words.RUN_LONG),
    }
    return reasons[trace.finish_reason]
