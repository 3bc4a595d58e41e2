"""In a notebook: a frame that holds the exported page, and nothing that could leave it."""

from __future__ import annotations

import html
import re

import pytest

import visuals
from tests.visuals.runs import RunBook, chain
from visuals.export import explorer_html


def test_a_trace_shows_itself_in_a_frame_of_its_own() -> None:
    book = RunBook(prompt=('"></iframe><script>broken()</script>', " b"))
    book.prefill()
    trace = book.trace()
    cell = visuals.show(trace, height=500)._repr_html_()
    frame = re.fullmatch(r'<iframe srcdoc="([^"]*)"([^>]*)></iframe>', cell)
    assert frame is not None
    assert html.unescape(frame[1]) == explorer_html(trace)
    assert "allow-same-origin" not in frame[2]
    assert "height:500px" in frame[2]
    assert repr(visuals.show(trace)) == "<suffix on toy: 1 tokens>"


def test_a_height_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="height: 5"):
        visuals.show(chain().trace(), height=5)
