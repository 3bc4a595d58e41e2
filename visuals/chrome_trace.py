"""A run as a Chrome trace, which Perfetto (ui.perfetto.dev) and chrome://tracing open: lanes are threads.

Two processes. In `time` a step's length, and how much of it went to drafting, verifying and the rest, was measured;
a trace does not say when within a step each layer ran, so there layer runs are placed by their layer calls: those of
the target within the step's verifying, those of other lanes within its drafting. In `layer calls` nothing is
modelled: one layer call is drawn as one millisecond.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from accel.metrics import TARGET
from accel.trace import Trace
from visuals.digits import counted
from visuals.pieces import shortened, visible
from visuals.reading import read
from visuals.rows import Block, StepRows

TIME, CALLS = 1, 2  # processes
MICRO = 1e6  # of a second
CALL = 1000.0  # microseconds that a layer call is drawn as

PLACEMENT = (
    "Measured: the length of each step and its split into drafting, verifying and other; time spent looking for the "
    "picture's sake is left out. Modelled: the order of the three within a step, and where in them each layer run "
    "lies, by its share of layer calls. In the process 'layer calls' one millisecond stands for one layer call."
)

Event = dict[str, Any]


def chrome_trace_json(trace: Trace) -> str:
    """The run as the text of a Chrome trace file."""
    return json.dumps(chrome_trace(trace), ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def chrome_trace(trace: Trace) -> dict[str, Any]:
    """Complete events (`X`) for steps, their phases and the layer runs of every lane, on two axes."""
    _, steps = read(trace)
    lanes = list(dict.fromkeys([TARGET, *(block.lane for rows in steps for block in rows.blocks)]))
    threads = {lane: at for at, lane in enumerate(lanes, 3)}
    model = trace.header.model
    return {
        "displayTimeUnit": "ms",
        "otherData": {
            "placement": PLACEMENT,
            "method": _shown(trace.header.method.name),
            "model": _shown(model.name),
            "device": _shown(
                f"{model.device}, {counted(model.threads, 'thread')}, {model.dtype}, {model.backend}"
            ),
        },
        "traceEvents": [
            *_names(threads),
            *_in_time(steps, threads),
            *_in_calls(steps, threads),
        ],
    }


def _names(threads: dict[str, int]) -> Iterator[Event]:
    for process, name in ((TIME, "time"), (CALLS, "layer calls (1 ms = 1 call)")):
        yield _meta(process, 0, "process_name", name=name)
        yield _meta(process, 0, "process_sort_index", sort_index=process)
        yield _meta(process, 1, "thread_name", name="steps")
        for lane, thread in threads.items():
            yield _meta(process, thread, "thread_name", name=f"lane {_shown(lane)}")
    yield _meta(TIME, 2, "thread_name", name="phases")


def _meta(process: int, thread: int, kind: str, **args: Any) -> Event:
    return {"ph": "M", "pid": process, "tid": thread, "name": kind, "args": args}


def _in_time(steps: list[StepRows], threads: dict[str, int]) -> Iterator[Event]:
    start = 0.0
    for rows in steps:
        spent = rows.seconds
        phases = {"draft": spent.draft * MICRO, "verify": spent.verify * MICRO, "other": spent.other * MICRO}
        yield _slice(TIME, 1, _title(rows), start, spent.total * MICRO, "measured", _about(rows))
        at = start
        for name, length in phases.items():
            yield _slice(TIME, 2, name, at, length, "measured", {"step": rows.index})
            at += length
        target = [block for block in rows.blocks if block.lane == TARGET]
        others = [block for block in rows.blocks if block.lane != TARGET]
        yield from _placed(others, start, phases["draft"], threads, rows.index)
        yield from _placed(target, start + phases["draft"], phases["verify"], threads, rows.index)
        start = at


def _placed(
    blocks: list[Block], start: float, length: float, threads: dict[str, int], step: int
) -> Iterator[Event]:
    """Runs one after another through a stretch of time, each as long as its share of the layer calls."""
    calls = sum(block.layers for block in blocks)
    done = 0
    for block in blocks:
        at = start + length * done / calls
        about = {**_run(block, step), "placement": "modelled"}
        yield _slice(
            TIME, threads[block.lane], _layers(block), at, length * block.layers / calls, "modelled", about
        )
        done += block.layers


def _in_calls(steps: list[StepRows], threads: dict[str, int]) -> Iterator[Event]:
    for rows in steps:
        calls = sum(block.layers for block in rows.blocks)
        if calls:
            yield _slice(
                CALLS, 1, _title(rows), rows.blocks[0].start * CALL, calls * CALL, "counted", _about(rows)
            )
        for block in rows.blocks:
            yield _slice(
                CALLS,
                threads[block.lane],
                _layers(block),
                block.start * CALL,
                block.layers * CALL,
                "counted",
                _run(block, rows.index),
            )


def _slice(
    process: int, thread: int, name: str, start: float, length: float, category: str, args: Event
) -> Event:
    return {
        "ph": "X",
        "pid": process,
        "tid": thread,
        "name": name,
        "cat": category,
        "ts": round(start, 3),
        "dur": round(length, 3),
        "args": args,
    }


def _title(rows: StepRows) -> str:
    return f"step {rows.index}" if rows.index else "prompt"


def _about(rows: StepRows) -> Event:
    text = "".join(piece.text for piece in rows.pieces)
    kept = sum(node.fate == "accepted" for node in rows.drafted)
    return {
        "step": rows.index,
        "tokens": len(rows.pieces),
        "drafted": len(rows.drafted),
        "kept": kept,
        "text": shortened(text, 200),
        "observe_seconds": rows.seconds.observe,
    }


def _run(block: Block, step: int) -> Event:
    return {"step": step, "layer_calls": block.layers, "tokens": len(block.slots)}


def _layers(block: Block) -> str:
    return f"layers {block.first}-{block.last - 1}" if block.layers > 1 else f"layer {block.first}"


def _shown(text: str) -> str:
    return shortened(visible(text), 120)
