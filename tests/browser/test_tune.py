"""The Tune tab in a real browser: sliders without a request, and settings measured, opened and stopped live."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from accel.trace import Trace
from accel.whatif import whatif
from tests.browser.served import ROOT, visited
from tests.browser.test_page import EXPLORER, WAIT
from tests.pace import keeps

pytestmark = pytest.mark.browser
TUNER = "document.querySelector('.ds-tuner').tuner"
SLIDE = """([knob, value]) => {
  const slider = document.querySelector(`[data-knob=${knob}] input`);
  const began = performance.now();
  slider.value = value;
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  document.querySelector('#tuner').getBoundingClientRect();
  return performance.now() - began;
}"""
SETTLED = f"() => {TUNER}.points && {TUNER}.points.length > 40"


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    with visited(chromium, address) as made:
        made.wait_for_selector(".ds-counter")
        made.wait_for_function(f"{EXPLORER}.scene")
        yield made


def choose(page: Any, name: str) -> None:
    run, shown = page.evaluate(f"{EXPLORER}.scene.run"), page.locator("#recorded input").input_value()
    page.get_by_label("Play a recorded run").click()
    page.get_by_role("option", name=re.compile(name)).click()
    if name not in shown:  # what is shown already stays as it is
        page.wait_for_function(f"{EXPLORER}.scene.run !== '{run}'")


def open_tab(page: Any) -> None:
    page.get_by_role("tab", name="Tune").click()
    page.wait_for_selector("#tuner .ds-panel")


def counter(page: Any, name: str) -> str:
    text: str = page.inner_text(f"#tuner [data-counter={name}] .ds-value")
    return text


def repaint(page: Any, knob: str, high: float) -> float:
    """Milliseconds from turning a knob to the page laid out anew: the median over its range, best of four goes."""
    slide = f"(at) => ({SLIDE})(['{knob}', {high} * at / 40])"
    goes = page.evaluate(
        f"() => Array.from({{length: 4}}, () => Array.from({{length: 41}}, (_, at) => ({slide})(at)))"
    )
    return min(float(sorted(times)[20]) for times in goes)


def trace_of(name: str) -> Trace:
    (path,) = (
        path for path in (ROOT / "assets" / "traces").glob("*.jsonl") if name.replace(" ", "-") in path.name
    )
    return Trace.load(path)


def test_a_slider_repaints_at_once_with_no_request_and_says_what_it_is(page: Any) -> None:
    choose(page, "Leaving too early")
    open_tab(page)
    page.wait_for_function(SETTLED)
    trace, before = trace_of("Leaving-too-early"), len(page.asked)
    kinds = (0.3, "exact"), (0.62, "estimate"), (1.05, "exact"), (0.0, "estimate")  # the first as recorded
    for threshold, kind in kinds:
        page.evaluate(SLIDE, ["threshold", threshold])
        expected = whatif(trace, {"threshold": threshold})
        assert counter(page, "kind") == expected.kind == kind
        assert page.inner_text("#tuner .ds-tune-why").lower().startswith(kind)
        assert counter(page, "speedup") == f"{expected.speedup:.2f}×"
        assert counter(page, "calls") == f"{expected.layer_calls_per_token:.1f}"
    assert page.asked[before:] == []


def test_suffix_knobs_answer_in_the_browser_too(page: Any) -> None:
    choose(page, "Guesses that branch")
    open_tab(page)
    page.wait_for_function(SETTLED)
    trace, before = trace_of("Guesses-that-branch"), len(page.asked)
    page.evaluate(SLIDE, ["alpha", 8.0])
    expected = whatif(trace, {"alpha": 8.0})
    assert counter(page, "kind") == "exact"
    assert counter(page, "drafted") == str(expected.num_drafted)
    page.locator("#tuner [data-knob=branching] input").uncheck()
    assert counter(page, "drafted") == str(whatif(trace, {"alpha": 8.0, "branching": False}).num_drafted)
    page.get_by_role("button", name="Back to the recorded settings").click()
    assert counter(page, "drafted") == str(whatif(trace, {}).num_drafted)
    assert page.asked[before:] == []


def test_a_run_that_comes_while_the_tab_is_away_is_drawn_when_it_is_back(page: Any) -> None:
    choose(page, "One token at a time")
    page.get_by_role("tab", name="Tune").click()
    page.wait_for_selector("#tuner .ds-empty")  # nothing to turn: no room was measured for curves
    page.get_by_role("tab", name="Explore").click()
    choose(page, "Leaving too early")
    page.wait_for_function(SETTLED)
    assert page.locator("#tuner .ds-curve path").count() == 0
    open_tab(page)
    page.wait_for_function("document.querySelectorAll('#tuner .ds-curve path').length > 10")
    assert "NaN" not in page.inner_html("#tuner")


def fits_a_frame(page: Any, knob: str, high: float) -> bool:
    return repaint(page, knob, high) <= 16


def test_a_repaint_takes_no_longer_than_a_frame(page: Any) -> None:
    for run, knob, high in (("Leaving too early", "threshold", 1.05), ("Guesses that branch", "alpha", 8.0)):
        page.get_by_role("tab", name="Explore").click()
        choose(page, run)
        open_tab(page)
        page.wait_for_function(SETTLED)
        assert keeps(partial(fits_a_frame, page, knob, high)), run


def test_keyboard_turns_a_knob_and_the_curve_marks_it(page: Any) -> None:
    choose(page, "Leaving too early")
    open_tab(page)
    page.wait_for_function(SETTLED)
    slider = page.get_by_role("slider", name="threshold", exact=True)
    dot = "document.querySelector('#tuner .ds-chosen-dot').getAttribute('cx')"
    was = page.evaluate(dot)
    slider.press("ArrowRight")
    assert page.inner_text("[data-knob=threshold] .ds-knob-value") == "0.31"
    assert page.evaluate(dot) != was
    assert "Chosen 0.31" in page.get_attribute("#tuner .ds-curve", "aria-label")


def test_a_run_that_cannot_answer_says_why(page: Any) -> None:
    choose(page, "One token at a time")
    open_tab(page)
    assert "autoregressive has no knob that a recorded run can answer for" in page.inner_text("#tuner")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_without_scrolling_sideways(chromium: Any, address: str, scheme: str) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.goto(address)
    page.wait_for_selector(".ds-counter")
    page.wait_for_function(f"{EXPLORER}.scene")
    open_tab(page)
    page.wait_for_selector("#tuner .ds-curve .ds-chosen-dot")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    heights = page.evaluate(
        "Array.from(document.querySelectorAll('#tuner button, #tuner select, #tuner input[type=range]'))"
        ".map((one) => one.getBoundingClientRect().height)"
    )
    assert min(heights) >= 44
    page.close()


def begin(page: Any, values: str, tokens: int, rounds: int = 1) -> None:
    open_tab(page)
    page.fill("#tune-values textarea, #tune-values input", values)
    for label, value in (("Tokens of each run", tokens), ("Rounds", rounds)):
        box = page.get_by_label(f"number input for {label}")
        box.fill(str(value))
        box.press("Tab")
    page.click("#measure")


def test_settings_are_measured_and_a_run_is_opened(page: Any) -> None:
    begin(page, "0.5, 1.05", 6)
    page.wait_for_function("document.querySelector('#measured').innerText.includes('Done')", timeout=2 * WAIT)
    assert page.locator("#measured tbody tr").count() == 2
    assert page.locator("#measured .ds-best").count() == 1
    assert page.inner_text("#measured tbody tr:nth-child(2) .ds-col-calls").startswith(
        "30.0"
    )  # above 1: never leaves
    page.wait_for_selector("#by-setting .js-plotly-plot")
    page.wait_for_selector("#front .js-plotly-plot")
    assert "accel.generate" in page.inner_text(".cm-content >> nth=0")
    button = page.get_by_role("button", name="Open the run with threshold 1.05")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"{EXPLORER}.scene.head.method.knobs.threshold === 1.05")
    page.wait_for_function("document.querySelector('#status').innerText.includes('threshold 1.05')")
    assert page.get_by_role("tab", name="Explore").get_attribute("aria-selected") == "true"


def test_stop_ends_a_measurement_and_keeps_what_was_measured(page: Any) -> None:
    begin(
        page, "0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9", 128, rounds=5
    )  # not over before a slow browser presses Stop
    page.wait_for_function(
        "/Recording|Measuring/.test(document.querySelector('#measured').innerText)", timeout=WAIT
    )
    page.click("#measure-stop")
    page.wait_for_function(
        "document.querySelector('#measured').innerText.includes('Stopped')", timeout=20_000
    )
    assert page.is_enabled("#measure")
    assert page.is_disabled("#measure-stop")


def test_a_bad_value_is_named_and_nothing_is_lost(page: Any) -> None:
    begin(page, "0.5, high", 6)
    page.wait_for_selector("#measured .ds-error")
    assert "threshold: 'high' is not a number" in page.inner_text("#measured")
    assert page.input_value("#tune-values textarea, #tune-values input") == "0.5, high"
    assert page.is_enabled("#measure")


def test_heads_of_the_embedded_model_need_no_fitting(page: Any) -> None:
    open_tab(page)
    page.click("#fit")
    page.wait_for_function(
        "document.querySelector('#fitted').innerText.includes('trained heads already')", timeout=WAIT
    )
    assert page.is_enabled("#fit")
