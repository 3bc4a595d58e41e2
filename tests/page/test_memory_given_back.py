"""What a run has freed goes back to the system."""

from __future__ import annotations

import platform

import pytest

from tests.public.test_many_sessions import resident
from visuals.page import line
from visuals.page.line import Line
from visuals.page.memory import give_back

PIECE, PIECES = 2_000, 50_000  # bytes each: small enough for the allocator's own heap


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator is asked")
def test_pieces_freed_below_one_that_is_still_used_go_back():
    pieces = [bytes([at % 256]) * PIECE for at in range(PIECES)]
    still_used = pieces[-1]
    del pieces
    before = resident()
    give_back()
    assert before - resident() > PIECE * PIECES / 2
    assert len(still_used) == PIECE


def test_a_run_that_leaves_the_line_gives_back(monkeypatch):
    given = []
    monkeypatch.setattr(line, "give_back", lambda: given.append(True))
    with Line(1).place():
        assert given == []
    assert given == [True]
