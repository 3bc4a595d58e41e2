"""The commands that measure: `compare` methods, and `sweep` a knob."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from accel.errors import InputError
from accel.interrupts import INTERRUPTS, Stopped
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

    names = [BASELINE, *(name for name in dict.fromkeys(read_values(methods)) if name != BASELINE)]
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
    with INTERRUPTS.deferred():
        with bar() as tell:
            rows = measure(
                target, requests, rounds, with_library=library, tell=tell, stopping=INTERRUPTS.reason
            )
        measured = rows[0].num_rounds if rows else 0
        if as_json and rows:
            about = {"model": asdict(target.info), "rounds": measured}
            print_json({**about, "rows": [asdict(row) for row in rows]})
        elif rows:
            model_info = f"{target.info.name}, {target.info.dtype}, {target.info.threads} threads"
            print_rows(rows, f"{model_info}, {measured} rounds")
        if INTERRUPTS.received:
            raise Stopped(f"{measured} of {rounds} rounds were measured")


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
    grid = _grid(knob, values, second, second_values)
    for settings_of_point in settings_of(grid):
        method_with_knobs(method, {**knobs, **settings_of_point})
    target, drafter = load_models(model, draft, device, dtype, threads)
    request = greedy_request(
        target, text, method, knobs=knobs, max_new_tokens=max_new_tokens, observe="decisions", draft=drafter
    )
    with INTERRUPTS.deferred():
        with bar() as tell:
            points = measure(target, request, grid, rounds, tell, INTERRUPTS.reason)
        if as_json and points:
            about = {"model": asdict(target.info), "knobs": list(grid)}
            print_json({**about, "points": [asdict(point) for point in points]})
        elif points:
            model_info = f"{target.info.name}, {target.info.dtype}, {target.info.threads} threads"
            print_points(points, ", ".join(grid), f"{method} on {model_info}")
        if INTERRUPTS.received:
            raise Stopped(f"{len(points)} of {len(settings_of(grid))} settings were measured")


def _grid(knob: str, values: str, second: str, second_values: str) -> dict[str, list[str]]:
    """The values of one or two knobs, each at least one."""
    if second and second == knob:
        raise InputError("--second", f"{second!r:.60} is turned already; name another knob")
    if second_values and not second:
        raise InputError("--second-values", "there is no second knob; name it with --second")
    grid = {knob: read_values(values)} | ({second: read_values(second_values)} if second else {})
    for option, name in (("--values", knob), ("--second-values", second)):
        if name and not grid[name]:
            raise InputError(option, f"no value for {name!r:.60}; write one or more, with commas between")
    return grid
