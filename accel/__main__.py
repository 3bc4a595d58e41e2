"""The command line: `python -m accel run | compare | models | doctor`.

With --json, standard output holds one JSON object and nothing else; progress and warnings go to standard error.
A bad argument exits with 2 and one line that names it.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from accel.errors import InputError, ModelFailed

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, help=__doc__)

Prompt = Annotated[str, typer.Argument(help="What to continue or answer; - reads standard input.")]
ModelName = Annotated[str, typer.Option("--model", help="A catalogue name, a local folder or a hub id.")]
DraftName = Annotated[str, typer.Option("--draft", help="The model that guesses, for method draft_model.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Dtype = Annotated[str, typer.Option(help="auto, float32, bfloat16 or float16.")]
Settings = Annotated[list[str], typer.Option("--set", help="A knob, as name=value; may be repeated.")]
MaxNew = Annotated[int, typer.Option("--max-new-tokens", help="The most tokens to generate.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Threads = Annotated[int, typer.Option(help="Torch threads; 0 leaves the choice to torch.")]


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
    seed: Annotated[int, typer.Option(help="The same seed gives the same trace.")] = 0,
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

    target, drafter = _load(model, device, dtype, threads), _load(draft, device, dtype, 0) if draft else None
    decoding = stream(
        target, _read(prompt), method=method, knobs=_knobs(settings), max_new_tokens=max_new_tokens,
        temperature=temperature, top_k=top_k, top_p=top_p, stop=stop, seed=seed, observe=observe, chat=chat,
        draft=drafter, check=check,
    )  # fmt: skip
    for _ in decoding:
        pass
    done = decoding.trace()
    if trace is not None:
        _save(done, trace)
    if as_json:
        footer = asdict(done.footer)
        _print_json(
            {
                "model": asdict(done.header.model),
                "method": asdict(done.header.method),
                **footer,
                "tokens": done.tokens,
            }
        )
        return
    print(done.text)
    for name, value in done.metrics.items():
        print(f"{name:>30}  {value:,.3f}", file=sys.stderr)


@app.command()
def compare(
    prompt: Prompt,
    model: ModelName = "smollm2-135m",
    methods: Annotated[
        str, typer.Option(help="Names with commas between; our own loop always runs.")
    ] = "suffix",
    settings: Settings = [],  # noqa: B006
    draft: DraftName = "",
    device: Device = "auto",
    dtype: Dtype = "auto",
    max_new_tokens: MaxNew = 64,
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="Measured rounds, after one warm-up.")] = 5,
    library: Annotated[bool, typer.Option(help="Measure the library's generate too.")] = True,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> None:
    """Measure methods against our own autoregressive loop and the library's, in alternation.

    A knob is given to one method: --set suffix.alpha=2.
    """
    from accel.compare import BASELINE
    from accel.compare import compare as measure
    from accel.models.progress import bar
    from accel.request import check_request

    target, drafter = _load(model, device, dtype, threads), _load(draft, device, dtype, 0) if draft else None
    names = [BASELINE, *(n for n in dict.fromkeys(methods.split(",")) if n and n != BASELINE)]
    knobs, text = _knobs(settings), _read(prompt)
    for name in knobs:
        if name.partition(".")[0] not in names:
            raise InputError("--set", f"{name!r:.60} names no method compared here; write method.knob=value")
    requests = [
        check_request(
            target,
            text,
            method=name,
            knobs=_knobs_of(name, knobs),
            max_new_tokens=max_new_tokens,
            temperature=0.0,
            top_k=0,
            top_p=1.0,
            stop=(),
            seed=0,
            observe="none",
            chat=True,
            draft=drafter,
        )
        for name in names
    ]
    with bar() as tell:
        rows = measure(target, requests, rounds, with_library=library, tell=tell)
    if as_json:
        _print_json({"model": asdict(target.info), "rounds": rounds, "rows": [asdict(row) for row in rows]})
        return
    _print_rows(
        rows, f"{target.info.name}, {target.info.dtype}, {target.info.threads} threads, {rounds} rounds"
    )


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
        _print_json({"models": found, "methods": cards})
        return
    for entry in found:
        print(f"{entry['name']:<40} {entry['parameters']:>15,}  {entry['about']}")
    for card in cards:
        print(f"\n{card['name']}: {card['about']}\n    knobs: {card['knobs']}")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what this machine offers and whether the embedded model is ready."""
    from accel.doctor import examine

    found = examine()
    if as_json:
        _print_json(found)
        return
    for name, value in found.items():
        print(f"{name:>20}  {value}")


def _load(name: str, device: str, dtype: str, threads: int) -> Any:
    import torch

    from accel.models.load import load
    from accel.models.progress import bar

    if not 0 <= threads <= 1024:
        raise InputError("--threads", f"{threads} is outside 0 to 1024")
    if threads:
        torch.set_num_threads(threads)
    with bar() as tell:
        return load(name, device=device, dtype=dtype, progress=tell)


def _read(prompt: str) -> str:
    return sys.stdin.read() if prompt == "-" else prompt


def _knobs(settings: list[str]) -> dict[str, str]:
    for setting in settings:
        if "=" not in setting:
            raise InputError("--set", f"{setting!r:.60} is not name=value")
    return {name: value for name, _, value in (setting.partition("=") for setting in settings)}


def _knobs_of(method: str, knobs: dict[str, str]) -> dict[str, str]:
    """Those written as method.knob=value for this method."""
    return {
        name.partition(".")[2]: value for name, value in knobs.items() if name.partition(".")[0] == method
    }


def _save(trace: Any, path: Path) -> None:
    try:
        trace.save(path)
    except OSError as error:
        raise InputError("--trace", f"cannot write {str(path)[:200]}: {error.strerror or error}") from error


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, allow_nan=False))


def _print_rows(rows: list[Any], title: str) -> None:
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
            f"{row.low:.2f}-{row.high:.2f}", _shown(row.over_library), _shown(row.mean_acceptance_length),
            _shown(row.acceptance_rate), "yes" if row.same_text else "no",
        )  # fmt: skip
    Console(width=max(120, Console().width)).print(table)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def main() -> int:
    """Run the command line; every expected failure is one line on standard error."""
    from accel.models.errors import ModelRefused
    from accel.models.unavailable import ModelUnavailable

    try:
        return int(app(standalone_mode=False) or 0)
    except (InputError, ModelRefused, ModelUnavailable) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except ModelFailed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, typer.Abort):
        print("stopped", file=sys.stderr)
        return 130
    except Exception as error:
        if not hasattr(error, "format_message"):  # typer's own, whose class has no public name
            raise
        print(f"error: {error.format_message()}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
