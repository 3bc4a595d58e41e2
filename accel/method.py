"""The seam to a method: a frozen dataclass whose fields are its knobs and whose docstring is its card."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, ClassVar, Protocol, get_args, get_origin, get_type_hints, runtime_checkable

from accel.errors import InputError, shown, span
from accel.models.model import Model
from accel.run import Run
from accel.trace import Knob as Value


class Method(Protocol):
    """How one step is decoded. Knobs never change; what a run remembers is the state that `start` returns."""

    name: ClassVar[str]
    lossless: ClassVar[bool]

    def start(self, run: Run) -> Any:
        """Once per run, before the prompt is read: open lanes, and return the state that `step` will get."""
        ...

    def step(self, run: Run, state: Any) -> None:
        """One round: draft, verify, commit. Ends in exactly one commit."""
        ...


@runtime_checkable
class Settling(Protocol):
    """A method with knobs that mean something only beside a model."""

    def settled(self, model: Model) -> Method:
        """The method with those knobs spelled out. Raises InputError where they do not fit the model."""
        ...


@dataclass(frozen=True, slots=True)
class Range:
    """What a knob may be, both ends included, in one plain sentence."""

    low: float
    high: float
    help: str


@dataclass(frozen=True, slots=True)
class Switch:
    """A knob that is on or off."""

    help: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A knob with a few named values."""

    options: tuple[str, ...]
    help: str


@dataclass(frozen=True, slots=True)
class Counts:
    """A knob that is "auto" or up to eight rising whole numbers with commas between, each from `low` to `high`."""

    low: int
    high: int
    help: str


@dataclass(frozen=True, slots=True)
class Knob:
    """One knob of a method, as the page and the command line need to know it."""

    name: str
    kind: type
    default: Value
    bounds: Range | Switch | Choice | Counts


def knobs_of(method: type) -> list[Knob]:
    """The knobs of a method, from its fields: `alpha: Annotated[float, Range(0, 8, "...")] = 1.0`."""
    hints = get_type_hints(method, include_extras=True)
    found = []
    for field in fields(method):
        hint = hints[field.name]
        assert get_origin(hint) is Annotated, f"{method.__name__}.{field.name} needs Annotated bounds"
        assert field.default is not MISSING, f"{method.__name__}.{field.name} needs a default"
        kind, bounds = get_args(hint)
        found.append(Knob(field.name, kind, field.default, bounds))
    return found


def with_knobs(method: type[Method], values: Mapping[str, Any]) -> Method:
    """The method with these knobs, each checked. Raises InputError naming the knob."""
    if not isinstance(values, Mapping):
        raise InputError("knobs", f"expected values by name, such as {{'alpha': 2}}, not {shown(values)}")
    known = {knob.name: knob for knob in knobs_of(method)}
    for name in values:
        if name not in known:
            choices = ", ".join(known) or "it has none"
            raise InputError(
                f"knobs.{str(name)[:40]}", f"{method.name} has no such knob; its knobs: {choices}"
            )
    return method(**{name: check_knob(known[name], value) for name, value in values.items()})


def check_knob(knob: Knob, value: Any) -> Value:
    """`value` as this knob's type, within its bounds. Text is read as the command line writes it."""
    field, bounds = f"knobs.{knob.name}", knob.bounds
    said = shown(value)
    if isinstance(bounds, Switch):
        known = {True: True, False: False, "true": True, "false": False}
        if isinstance(value, bool) or (isinstance(value, str) and value.lower() in known):
            return known[value.lower() if isinstance(value, str) else value]
        raise InputError(field, f"{said} is neither true nor false")
    if isinstance(bounds, Choice):
        if isinstance(value, str) and value in bounds.options:
            return value
        raise InputError(field, f"{said} is not one of {', '.join(bounds.options)}")
    if isinstance(bounds, Counts):
        return _counts(field, bounds, value)
    number = finite(field, value, bounds.low, bounds.high)
    if not bounds.low <= number <= bounds.high:
        raise InputError(field, f"{said} is outside {span(bounds.low, bounds.high)}")
    if knob.kind is int:
        if number != int(number):
            raise InputError(field, f"{said} is not a whole number")
        return int(number)
    return number


def _counts(field: str, bounds: Counts, value: Any) -> str:
    """The numbers written plainly: "15,20,24"."""
    if value == "auto":
        return "auto"
    parts = value.split(",") if isinstance(value, str) and len(value) <= 60 else []
    numbers = [int(part) for part in parts if part.strip().isascii() and part.strip().isdigit()]
    in_bounds = all(bounds.low <= number <= bounds.high for number in numbers)
    if not 0 < len(numbers) == len(parts) <= 8 or not in_bounds or sorted(set(numbers)) != numbers:
        wanted = f"up to eight rising numbers from {bounds.low} to {bounds.high} with commas between"
        raise InputError(field, f"{shown(value)} is neither auto nor {wanted}")
    return ",".join(map(str, numbers))


def finite(field: str, value: Any, low: float, high: float) -> float:
    """`value` as a number, text included; InputError naming the field and the range wanted for anything else."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except Exception:  # whatever a foreign class raises
        number = math.nan
    if not math.isfinite(number):
        raise InputError(field, f"{shown(value)} is not a number from {span(low, high)}")
    return number
