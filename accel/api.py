"""Behind the door: load a model, decode a prompt, get the trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accel.decoding import Decoding, Stopping, never
from accel.errors import InputError, shown
from accel.methods import METHODS
from accel.models.load import load
from accel.models.model import Model
from accel.request import check_request, switch
from accel.session import Session
from accel.trace import Trace

__all__ = ["METHODS", "Session", "generate", "load", "stream"]


def stream(
    model: Model,
    prompt: str | Sequence[int],
    *,
    method: str = "suffix",
    knobs: Mapping[str, Any] | None = None,
    max_new_tokens: int = 64,
    temperature: float = 0.0,
    top_k: int = 0,
    top_p: float = 1.0,
    stop: Sequence[str] = (),
    seed: int = 0,
    observe: str = "decisions",
    chat: bool = True,
    draft: Model | None = None,
    session: Session | None = None,
    check: bool = False,
    stopping: Stopping = never,
) -> Decoding:
    """Decode step by step: iterate over the steps; `.header` comes before them and `.trace()` after them.

    Every argument is checked here, before any work: InputError names the field. `prompt` is text (in the model's
    chat template unless `chat=False`) or token ids. `check` measures the model's own loop afterwards and compares
    texts. `stopping` is asked between steps and between chunks of a long prompt.
    """
    request = check_request(
        model,
        prompt,
        method=method,
        knobs={} if knobs is None else knobs,
        max_new_tokens=max_new_tokens,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        stop=stop,
        seed=seed,
        observe=observe,
        chat=chat,
        draft=draft,
    )
    if session is not None and not isinstance(session, Session):
        raise InputError("session", f"expected a Session or None, not {shown(session)}")
    if not callable(stopping):
        raise InputError("stopping", f"expected a function of no arguments, not {shown(stopping)}")
    return Decoding(model, request, session, check=switch("check", check), stopping=stopping)


def generate(model: Model, prompt: str | Sequence[int], **asked: Any) -> Trace:
    """Decode to the end and return the whole trace; takes what `stream` takes.

    >>> trace = generate(load("smollm2-135m"), "Say hello.", method="suffix")  # doctest: +SKIP
    """
    decoding = stream(model, prompt, **asked)
    for _ in decoding:
        pass
    return decoding.trace()
