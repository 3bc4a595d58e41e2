"""What the commands share: their options, how they read arguments, and how they print."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from accel.errors import InputError
from accel.standard_streams import can_encode, read_input
from accel.trace import Trace

if TYPE_CHECKING:
    from accel.models.model import Model
    from accel.models.tokenizer import Tokenizer
    from accel.outcome import Point

Prompt = Annotated[str, typer.Argument(help="What to continue or answer; - reads standard input.")]
ModelName = Annotated[str, typer.Option("--model", help="A catalogue name, a local folder or a hub id.")]
DraftName = Annotated[str, typer.Option("--draft", help="The model that guesses, for method draft_model.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Dtype = Annotated[str, typer.Option(help="auto, float32, bfloat16 or float16.")]
Settings = Annotated[list[str], typer.Option("--set", help="A knob, as name=value; may be repeated.")]
MaxNew = Annotated[int, typer.Option("--max-new-tokens", help="The most tokens to generate.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Threads = Annotated[int, typer.Option(help="Torch threads; 0 measures which number is fastest.")]


def load_models(name: str, draft: str, device: str, dtype: str, threads: int) -> tuple[Model, Model | None]:
    """The target, and the draft model where one is named."""
    from accel.models.load import load
    from accel.models.progress import bar
    from accel.models.threads import say_threads

    if not 0 <= threads <= 1024:
        raise InputError("--threads", f"{threads} is outside 0 to 1024")
    if threads:
        say_threads(threads)
    with bar() as tell:
        target = load(name, device=device, dtype=dtype, progress=tell)
        return target, load(draft, device=device, dtype=dtype, progress=tell) if draft else None


def read_prompt(prompt: str) -> str:
    return read_input() if prompt == "-" else prompt


def read_knobs(settings: list[str]) -> dict[str, str]:
    for setting in settings:
        if "=" not in setting:
            raise InputError("--set", f"{setting!r:.60} is not name=value")
    return {name: value for name, _, value in (setting.partition("=") for setting in settings)}


def read_values(text: str) -> list[str]:
    """The values of a knob: with commas between, or semicolons where a value has commas itself."""
    return [value.strip() for value in text.split(";" if ";" in text else ",") if value.strip()]


def knobs_of_method(method: str, knobs: dict[str, str]) -> dict[str, str]:
    """Those written as method.knob=value for this method."""
    return {
        name.partition(".")[2]: value for name, value in knobs.items() if name.partition(".")[0] == method
    }


def print_json(value: object) -> None:
    """One line of JSON; signs that standard output's encoding lacks as JSON's own escapes."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    print(text if can_encode(text) else json.dumps(value, allow_nan=False))


def print_run(trace: Trace, as_json: bool) -> None:
    """The text on standard output, and what it took on standard error; or all of it as one object."""
    if as_json:
        made_by = {"model": asdict(trace.header.model), "method": asdict(trace.header.method)}
        print_json({**made_by, **asdict(trace.footer), "tokens": trace.tokens})
        return
    print(trace.text)
    for name, value in trace.metrics.items():
        print(f"{name:>30}  {value:,.3f}", file=sys.stderr)


def load_tokenizer_of(name: str) -> Tokenizer:
    """The tokenizer of a model, without its weights being loaded."""
    from accel.models import catalogue
    from accel.models.progress import bar
    from accel.models.tokenizer import load_tokenizer

    with bar() as tell:
        found = load_tokenizer(catalogue.folder(name, progress=tell))
    if found is None:
        raise InputError("pairs", f"{name!r:.60} has no tokenizer; give token ids instead of text")
    return found


def print_points(points: list[Point], knob: str, title: str) -> None:
    """Predicted beside measured, a line a value."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for name in (
        knob,
        "predicted x",
        "measured x",
        "calls/token predicted",
        "measured",
        "tokens/step",
        "kept",
        "said",
    ):
        table.add_column(name, justify="left" if name == knob else "right")
    for point in points:
        guess = point.predicted
        table.add_row(
            point.value, _figure(guess.speedup if guess else None), _figure(point.speedup),
            _figure(guess.layer_calls_per_token if guess else None), _figure(point.layer_calls_per_token),
            _figure(point.mean_acceptance_length), _figure(point.acceptance_rate), guess.kind if guess else "-",
        )  # fmt: skip
    Console(width=max(120, Console().width)).print(table)


def print_rows(rows: list[Any], title: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for name in (
        "method",
        "tokens",
        "tokens/s",
        "x our loop",
        "(min-max)",
        "x generate",
        "tokens/step",
        "kept",
        "same text",
    ):
        table.add_column(name, justify="left" if name == "method" else "right")
    for row in rows:
        table.add_row(
            row.name, str(row.num_tokens), f"{row.tokens_per_second:.1f}", f"{row.speedup:.2f}",
            f"{row.low:.2f}-{row.high:.2f}", _figure(row.over_library), _figure(row.mean_acceptance_length),
            _figure(row.acceptance_rate), "yes" if row.same_text else "no",
        )  # fmt: skip
    Console(width=max(120, Console().width)).print(table)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
