"""The command `python -m accel bench`: suites, methods and baselines in one table."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from accel.errors import InputError
from accel.interrupts import INTERRUPTS, Stopped
from accel.output_files import make_folder, write_text
from accel.suites import SUITES, read_suite
from accel.terminal import AsJson, Device, Dtype, MaxNew, ModelName, Threads, load_models, print_json

if TYPE_CHECKING:
    from accel.bench import Benchmark, Part
    from accel.bench_log import Log
    from accel.bench_table import Record
    from accel.models.model import Model

OUT = Path("out/bench")
RECORDS = "records.jsonl"
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
    """Measure methods and the library's decoding over suites of prompts, prompt by prompt in alternation.

    Prompts that the model cannot read are named and left out.
    """
    from accel.bench import Benchmark, measure, readable_prompts
    from accel.bench_arms import arms_of
    from accel.bench_log import Log
    from accel.models.progress import bar

    if prompts < 0:
        raise InputError("--prompts", f"{prompts} is below 0; 0 takes all of each suite")
    suites = {name: read_suite(name, prompts or None) for name in _suites(suite)}
    make_folder("--out", out)
    target, _ = load_models(model, "", device, dtype, threads)
    arms = arms_of(target, _names(methods), _names(baselines), warm=warm)
    readable, left_out = readable_prompts(target, suites, max_new_tokens)
    for one in left_out:
        print(f"left out: {one.suite}, {one.id}: {one.reason}", file=sys.stderr)
    benchmark = Benchmark(readable, rounds, arms)
    asked = {
        "suites": list(suites), "most_prompts": prompts or None, "max_new_tokens": max_new_tokens,
        "rounds": rounds, "arms": [arm.name for arm in arms],
    }  # fmt: skip
    log = Log(out / RECORDS, {"model": _about(target), "asked": asked})
    missing = _missing_parts(benchmark, log)
    with INTERRUPTS.deferred():
        with bar() as tell:
            for records in measure(target, benchmark, missing, tell, INTERRUPTS.reason):
                log.add(records)
        about = {"model": _about(target), "asked": asked, "left_out": [asdict(one) for one in left_out]}
        _deliver(about, log.records, out, as_json)
    if INTERRUPTS.received:
        raise Stopped(_what_is_kept(benchmark, log, out / RECORDS))


def _missing_parts(benchmark: Benchmark, log: Log) -> list[Part]:
    """The parts to measure; records of parts that are not whole are dropped, which is said."""
    missing = [part for part in benchmark.parts() if not benchmark.is_whole(part, log.records)]
    dropped = log.keep(lambda record: (record.suite, record.round) not in missing)
    if dropped:
        print(f"{dropped} records of a part that was broken off are measured again", file=sys.stderr)
    return missing


def _deliver(about: dict[str, Any], records: list[Record], out: Path, as_json: bool) -> None:
    """Print the table, and write it as JSON and Markdown; nothing where nothing was measured."""
    from accel.bench_table import markdown, rows

    if not records:
        return
    table = rows(records)
    made = {**about, "date": date.today().isoformat(), "rows": [asdict(row) for row in table]}
    try:
        write_text("--out", out / "bench.json", json.dumps(made, indent=1) + "\n")
        write_text("--out", out / "bench.md", markdown(table))
    finally:
        if as_json:
            print_json(made)
        else:
            print(markdown(table), end="")


def _what_is_kept(benchmark: Benchmark, log: Log, path: Path) -> str:
    missing = [part for part in benchmark.parts() if not benchmark.is_whole(part, log.records)]
    done = f"{len(benchmark.parts()) - len(missing)} of {len(benchmark.parts())} parts are in {path}"
    return f"{done}; the same command measures the rest, {missing[0][0]} from its start" if missing else done


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
