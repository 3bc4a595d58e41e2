"""Races in a real browser: replayed on one clock with no request, measured live, stopped; two runs side by side."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from accel.trace import Trace
from tests.browser.opened import Opened
from tests.browser.served import visited
from tests.visuals.test_race import differing
from visuals.explorer import page_css, page_js
from visuals.race import pair, race

pytestmark = pytest.mark.browser
RACES = Path(__file__).resolve().parents[2] / "assets" / "races"
WAIT = 240_000  # ms: the machine may be busy, and the first race loads the model
PAGE = """<!doctype html><meta charset="utf-8"><style>{css}</style><body><main id="here"></main>
<script>{script}</script><script>window.shown = DraftScope.{maker}(document.getElementById('here'));
shown.load({message});</script>"""
# All that a race shows: every element with its attributes, in whatever order they were set, and its text.
STATE = """() => JSON.stringify([...document.querySelectorAll('.ds-race, .ds-race *')].map((one) => [one.tagName,
  one.value, [...one.attributes].map((its) => its.name + '=' + its.value).sort(),
  one.children.length ? '' : one.textContent]))"""

# The methods as their lanes finish, moment after moment.
FINISHED = """() => { const found = []; shown.seek(0);
  do { for (const lane of document.querySelectorAll('.ds-lane[data-finished]'))
    if (!found.includes(lane.dataset.method)) found.push(lane.dataset.method);
    if (shown.seconds === shown.end) return found; shown.move(1); } while (true); }"""


@pytest.fixture
def drawn(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Open a message in a file of its own. Any request or complaint fails the test."""
    made: list[Opened] = []

    def draw(maker: str, message: dict[str, Any], **context: Any) -> Opened:
        file = tmp_path / f"{len(made)}.html"
        text = json.dumps(message).replace("<", "\\u003c")
        file.write_text(
            PAGE.format(css=page_css(), script=page_js(), maker=maker, message=text), encoding="utf-8"
        )
        here = Opened(chromium.new_page(**({"viewport": {"width": 1280, "height": 900}} | context)))
        made.append(here)
        here.page.goto(file.as_uri())
        return here

    yield draw
    for here in made:
        here.page.close()
        assert here.complaints == []
        assert len(here.requests) == 1


def shipped() -> list[Trace]:
    folder = min(path for path in RACES.iterdir())
    return [Trace.load(path) for path in sorted(folder.glob("*.jsonl"))]


def seconds_of(trace: Trace) -> float:
    return sum(step.seconds.total for step in trace.steps[1:])


def places(here: Opened) -> list[str]:
    found: list[str] = here.page.eval_on_selector_all(
        ".ds-table tbody tr", "rows => rows.map((row) => row.dataset.method)"
    )
    return found


def test_a_shipped_race_plays_and_finishes_in_the_order_measured(drawn: Callable[..., Opened]) -> None:
    traces = shipped()
    here = drawn("mountRace", race(traces, run="r", title="A race"))
    expected = [trace.header.method.name for trace in sorted(traces, key=seconds_of)]
    assert places(here) == expected
    assert here.page.get_attribute(".ds-lane[data-finished]", "data-method") == expected[0]
    finished = here.page.evaluate(FINISHED)
    assert finished == expected
    here.page.evaluate("shown.seek(0); shown.speed = 20;")
    here.page.get_by_role("button", name="Play").click()
    here.page.wait_for_function("!shown.playing && shown.seconds === shown.end", timeout=WAIT)
    assert here.page.get_attribute(".ds-verdict", "data-kind") == "same"
    texts = here.page.eval_on_selector_all(".ds-lane .ds-flow", "all => all.map((flow) => flow.textContent)")
    assert len(set(texts)) == 1
    assert traces[0].text[:40] in texts[0]


