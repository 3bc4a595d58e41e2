"""The command `python -m accel heads train`: exit heads for a model, and a report of what they are worth."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from accel.errors import InputError
from accel.interrupts import INTERRUPTS, Stopped
from accel.models.unavailable import cache_failures
from accel.output_files import make_folder, write_failures, write_text
from accel.terminal import AsJson, Device, Dtype, ModelName, Threads, load_models, print_json

if TYPE_CHECKING:
    from accel.head_lessons import Course
    from accel.heads import ExitHeads
    from accel.models.model import Model

app = typer.Typer(help="Exit heads for AdaDecode.")
TRAINED = ("kl", "ridge")
MOST_TOKENS, MOST_STEPS, MOST_SHORT = 10_000_000, 1_000_000, 1_000_000


@app.callback()
def heads() -> None:
    """Exit heads for AdaDecode."""


@app.command()
def train(
    model: ModelName = "smollm2-135m",
    kind: Annotated[str, typer.Option(help="kl learns the top layer's words; ridge is quick.")] = "kl",
    layers: Annotated[
        str, typer.Option(help="Layers run before each look, with commas between.")
    ] = "15,20,24",
    tokens: Annotated[int, typer.Option(help="Tokens of the model's own text to learn from.")] = 100_000,
    steps: Annotated[int, typer.Option(help="Adam steps a head, for kind kl.")] = 1000,
    short: Annotated[int, typer.Option(help="Frequent tokens that a head can name.")] = 8192,
    seed: Annotated[int, typer.Option(help="The same seed gives the same heads on the same machine.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for the heads and their report.")] = None,
    device: Device = "auto",
    dtype: Dtype = "auto",
    threads: Threads = 0,
    as_json: AsJson = False,
) -> None:
    """Train heads on the model's own answers; what an interrupted run had done is kept in the cache."""
    from accel.head_lessons import Course
    from accel.head_training import train as trained
    from accel.models.embedded import cache_root
    from accel.models.progress import bar

    _check(kind, tokens, steps, short, seed)
    course = Course(_layers(layers), tokens, seed)
    lessons = cache_root() / "heads"
    folder = lessons if out is None else out
    make_folder("DRAFTSCOPE_CACHE", lessons)
    make_folder("--out", folder)
    target, _ = load_models(model, "", device, dtype, threads)
    with bar() as tell, _kept_in(lessons):
        made = trained(target, "kl" if kind == "kl" else "ridge", course, steps=steps, short=short, tell=tell)
        tell("judging them on held-out answers", 0.0)
        asked = {
            "kind": kind,
            "layers": layers,
            "tokens": tokens,
            "steps": steps,
            "short": short,
            "seed": seed,
            "dtype": target.info.dtype,
            "threads": target.info.threads,
        }
        report = report_of(target, made, course, asked)
        tell("judging them on held-out answers", 1.0)
    path = folder / f"{file_name(target)}.safetensors"
    with INTERRUPTS.deferred():
        try:
            with write_failures("--out", path):
                made.save(path)
            write_text("--out", path.with_suffix(".json"), json.dumps(report, indent=1) + "\n")
        finally:
            if as_json:
                print_json({**report, "file": str(path)})
            else:
                typer.echo(f"{path}\n{table(report)}")


def report_of(model: Model, heads: ExitHeads, course: Course, asked: dict[str, Any]) -> dict[str, Any]:
    """What the report file says: the command, the held-out figures and the cost of a look."""
    from accel.head_lessons import TEMPERATURE, held_out
    from accel.head_report import cost_of_a_look, judge

    options = " ".join(f"--{name} {value}" for name, value in asked.items())
    texts = {name: held_out(model, course, greedy=name == "greedy") for name in ("greedy", "sampled")}
    return {
        "model": model.info.name,
        "fingerprint": heads.fingerprint,
        "command": f"python -m accel heads train --model {model.info.name} {options}",
        **asked,
        "date": date.today().isoformat(),
        "text": f"the model's own answers to accel/head_prompts.py, at temperature {TEMPERATURE}, "
        "and to questions that it asked itself; "
        "held-out prompts are about subjects that no training prompt mentions",
        "held_out": {
            name: {"tokens": len(text), "layers": [asdict(row) for row in judge(heads, text)]}
            for name, text in texts.items()
        },
        "microseconds": asdict(cost_of_a_look(model, heads)),
    }


def table(report: dict[str, Any]) -> str:
    """The report for a person, by text and layer; the gate shown is the default threshold's."""
    lines = []
    for name, text in report["held_out"].items():
        lines.append(f"held-out {name} answers, {text['tokens']:,} tokens")
        for row in text["layers"]:
            gate = next(gate for gate in row["gates"] if gate["threshold"] == 0.75)
            precision = "none" if gate["precision"] is None else f"{gate['precision']:.3f}"
            lines.append(
                f"  layer {row['layer']:>3}: agreement {row['agreement']:.3f} (of {row['possible']:.3f} possible), "
                f"over .75: {gate['coverage']:.3f} of tokens, of which right {precision}"
            )
    spent = report["microseconds"]
    lines.append(
        f"a look {spent['check']:,.0f} us, a full readout {spent['full_readout']:,.0f}, "
        f"a pass {spent['model_pass']:,.0f}"
    )
    return "\n".join(lines)


def file_name(model: Model) -> str:
    """A name for a model's heads: that of the catalogue, or the end of a path or hub id."""
    return re.sub(r"[^\w.-]+", "-", model.info.name).strip("-.")[-80:] or model.info.fingerprint


def _check(kind: str, tokens: int, steps: int, short: int, seed: int) -> None:
    if kind not in TRAINED:
        raise InputError("--kind", f"{kind!r:.40} is not one of {', '.join(TRAINED)}")
    for name, value, most in (
        ("tokens", tokens, MOST_TOKENS),
        ("steps", steps, MOST_STEPS),
        ("short", short, MOST_SHORT),
    ):
        if not 1 <= value <= most:
            raise InputError(f"--{name}", f"{value} is outside 1 to {most}")
    if not 0 <= seed < 2**31:
        raise InputError("--seed", f"{seed} is outside 0 to {2**31 - 1}")


def _layers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise InputError("--layers", f"{text!r:.60} is not whole numbers with commas between") from None


@contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    """Say where the work so far is kept when it ends early."""
    try:
        with cache_failures("the heads' lessons", folder):
            yield
    except KeyboardInterrupt:
        kept = folder / "lessons"
        raise Stopped(f"answers and checkpoints so far are in {kept}; the same command goes on") from None
