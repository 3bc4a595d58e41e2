"""Everything a visitor can send, checked in one place before any work is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accel.errors import InputError
from accel.method import knobs_of, with_knobs
from accel.methods import METHODS
from accel.request import number, whole
from visuals.page.limits import limits

FEWEST_LANES, MOST_LANES = 2, 4
MAX_LANE_TOKENS = 256  # of a race: every method decodes them in every round
MAX_ROUNDS = 5
MAX_STOP_CHARS = 200
DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = ("auto", "float32", "bfloat16", "float16")
ONE = ("auto",)


@dataclass(frozen=True, slots=True)
class Asked:
    """One press of Run, checked as far as it can be without the model."""

    prompt: str
    method: str
    knobs: dict[str, Any]
    model: str
    draft: str | None
    device: str
    dtype: str
    max_new_tokens: int
    temperature: float
    top_k: int
    top_p: float
    seed: int
    stop: tuple[str, ...]
    chat: bool
    observe: str
    check: bool


def check_asked(given: Mapping[str, Any]) -> Asked:
    """The form's values by name. Raises InputError for the first that is wrong."""
    method = _one_of("method", given["method"], METHODS)
    knobs = {knob.name: given[f"{method}.{knob.name}"] for knob in knobs_of(METHODS[method])}
    with_knobs(METHODS[method], knobs)
    drafts_by_model = "draft_model" in (method, knobs.get("fallback"))
    model = _model("model", given["folder"] or given["model"])
    return Asked(
        prompt=_prompt(given["prompt"]),
        method=method,
        knobs=knobs,
        model=model,
        draft=_model("draft", given["draft"] or limits().models[0]) if drafts_by_model else None,
        device=_one_of("device", given["device"], device_choices()),
        dtype=_one_of("dtype", given["dtype"], dtype_choices()),
        max_new_tokens=whole("max_new_tokens", given["max_new_tokens"], 1, limits().max_new_tokens),
        temperature=number("temperature", given["temperature"], 0.0, 2.0),
        top_k=whole("top_k", given["top_k"], 0, 1000),
        top_p=number("top_p", given["top_p"], 0.0, 1.0, low_included=False),
        seed=whole("seed", given["seed"], 0, 2**31 - 1),
        stop=_stop(given["stop"]),
        chat=_switch("chat", given["chat"]),
        observe="full" if _switch("every_layer", given["every_layer"]) else "decisions",
        check=_switch("check", given["check"]),
    )


@dataclass(frozen=True, slots=True)
class AskedRace:
    """One press of Race, checked as far as it can be without the model."""

    prompt: str
    methods: tuple[str, ...]
    model: str
    dtype: str
    max_new_tokens: int
    rounds: int


def check_race(given: Mapping[str, Any]) -> AskedRace:
    """The race's form by name. Raises InputError for the first value that is wrong."""
    return AskedRace(
        prompt=_prompt(given["prompt"]),
        methods=_methods(given["methods"]),
        model=_one_of("model", given["model"], limits().models),
        dtype=_one_of("dtype", given["dtype"], dtype_choices()),
        max_new_tokens=whole("max_new_tokens", given["max_new_tokens"], 1, most_tokens(MAX_LANE_TOKENS)),
        rounds=whole("rounds", given["rounds"], 1, MAX_ROUNDS),
    )


def device_choices() -> tuple[str, ...]:
    """The devices that a run may ask for; one on a public page, for the reason of `dtype_choices`."""
    return ONE if limits().public else DEVICES


def dtype_choices() -> tuple[str, ...]:
    """The number formats that a run may ask for; one on a public page, where each would be a model of its own."""
    return ONE if limits().public else DTYPES


def most_tokens(most: int) -> int:
    """So many, or as many as this page allows."""
    return min(most, limits().max_new_tokens)


def _methods(value: Any) -> tuple[str, ...]:
    """The methods chosen, each once, in the order of the table of methods."""
    if not isinstance(value, list | tuple) or len(value) > len(METHODS):
        raise InputError("methods", "expected a list of methods")
    chosen = {_one_of("methods", name, METHODS) for name in value}
    if not FEWEST_LANES <= len(chosen) <= MOST_LANES:
        raise InputError("methods", f"{len(chosen)} chosen; choose {FEWEST_LANES} to {MOST_LANES}")
    return tuple(name for name in METHODS if name in chosen)


def check_model(given: Mapping[str, Any]) -> tuple[str, str, str]:
    """The form's model, device and number format, for what needs no run."""
    return (
        _model("model", given["folder"] or given["model"]),
        _one_of("device", given["device"], device_choices()),
        _one_of("dtype", given["dtype"], dtype_choices()),
    )


def _prompt(value: Any) -> str:
    if not isinstance(value, str):
        raise InputError("prompt", "expected text")
    most = limits().max_prompt_chars
    if len(value) > most:
        raise InputError("prompt", f"it has {len(value):,} characters; at most {most:,} are read. Shorten it")
    if not value.replace("\x00", "").strip():
        raise InputError("prompt", "it is empty; type something to continue")
    return value


def _one_of(field: str, value: Any, choices: Any) -> str:
    if not isinstance(value, str) or value not in choices:
        raise InputError(field, f"{repr(value)[:40]} is not one of {', '.join(choices)}")
    return value


def _model(field: str, value: Any) -> str:
    allowed = limits()
    if allowed.public:
        return _one_of(field, value, allowed.models)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= 500:
        raise InputError(field, "expected a model's name, a folder or a hub id")
    return value.strip()


def _switch(field: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InputError(field, f"{repr(value)[:40]} is neither true nor false")
    return value


def _stop(value: Any) -> tuple[str, ...]:
    """One stop string a line, or none."""
    if not isinstance(value, str) or len(value) > MAX_STOP_CHARS:
        raise InputError("stop", f"expected at most {MAX_STOP_CHARS} characters, one stop string a line")
    return tuple(line for line in value.split("\n") if line)
