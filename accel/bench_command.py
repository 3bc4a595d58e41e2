"""The command `python -m accel bench`: suites, methods and baselines in one table."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from accel.errors import InputError
from accel.suites import SUITES
from accel.terminal import AsJson, Device, Dtype, MaxNew, ModelName, Threads, load_models, print_json

if TYPE_CHECKING:
    from accel.models.model import Model

OUT = Path("out/bench")
Names = Annotated[str, typer.Option(help="Names with commas between; knobs behind one: suffix:offset=2.")]


def bench(
    suite: Annotated[str, typer.Option(help=f"Of {', '.join(SUITES)}; with commas between, or all.")] = "all",
    methods: Names = "suffix,prompt_lookup,aded,adadecode,clasp",
    baselines: Annotated[
        str, typer.Option(help="generate, generate+lookup, generate+early-exit, generate+compiled, or none.")
    ] = "generate,generate+lookup",
    warm: Annotated[
        bool, typer.Option(help="Methods that remember also with their memory kept through a suite.")
    ] = False,
    prompts: Annotated[int, typer.Option(help="At most so many of each suite; 0 takes all.")] = 0,
    rounds: Annotated[int, typer.Option(min=1, max=100, help="Times through all of it.")] = 1,
    max_new_tokens: MaxNew = 128,
    out: Annotated[Path, typer.Option(help="Folder for records and tables; the same again goes on.")] = OUT,
    model: ModelName = "smollm2-135m",
    device: Device = "auto",
    dtype: Dtype = "auto",
    threads: Threads = 0,
    as_json: AsJson = False,
) -> None:
    """Measure methods and the library's decoding over suites of prompts, prompt by prompt in alternation."""
    from accel.bench import Benchmark, Log, measure
    from accel.bench_arms import arms_of
    from accel.bench_table import markdown, rows
    from accel.models.progress import bar

    benchmark = Benchmark(_suites(suite), prompts or None, max_new_tokens, rounds)
    target, _ = load_models(model, "", device, dtype, threads)
    arms = arms_of(target, _names(methods), _names(baselines), warm=warm)
    asked = {**asdict(benchmark), "arms": [arm.name for arm in arms]}
    log = Log(out / "records.jsonl", {"model": _about(target), "asked": asked})
    with bar() as tell:
        for records in measure(target, benchmark, arms, log.records, tell):
            log.add(records)
    table = rows(log.records)
    made = {
        "model": _about(target),
        "asked": asked,
        "date": date.today().isoformat(),
        "rows": [asdict(row) for row in table],
    }
    (out / "bench.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    (out / "bench.md").write_text(markdown(table), encoding="utf-8")
    if as_json:
        print_json(made)
    else:
        print(markdown(table), end="")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip() not in ("", "none")]


def _suites(text: str) -> tuple[str, ...]:
    names = tuple(SUITES) if text == "all" else tuple(dict.fromkeys(_names(text)))
    unknown = [name for name in names if name not in SUITES]
    if unknown or not names:
        raise InputError(
            "suite", f"{', '.join(unknown) or 'nothing'!r:.60} is not one of {', '.join(SUITES)}, all"
        )
    return names


def _about(model: Model) -> dict[str, Any]:
    info = asdict(model.info)
    return {name: info[name] for name in ("name", "fingerprint", "dtype", "device", "threads", "backend")}
