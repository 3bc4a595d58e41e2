"""Two runs side by side: shipped ones, lanes of races, the visitor's own files."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import gradio as gr

from accel.errors import InputError
from accel.trace import Trace
from visuals.page import words
from visuals.page.component import mounted
from visuals.page.escape import escape
from visuals.page.events import COMPUTE, said
from visuals.page.kept_traces import KEPT, KeptTrace
from visuals.page.rate import address_of
from visuals.page.trace_work import in_line
from visuals.page.uploads import read_trace
from visuals.race import pair
from visuals.scene import packed

MOST_FILES = 4


@dataclass
class Racer:
    """One browser tab: the race it may stop, and the runs it can compare, by name. Never shared."""

    stop: Event = field(default_factory=Event)
    reading: Event = field(default_factory=Event)  # of a file, or of two runs to compare
    lanes: dict[str, KeptTrace] = field(default_factory=dict)  # of the newest race
    files: dict[str, KeptTrace] = field(default_factory=dict)
    num_added: int = 0

    @property
    def runs(self) -> dict[str, KeptTrace]:
        return self.lanes | self.files

    def take_lanes(self, traces: list[Trace]) -> None:
        """Keep the runs of a race instead of those of the one before."""
        self.lanes = {words.PAIR_OWN_LANE.format(method=t.header.method.name): KEPT.keep(t) for t in traces}

    def add(self, trace: Trace) -> str:
        """Keep an uploaded run, under the name that is returned; of many, the newest few."""
        name = words.PAIR_OWN_FILE.format(number=self.num_added % MOST_FILES + 1)
        self.num_added += 1
        self.files[name] = KEPT.keep(trace)
        return name


@dataclass(frozen=True)
class PairPart:
    """The two lists to choose from, and the runs that ship with the app."""

    left: gr.Dropdown
    right: gr.Dropdown
    shipped: Mapping[str, Path]

    def choices(self, racer: Racer | None) -> list[str]:
        """The visitor's own runs first."""
        return [*(racer.runs if racer else ()), *self.shipped]


def pair_part(visitor: gr.State, shipped: Mapping[str, Path]) -> PairPart:
    """Lay the part out inside the current Blocks. `shipped` names the runs that ship with the app."""
    gr.HTML(f"<h2>{escape(words.PAIR_LEAD)}</h2>", elem_classes=["ds-head"])
    names = list(shipped)
    with gr.Row(elem_classes=["ds-line"]):
        left = gr.Dropdown(names, value=names[0], label=words.PAIR_LEFT, scale=4, elem_id="pair-left")
        right = gr.Dropdown(names, value=names[1], label=words.PAIR_RIGHT, scale=4, elem_id="pair-right")
        show = gr.Button(words.PAIR_OPEN, size="md", min_width=140, elem_id="pair-open")
        upload = gr.UploadButton(
            words.PAIR_UPLOAD, file_types=[".jsonl"], size="md", min_width=140, elem_id="pair-upload"
        )
    status = gr.HTML("", elem_id="pair-status", elem_classes=["ds-status"])
    picture = mounted("pair", "mountPair")
    part = PairPart(left, right, shipped)

    def on_upload(seen: Racer | None, path: Any, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        yield from _uploaded(part, seen or Racer(), path, address_of(request))

    def on_show(seen: Racer | None, one: Any, other: Any, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        yield from _opened(part, seen or Racer(), one, other, address_of(request))

    show.click(on_show, [visitor, left, right], [visitor, picture, status], **COMPUTE)
    upload.upload(on_upload, [visitor, upload], [visitor, left, right, status], **COMPUTE)
    return part


def _uploaded(part: PairPart, racer: Racer, path: Any, address: str) -> Iterator[tuple[Any, ...]]:
    """Outputs: racer, both lists, status."""
    try:
        for told in in_line(racer, lambda: read_trace(path), address):
            if isinstance(told, str):
                yield racer, gr.skip(), gr.skip(), escape(told)
                continue
            name = racer.add(told[0])
            choices = part.choices(racer)
            added = words.PAIR_ADDED_CUT if told[1] else words.PAIR_ADDED
            lists = gr.update(choices=choices), gr.update(choices=choices, value=name)
            yield racer, *lists, escape(added.format(name=name))
    except Exception as error:
        yield racer, gr.skip(), gr.skip(), said(error)


def _opened(part: PairPart, racer: Racer, left: Any, right: Any, address: str) -> Iterator[tuple[Any, ...]]:
    """Outputs: racer, picture, status."""

    def compared() -> tuple[str, str]:
        runs = [_run(part, racer, "left", left), _run(part, racer, "right", right)]
        message = pair(*runs, run=secrets.token_hex(8), names=(left, right))
        return packed(message), escape(words.PAIR_OPENED.format(left=left, right=right))

    try:
        for told in in_line(racer, compared, address):
            yield racer, *((gr.skip(), escape(told)) if isinstance(told, str) else told)
    except Exception as error:
        yield racer, gr.skip(), said(error)


def _run(part: PairPart, racer: Racer | None, side: str, name: Any) -> Trace:
    own = racer.runs if racer else {}
    if isinstance(name, str) and name in own:
        return own[name].trace()
    if isinstance(name, str) and name in part.shipped:
        return Trace.load(part.shipped[name])
    raise InputError(side, "no run of that name; choose one from the list")