def test_a_moment_looks_the_same_however_it_is_reached(drawn: Callable[..., Opened]) -> None:
    here = drawn("mountRace", race(shipped(), run="r"))
    moments = here.page.evaluate("shown.moments")
    at = moments[len(moments) // 3]
    here.page.evaluate("at => shown.seek(at)", at)
    jumped = here.page.evaluate(STATE)
    ways = {
        "from the end": "shown.seek(Infinity); shown.seek({at})",
        "step by step": "shown.seek(0); while (shown.seconds < {at}) shown.move(1)",
        "backwards": "shown.seek(Infinity); while (shown.seconds > {at}) shown.move(-1)",
        "played": "shown.seek(0); shown.play(); shown.pause(); shown.seek({at})",
    }
    for way, done in ways.items():
        here.page.evaluate(f"() => {{ {done.replace('{at}', repr(at))} }}")
        assert here.page.evaluate(STATE) == jumped, way
    tokens = here.page.eval_on_selector_all(
        ".ds-lane", "all => all.map((lane) => lane.querySelectorAll('.ds-flow > :not([hidden])').length)"
    )
    for trace, shown in zip(shipped(), tokens, strict=True):
        elapsed, count = 0.0, 0
        for step in trace.steps:
            elapsed += step.seconds.total if step.index else 0.0
            count += len(step.commit.tokens) if elapsed <= at + 1e-6 else 0
        assert shown == count


def test_another_text_is_said_loudly_at_the_finish_line(drawn: Callable[..., Opened]) -> None:
    here = drawn("mountRace", race(differing(), run="r"))
    here.page.evaluate("shown.seek(0)")
    assert here.page.get_attribute(".ds-verdict", "data-kind") == "waiting"
    here.page.locator(".ds-race").press("End")
    assert here.page.get_attribute(".ds-verdict", "data-kind") == "other"
    assert "at token 3" in here.text(".ds-verdict")
    assert here.text(".ds-lane .ds-differs").strip() == "OTHER"


def test_two_runs_move_together_and_what_differs_is_marked(drawn: Callable[..., Opened]) -> None:
    here = drawn("mountPair", pair(*differing(), run="p", names=("one", "other")))
    marked = here.page.eval_on_selector_all(
        ".ds-side .ds-differs", "all => all.map((span) => span.textContent)"
    )
    assert [text.strip() for text in marked] == ["g", "OTHER"]
    assert "at token 3" in here.text(".ds-verdict")
    stands = "shown.sides.map((side) => side.tokens[side.explorer.state.step])"
    for tokens, expected in ((1, [1, 1]), (2, [4, 4]), (5, [5, 4])):
        here.page.evaluate("tokens => shown.seek(tokens)", tokens)
        assert here.page.evaluate(stands) == expected
    here.page.evaluate("shown.sides[0].explorer.goto(0)")  # one alone takes the other along
    assert here.page.evaluate(stands) == [1, 1]
    here.page.locator(".ds-pair").press("ArrowRight")
    assert here.page.evaluate(stands) == [4, 4]
    assert here.page.locator(".ds-readings .ds-differs-row").count() > 0


# ---- the page ------------------------------------------------------------------------------------------------


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    """The Race tab, opened anew."""
    with visited(chromium, address) as made:
        made.get_by_role("tab", name="Race", exact=True).click()
        made.wait_for_selector("#race .ds-lane")
        yield made


SHOWN = "document.querySelector('#race .ds-mount').shown"


def ask(page: Any, methods: set[str], tokens: int) -> None:
    page.get_by_text("Race methods on a prompt of your own").click()
    page.wait_for_selector("#race-methods input")
    for box in page.locator("#race-methods label").all():
        box.locator("input").set_checked(box.inner_text().strip() in methods)
    page.get_by_label("number input for Tokens each").fill(str(tokens))
    page.get_by_label("number input for Rounds").fill("1")


def test_the_tab_opens_on_a_recorded_race_and_plays_it_with_no_request(page: Any) -> None:
    before = len(page.asked)
    page.evaluate(f"{SHOWN}.speed = 1000")
    page.locator("#race").get_by_role("button", name="Play").click()
    page.wait_for_function(f"!{SHOWN}.playing && {SHOWN}.seconds === {SHOWN}.end")
    assert page.asked[before:] == []


def test_a_race_of_ones_own_is_measured_replayed_and_compared(page: Any) -> None:
    recorded = page.evaluate(f"{SHOWN}.race.run")
    ask(page, {"autoregressive", "suffix"}, 12)
    page.click("#race-start")
    page.wait_for_function(f"{SHOWN}.race.run !== '{recorded}'", timeout=WAIT)
    lanes = page.evaluate(f"{SHOWN}.race.lanes.map((lane) => [lane.head.method.name, lane.pieces.length])")
    assert lanes == [["autoregressive", 12], ["suffix", 12]]
    page.evaluate(f"{SHOWN}.seek(Infinity)")
    assert page.get_attribute("#race .ds-verdict", "data-kind") == "same"
    assert page.is_enabled("#race-start")
    page.wait_for_function("document.querySelector('#pair-left input').value.startsWith('Your race')")
    page.click("#pair-open")
    page.wait_for_selector("#pair .ds-verdict[data-kind=same]")


def test_stop_ends_a_race_within_a_step_and_keeps_the_one_before(page: Any) -> None:
    recorded = page.evaluate(f"{SHOWN}.race.run")
    ask(page, {"autoregressive", "suffix"}, 256)
    page.click("#race-start")
    page.wait_for_function(
        "/^Warming up/.test(document.querySelector('#race-status').innerText)", timeout=WAIT
    )
    began = time.monotonic()
    page.click("#race-stop")
    page.wait_for_function("/^Stopped/.test(document.querySelector('#race-status').innerText)", timeout=WAIT)
    assert time.monotonic() - began < 15  # a step, on a machine that may be busy; a round takes far longer
    assert page.evaluate(f"{SHOWN}.race.run") == recorded
    assert page.is_enabled("#race-start")


def test_too_few_methods_are_refused_in_words(page: Any) -> None:
    ask(page, {"suffix"}, 12)
    page.click("#race-start")
    page.wait_for_selector("#race-status [role=alert]")
    assert "methods: 1 chosen; choose 2 to 4" in page.inner_text("#race-status")


def test_a_phone_shows_a_race_and_a_pair_without_scrolling_sideways(chromium: Any, address: str) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    page.goto(address)
    page.get_by_role("tab", name="Race", exact=True).click()
    page.wait_for_selector("#race .ds-lane")
    page.click("#pair-open")
    page.wait_for_selector("#pair .ds-side")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.eval_on_selector_all(
        "#race .ds-shared :is(button, select), #pair .ds-shared :is(button, select)",
        "all => all.map((one) => one.getBoundingClientRect())"
        ".filter((box) => box.width && (box.width < 44 || box.height < 44)).length",
    )
    assert small == 0
    page.close()
