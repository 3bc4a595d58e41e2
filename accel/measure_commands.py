"""The commands that measure: `compare` methods, and `sweep` a knob."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from accel.errors import InputError
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
    knobs_of_method,
    load_models,
    print_json,
    print_points,
    print_rows,
    read_knobs,
    read_prompt,
    read_values,
)


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
    from accel.request import greedy_request, method_with_knobs

    names = [BASELINE, *(n for n in dict.fromkeys(methods.split(",")) if n and n != BASELINE)]
    knobs, text = read_knobs(settings), read_prompt(prompt)
    for name in knobs:
        if name.partition(".")[0] not in names:
            raise InputError("--set", f"{name!r:.60} names no method compared here; write method.knob=value")
    for name in names:
        method_with_knobs(name, knobs_of_method(name, knobs))
    target, drafter = load_models(model, draft, device, dtype, threads)
    requests = [
        greedy_request(
            target,
            text,
            name,
            knobs=knobs_of_method(name, knobs),
            max_new_tokens=max_new_tokens,
            draft=drafter,
        )
        for name in names
    ]
    with bar() as tell:
        rows = measure(target, requests, rounds, with_library=library, tell=tell)
    if as_json:
        print_json({"model": asdict(target.info), "rounds": rounds, "rows": [asdict(row) for row in rows]})
        return
    print_rows(
        rows, f"{target.info.name}, {target.info.dtype}, {target.info.threads} threads, {rounds} rounds"
    )


def sweep(
    prompt: Prompt,
    method: Annotated[str, typer.Option(help="The method whose knob is turned.")],
    knob: Annotated[str, typer.Option(help="The knob to turn.")],
    values: Annotated[str, typer.Option(help="Its values, with commas between; ; where a value has commas.")],
    second: Annotated[str, typer.Option(help="A second knob to turn, for a grid.")] = "",
    second_values: Annotated[str, typer.Option(help="Its values.")] = "",
    model: ModelName = "smollm2-135m",
    settings: Settings = [],  # noqa: B006
    draft: DraftName = "",
    device: Device = "auto",
    dtype: Dtype = "auto",
    max_new_tokens: MaxNew = 64,
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="Measured rounds for each value.")] = 3,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> None:
    """Turn one knob, or two, over several values: what one recorded run predicts, beside what is measured."""
    from accel.models.progress import bar
    from accel.request import greedy_request, method_with_knobs
    from accel.sweep import settings_of
    from accel.sweep import sweep as measure

    knobs, text = read_knobs(settings), read_prompt(prompt)
    grid = {knob: read_values(values)} | ({second: read_values(second_values)} if second else {})
    for settings_of_point in settings_of(grid):
        method_with_knobs(method, {**knobs, **settings_of_point})
    target, drafter = load_models(model, draft, device, dtype, threads)
    request = greedy_request(
        target, text, method, knobs=knobs, max_new_tokens=max_new_tokens, observe="decisions", draft=drafter
    )
    with bar() as tell:
        points = measure(target, request, grid, rounds, tell)
    if as_json:
        print_json({"model": asdict(target.info), "knobs": list(grid), "points": [asdict(p) for p in points]})
        return
    print_points(
        points,
        ", ".join(grid),
        f"{method} on {target.info.name}, {target.info.dtype}, {target.info.threads} threads",
    )
