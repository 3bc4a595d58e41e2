"""The Learn tab in a browser, for its tests: what a lesson should show, and what somebody does who reads it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from accel.trace import Trace
from app import LESSONS, TRACES
from visuals.lessons.parsing import read_lesson
from visuals.lessons.telling import told
from visuals.page.recorded import recorded_in

RUNS = recorded_in(TRACES)
FILES = sorted(LESSONS.glob("*.md"))
SLUGS = [read_lesson(path).slug for path in FILES]
VIEW = "document.querySelector('#lessons .ds-mount').learn.reader.view"
STANDS = f"""() => {{ const {{ state }} = {VIEW}.explorer;
  return [{VIEW}.shown, state.step, state.phase, state.slot]; }}"""
PANELS = {
    "text": ".ds-panel-text",
    "tree": ".ds-panel-tree",
    "layers": ".ds-panel-layers",
    "method": ".ds-panel-method",
    "time": ".ds-panel-time",
    "counters": ".ds-counters",
    "cost": ".ds-learn-cost",
}
SEEN = """(panels) => Object.entries(panels).filter(([, at]) =>
  document.querySelector('.ds-learn-view ' + at).getBoundingClientRect().height > 0).map(([name]) => name)"""
SMALL = """() => [...document.querySelectorAll('.ds-learn :is(button, select, input, .ds-choice)')].filter((one) =>
  !one.matches('[type=radio]')).map((one) => [one.className, one.getBoundingClientRect()]).filter(([, box]) =>
  box.width && (box.width < 44 || box.height < 44)).map(([name]) => name)"""


@cache
def trace_of(slug: str) -> Trace | None:
    return RUNS[slug].trace() if slug in RUNS else None


@cache
def lesson_of(slug: str) -> dict[str, Any]:
    return told(read_lesson(FILES[SLUGS.index(slug)]), trace_of)


def begin(page: Any, slug: str) -> None:
    page.click(f"[data-lesson={slug}]")
    page.wait_for_selector(".ds-lesson-card")


def stands(page: Any, place: dict[str, Any]) -> None:
    """The view stands at a place, and shows its panels and no others."""
    assert page.evaluate(STANDS) == [place["trace"], place["step"], place["phase"], place["slot"]]
    assert set(page.evaluate(SEEN, PANELS)) == set(place["panels"])


def answer(page: Any, asked: dict[str, Any], *, rightly: bool) -> None:
    right = asked["answer"]
    if asked["choices"]:
        page.locator(".ds-choice").nth(right if rightly else (right + 1) % len(asked["choices"])).click()
    else:
        page.fill(".ds-guess", str(right if rightly else right + 1))
    page.get_by_role("button", name="Reveal").click()


def read_as(node: Any) -> str:
    """What is read of blocks or inlines, tokens with their spaces shown."""
    if isinstance(node, str):
        return node
    kind = node[0] if node and isinstance(node[0], str) and node[0] in MARKS else ""
    inner = "".join(read_as(part) for part in (node[1:] if kind else node))
    return inner.replace(" ", "·") if kind == "token" else inner


MARKS = {"p", "ul", "ol", "b", "i", "code", "token"}


def spoken(text: str) -> str:
    return re.sub(r"\s+", "", text)
