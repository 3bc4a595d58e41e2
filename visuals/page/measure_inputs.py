"""What a visitor can ask to be measured, checked before any work is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accel.errors import InputError, shown
from accel.method import Choice, Counts, Knob, Range, knobs_of, with_knobs
from accel.methods import METHODS
from accel.request import whole
from accel.sweep import settings_of
from visuals.page.inputs import Asked, check_asked, most_tokens
from visuals.page.tune_words import NONE

MAX_VALUES = 12  # of one knob
MAX_RUNS = 72  # points times rounds
MAX_ROUNDS = 5
MAX_TOKENS = 128  # of each run
MAX_VALUES_CHARS = 200


@dataclass(frozen=True, slots=True)
class MeasureAsked:
    """One press of Measure: a run, the knobs to turn, and how often."""

    run: Asked
    grid: dict[str, list[str]]
    rounds: int


def turnable(method: str) -> list[str]:
    """The knobs of a method, by name."""
    return [knob.name for knob in knobs_of(METHODS[method])]


def values_for(method: str, name: str) -> str:
    """A few values over the range of a knob, to begin with."""
    knob = next((knob for knob in knobs_of(METHODS[method]) if knob.name == name), None)
    return "" if knob is None else ", ".join(_values(knob))


def _values(knob: Knob) -> list[str]:
    match knob.bounds:
        case Range(low, high, _) if knob.kind is int:
            return [str(value) for value in sorted({int(low + at * (high - low) / 4) for at in range(5)})]
        case Range(low, high, _):
            return [f"{low + at * (high - low) / 5:g}" for at in range(6)]
        case Choice(options, _):
            return list(options)
        case Counts():
            return [str(knob.default)]
        case _:
            return ["true", "false"]


def check_measure(form: Mapping[str, Any], given: Mapping[str, Any]) -> MeasureAsked:
    """Explore's form, and this tab's own fields. Raises InputError for the first that is wrong."""
    own = {name: given[name] for name in ("prompt", "method", "max_new_tokens")}
    run = check_asked({**form, **own, "temperature": 0, "every_layer": False, "check": False})
    whole("max_new_tokens", own["max_new_tokens"], 2, most_tokens(MAX_TOKENS))
    rounds = whole("rounds", given["rounds"], 1, MAX_ROUNDS)
    grid = {_knob(run.method, "knob", given["knob"]): _read("values", given["values"])}
    if given["second"] != NONE:
        second = _knob(run.method, "second knob", given["second"])
        if second in grid:
            raise InputError("second knob", f"{second} is turned already; choose another, or none")
        grid[second] = _read("second values", given["second_values"])
    points = settings_of(grid)
    if len(points) * rounds > MAX_RUNS:
        raise InputError(
            "values",
            f"{len(points)} settings, {rounds} times each, are more than {MAX_RUNS} runs; ask for fewer",
        )
    for settings in points:
        with_knobs(METHODS[run.method], {**run.knobs, **settings})
    return MeasureAsked(run, grid, rounds)


def _knob(method: str, field: str, value: Any) -> str:
    known = turnable(method)
    if not isinstance(value, str) or value not in known:
        choices = ", ".join(known) or "it has none; choose another method"
        raise InputError(field, f"{shown(value)} is not a knob of {method}: {choices}")
    return value


def _read(field: str, value: Any) -> list[str]:
    """Values with commas between, or semicolons; each once."""
    if not isinstance(value, str) or len(value) > MAX_VALUES_CHARS:
        raise InputError(field, f"expected at most {MAX_VALUES_CHARS} characters, with commas between values")
    parts = [part.strip() for part in value.split(";" if ";" in value else ",")]
    found = list(dict.fromkeys(part for part in parts if part))
    if not 0 < len(found) <= MAX_VALUES:
        raise InputError(field, f"expected 1 to {MAX_VALUES} values, found {len(found)}")
    return found
