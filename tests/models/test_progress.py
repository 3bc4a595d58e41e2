"""A bar on a terminal, a line per stage in a log, and the library's own bars out of the way."""

from __future__ import annotations

import io

from accel.models.progress import bar, library_quiet


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_one_line_per_stage() -> None:
    log = io.StringIO()
    with bar(log) as progress:
        for fraction in (0.0, 0.5, 1.0):
            progress("downloading", fraction)
        progress("converting", 0.0)
    assert log.getvalue() == "downloading\nconverting\n"


def test_a_terminal_gets_a_bar() -> None:
    terminal = Terminal()
    with bar(terminal) as progress:
        progress("downloading", 0.25)
    assert "downloading" in terminal.getvalue()
    assert "25%" in terminal.getvalue()


def test_the_librarys_bars_come_back() -> None:
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    with library_quiet():
        assert not logging.is_progress_bar_enabled()
    assert logging.is_progress_bar_enabled() == shown
