"""Decode prompts, and measure methods of speculative decoding, on the command line.

With --json, standard output holds one JSON object and nothing else; progress and warnings go to standard error.
Exit codes: 0 done, 1 failed, 2 a bad argument (one line names it), 128 plus the number of the signal that stopped it.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from accel import bench_command, heads_command, measure_commands
from accel.errors import INSTALL
from accel.interrupts import INTERRUPTS, Stopped
from accel.output_files import check_file, write_failures
from accel.terminal import (
    AsJson,
    Device,
    DraftName,
    Dtype,
    MaxNew,
    ModelName,
    Prompt,
    Settings,
    Threads,
    load_models,
    load_tokenizer_of,
    print_json,
    print_run,
    read_knobs,
    read_prompt,
)
from accel.trace import Trace

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(heads_command.app, name="heads", help="Train exit heads for AdaDecode.")


@app.command()
def run(
    prompt: Prompt,
    model: ModelName = "smollm2-135m",
    method: Annotated[str, typer.Option(help="How to decode; see `models`.")] = "suffix",
    settings: Settings = [],  # noqa: B006  # typer reads the default, nothing changes it
    draft: DraftName = "",
    device: Device = "auto",
    dtype: Dtype = "auto",
    max_new_tokens: MaxNew = 64,
    temperature: Annotated[float, typer.Option(help="0 is greedy.")] = 0.0,
    top_k: Annotated[int, typer.Option(help="Sample among the k best tokens; 0 among all.")] = 0,
    top_p: Annotated[float, typer.Option(help="Sample among the best tokens that hold this share.")] = 1.0,
    stop: Annotated[list[str], typer.Option(help="Stop where this text appears; may be repeated.")] = [],  # noqa: B006
    seed: Annotated[
        int,
        typer.Option(
            help="The same seed gives the same trace while the model stays loaded; in every process with "
            "--set calibrated=false, as costs are measured anew at each load and decide how much is drafted."
        ),
    ] = 0,
    observe: Annotated[str, typer.Option(help="none, decisions or full.")] = "decisions",
    chat: Annotated[bool, typer.Option(help="Use the model's chat template.")] = True,
    check: Annotated[
        bool, typer.Option(help="Measure the model's own loop too, and compare the texts.")
    ] = False,
    trace: Annotated[Path | None, typer.Option(help="Save the trace here, as JSON lines.")] = None,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> None:
    """Decode one prompt and print the text and what it took."""
    from accel.api import stream
    from accel.request import method_with_knobs

    knobs, text = read_knobs(settings), read_prompt(prompt)
    method_with_knobs(method, knobs)  # before the model is loaded: a slip is said at once
    if trace is not None:
        check_file("--trace", trace)
    target, drafter = load_models(model, draft, device, dtype, threads)
    with INTERRUPTS.deferred():
        decoding = stream(
            target, text, method=method, knobs=knobs, max_new_tokens=max_new_tokens,
            temperature=temperature, top_k=top_k, top_p=top_p, stop=stop, seed=seed, observe=observe, chat=chat,
            draft=drafter, check=check, stopping=INTERRUPTS.reason,
        )  # fmt: skip
        try:
            for _ in decoding:
                pass
        except Exception:
            so_far = decoding.trace(is_checked=False)
            if so_far.tokens:  # what failed then costs none of it
                deliver(so_far, trace, as_json)
            raise
        deliver(decoding.trace(), trace, as_json)


def deliver(done: Trace, path: Path | None, as_json: bool) -> None:
    """Save the trace and print the text, each of them also where the other fails; say that the run was stopped."""
    try:
        if path is not None:
            with write_failures("--trace", path):
                done.save(path)
    finally:
        print_run(done, as_json)
    if INTERRUPTS.received:
        kept = "the text so far is printed" if path is None else f"the text so far is printed and in {path}"
        raise Stopped(f"{kept}, {len(done.tokens)} tokens, {done.finish_reason}")


for measuring in (measure_commands.compare, measure_commands.sweep, bench_command.bench):
    app.command()(measuring)


@app.command()
def replay(
    pairs: Annotated[
        Path, typer.Argument(help='JSON lines: {"prompt": text or ids, "answer": text or ids}.')
    ],
    model: ModelName = "smollm2-135m",
    settings: Settings = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Replay SuffixDecoding over stored texts, with no decoding: what it would have drafted and kept."""
    from accel.method import knobs_of, with_knobs
    from accel.methods.suffix import Suffix
    from accel.replay import Knobs, read_pairs
    from accel.replay import replay as replayed

    chosen = with_knobs(Suffix, read_knobs(settings))
    known = Knobs.__dataclass_fields__
    knobs = Knobs(**{k.name: getattr(chosen, k.name) for k in knobs_of(Suffix) if k.name in known})
    report = replayed(read_pairs(pairs, lambda: load_tokenizer_of(model)), knobs)
    if as_json:
        print_json(asdict(report))
        return
    for name, value in asdict(report).items():
        print(f"{name:>22}  {value:,.3f}")


@app.command()
def models(as_json: AsJson = False) -> None:
    """List the models that have a name, and the methods with their knobs."""
    from accel.method import knobs_of
    from accel.methods import METHODS
    from accel.models.catalogue import CATALOGUE

    found = [{"name": e.name, "parameters": e.parameters, "about": e.about} for e in CATALOGUE.values()]
    cards = [
        {
            "name": m.name,
            "about": (m.__doc__ or "").strip(),
            "knobs": {k.name: k.default for k in knobs_of(m)},
        }
        for m in METHODS.values()
    ]
    if as_json:
        print_json({"models": found, "methods": cards})
        return
    for entry in found:
        print(f"{entry['name']:<40} {entry['parameters']:>15,}  {entry['about']}")
    for card in cards:
        print(f"\n{card['name']}: {card['about']}\n    knobs: {card['knobs']}")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what this machine offers and whether the embedded model is ready."""
    from accel.doctor import examine, missing_packages

    found = examine()
    if as_json:
        print_json(found)
    else:
        for name, value in found.items():
            print(f"{name:>20}  {value}")
    if missing := missing_packages():
        print(f"error: not installed: {', '.join(missing)}; to install: {INSTALL}", file=sys.stderr)
        raise typer.Exit(1)
