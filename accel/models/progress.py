"""How far a download or a conversion has come, told to a person on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

Progress = Callable[[str, float], None]
"""Called with (stage, fraction of it that is done, 0..1)."""


def silent(stage: str, fraction: float) -> None:
    """Tells nobody."""


@contextmanager
def bar(stream: TextIO | None = None) -> Iterator[Progress]:
    """A bar on a terminal; one line per stage anywhere else, so that logs stay readable."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield _lines(stream)
        return
    from rich import progress as rich_progress
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with rich_progress.Progress(*columns, console=Console(file=stream)) as shown:
        tasks: dict[str, TaskID] = {}

        def tell(stage: str, fraction: float) -> None:
            if stage not in tasks:
                tasks[stage] = shown.add_task(stage, total=1.0)
            shown.update(tasks[stage], completed=fraction)

        yield tell


def _lines(stream: TextIO) -> Progress:
    told: set[str] = set()

    def tell(stage: str, fraction: float) -> None:
        if stage not in told:
            told.add(stage)
            print(stage, file=stream, flush=True)

    return tell


@contextmanager
def library_quiet() -> Iterator[None]:
    """Keeps transformers' own bars and warnings off standard error: what matters of them is said by ours."""
    from transformers.utils import logging as untyped

    logging: Any = untyped
    shown, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if shown:
            logging.enable_progress_bar()
