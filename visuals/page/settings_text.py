"""A measured setting as something to take along: Python, a command line, JSON."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from accel.method import knobs_of
from accel.methods import METHODS
from accel.outcome import Point
from visuals.page.inputs import Asked


def knobs_to_set(asked: Asked, point: Point) -> dict[str, Any]:
    """The knobs turned, and those that are not at their defaults."""
    defaults = {knob.name: knob.default for knob in knobs_of(METHODS[asked.method])}
    changed = {name: value for name, value in asked.knobs.items() if value != defaults[name]}
    return {**changed, **point.knobs}


def as_python(asked: Asked, knobs: Mapping[str, Any]) -> str:
    """A script that runs it."""
    loaded = [repr(asked.model), *(f"{name}={value!r}" for name, value in _placed(asked).items())]
    draft = f"draft = accel.load({asked.draft!r})\n" if asked.draft else ""
    options = [f"method={asked.method!r}", f"knobs={dict(knobs)!r}", f"max_new_tokens={asked.max_new_tokens}"]
    options += ["draft=draft"] * bool(asked.draft) + ["chat=False"] * (not asked.chat)
    lines = "".join(f"    {option},\n" for option in ["model", repr(asked.prompt), *options])
    return (
        f"import accel\n\nmodel = accel.load({', '.join(loaded)})\n{draft}"
        f"trace = accel.generate(\n{lines})\nprint(trace.text)\n"
    )


def as_command(asked: Asked, knobs: Mapping[str, Any]) -> str:
    """A command line for a shell such as bash."""
    words = ["python", "-m", "accel", "run", "--method", asked.method]
    for name, value in knobs.items():
        words += ["--set", f"{name}={str(value).lower() if isinstance(value, bool) else value}"]
    words += ["--model", asked.model, "--max-new-tokens", str(asked.max_new_tokens)]
    for name, value in _placed(asked).items():
        words += [f"--{name}", value]
    words += ["--draft", asked.draft] if asked.draft else []
    words += [] if asked.chat else ["--no-chat"]
    return shlex.join([*words, "--", asked.prompt])


def as_json(asked: Asked, knobs: Mapping[str, Any]) -> str:
    """What `accel.load` and `accel.generate` take, as one object."""
    said: dict[str, Any] = {
        "model": asked.model,
        **_placed(asked),
        "method": asked.method,
        "knobs": dict(knobs),
    }
    said |= {"draft": asked.draft} if asked.draft else {}
    said |= {"max_new_tokens": asked.max_new_tokens, "chat": asked.chat, "prompt": asked.prompt}
    return json.dumps(said, ensure_ascii=False, indent=2)


def _placed(asked: Asked) -> dict[str, str]:
    """Device and number format, where they were chosen."""
    return {name: value for name in ("device", "dtype") if (value := getattr(asked, name)) != "auto"}
