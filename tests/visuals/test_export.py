"""A run as one HTML file: nothing in it can end its script, and nothing in it is fetched."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

from tests.visuals.runs import RunBook, chain
from visuals import VIEWS
from visuals.export import explorer_html, figure_html
from visuals.inline import script_json
from visuals.scene import scene

HOSTILE = "</script><script>window.broken=1</script><!--<img src=x onerror=alert(1)>"


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]


def elements(page: str) -> Elements:
    found = Elements()
    found.feed(page)
    return found


def test_a_hostile_token_cannot_end_the_script() -> None:
    book = RunBook(prompt=(HOSTILE, " b"))
    book.prefill(HOSTILE)
    page = explorer_html(book.trace())
    assert HOSTILE not in page
    found = elements(page)
    assert found.tags.count("script") == 3
    assert "img" not in found.tags
    assert found.links == []


def test_the_scene_inside_is_the_scene() -> None:
    trace = chain().trace(measured=True)
    page = explorer_html(trace)
    inside = re.search(r'<script type="application/json" id="ds-scene">(.*?)</script>', page, re.S)
    assert inside is not None
    assert json.loads(inside[1]) == json.loads(json.dumps(scene(trace)))


def test_a_hostile_model_name_stays_text() -> None:
    trace = chain().trace()
    object.__setattr__(trace.header.model, "name", "<script>alert(1)</script>")
    assert elements(explorer_html(trace)).tags.count("script") == 3


def test_json_for_a_script_is_still_the_same_json() -> None:
    value = {"<": "</script>&\u2028", "n": [1.5, None]}
    text = script_json(value)
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == value


def test_a_figure_carries_plotly_with_it() -> None:
    page = figure_html(VIEWS["timeline"].draw(chain().trace()))
    assert "Plotly.newPlot" in page
    assert elements(page).links == []
