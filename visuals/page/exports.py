"""Files of a whole run, made on the server for the visitor who sees it: the page's Export menu asks for them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from accel.errors import InputError
from accel.trace import Trace
from visuals.export import EXPORTS
from visuals.page import words
from visuals.page.events import COMPUTE, in_words
from visuals.page.rate import address_of
from visuals.page.recorded import Recorded, named
from visuals.page.trace_work import in_line
from visuals.page.visitor import Visitor
from visuals.scene import packed


def exported(runs: Mapping[str, Recorded], visitor: Visitor, kind: Any, slug: Any) -> Path:
    """Write the file and say where. `slug` names a recorded run; None is the visitor's own newest."""
    if not isinstance(kind, str) or kind not in EXPORTS:
        raise InputError("export", f"{str(kind)[:40]!r} is not one of {', '.join(EXPORTS)}")
    trace, name = _trace(runs, visitor, slug)
    export = EXPORTS[kind]
    path = visitor.room() / f"draftscope-{name}{export.ending}"  # a name of ours: nothing a visitor sent
    path.write_text(export.text(trace), encoding="utf-8")
    return path


def _trace(runs: Mapping[str, Recorded], visitor: Visitor, slug: Any) -> tuple[Trace, str]:
    if slug is not None:
        run = named(runs, slug)
        return run.trace(), run.slug
    if (trace := visitor.trace) is None:
        raise InputError("export", words.NO_RUN)
    return trace, "run"


def wire_export(menu: gr.HTML, runs: Mapping[str, Recorded], visitor: gr.State) -> None:
    """The menu's questions, answered with a file or with what was wrong."""
    file = gr.DownloadButton(visible="hidden", elem_id="exported")

    def on_click(seen: Visitor | None, event: gr.EventData, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        asked = event._data if isinstance(event._data, dict) else {}
        tab = seen or Visitor()

        def work() -> Path:
            return exported(runs, tab, asked.get("kind"), asked.get("slug"))

        try:
            for told in in_line(tab, work, address_of(request)):
                if isinstance(told, str):  # the menu itself says that it waits
                    yield tab, gr.skip(), gr.skip()
                else:
                    yield tab, gr.update(value=str(told)), _answer("")
        except Exception as error:
            yield tab, gr.skip(), _answer(in_words(error))

    menu.click(on_click, visitor, [visitor, file, menu], **COMPUTE)


def _answer(problem: str) -> str:
    """For the menu; never the same twice, since a value that stays the same does not reach the browser."""
    return packed({"problem": problem, "answer": secrets.token_hex(8)})
