"""Drop-downs: a choice counts, passing by with the keyboard changes nothing, the recorded one names what is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.browser.test_page import EXPLORER, WAIT, run_to_end, start_run
from visuals.page import tune_words
from visuals.page.measure_inputs import turnable, values_for

pytestmark = pytest.mark.browser
OPENS = "", ".ds-counter"  # no tab is asked for: what asks for one may answer late
COUNTING = "Count from one to two hundred, a number a line."
RACE = "document.querySelector('#race .ds-mount').shown.race"


def pass_by(page: Any, choice: str) -> None:
    """Come to a drop-down and leave it, by keyboard."""
    page.locator(f"{choice} input").focus()
    page.wait_for_timeout(100)  # its list opens
    page.keyboard.press("Tab")
    page.wait_for_timeout(500)  # what it might bring would have come


def choose(page: Any, choice: str, option: str) -> None:
    page.locator(f"{choice} input").click()
    page.get_by_role("option", name=option).click()


def expect_value(page: Any, field: Any, value: str) -> None:
    page.wait_for_function("([field, value]) => field.value === value", arg=[field.element_handle(), value])


def test_a_run_goes_on_while_the_keyboard_passes_the_recorded_runs(page: Any) -> None:
    run = start_run(page, COUNTING, 500)
    pass_by(page, "#recorded")
    assert not page.evaluate(f"{EXPLORER}.scene.end"), "the run was over before it could be disturbed"
    page.wait_for_function(f"{EXPLORER}.scene.end", timeout=WAIT)
    assert page.evaluate(f"{EXPLORER}.scene.run") == run
    assert page.evaluate(f"{EXPLORER}.scene.end.finish_reason") in ("length", "eos")


def test_a_recorded_run_that_is_chosen_takes_the_place_of_the_run_in_progress(page: Any) -> None:
    choice = page.locator("#recorded input")
    first = choice.input_value()
    start_run(page, COUNTING, 500)
    page.wait_for_function(f"{EXPLORER}.scene.steps.length > 2", timeout=WAIT)
    assert choice.input_value() == "", "what is shown is none of the recorded runs"
    choose(page, "#recorded", first)
    page.wait_for_function(f"{EXPLORER}.slug")
    assert choice.input_value() == first
    shown = page.evaluate(f"{EXPLORER}.scene.run")
    page.wait_for_timeout(1000)  # no more of the run that was broken off
    assert page.evaluate(f"{EXPLORER}.scene.run") == shown
    assert page.locator("#run").is_enabled()
    assert page.locator("#stop").is_disabled()
    assert first in page.inner_text("#status")


def test_after_a_run_of_ones_own_the_keyboard_brings_the_recorded_one_back(page: Any) -> None:
    slug, choice = page.evaluate(f"{EXPLORER}.slug"), page.locator("#recorded input")
    title = choice.input_value()
    assert run_to_end(page, "Hi", tokens=4).startswith("Done")
    pass_by(page, "#recorded")
    assert page.evaluate(f"{EXPLORER}.slug") is None, "to pass by is no choice"
    choice.focus()
    page.keyboard.type(title)
    page.keyboard.press("Enter")
    page.wait_for_function(f"{EXPLORER}.slug === {json.dumps(slug)}")
    assert choice.input_value() == title


def test_a_run_opened_from_its_card_is_the_one_that_the_choice_names(page: Any) -> None:
    page.get_by_role("tab", name="Traces", exact=True).click()
    card = page.locator("[data-open]").nth(1)
    card.click()
    page.wait_for_function(f"{EXPLORER}.slug === {json.dumps(card.get_attribute('data-open'))}")
    title = str(card.get_attribute("aria-label"))
    page.wait_for_timeout(300)
    named = page.locator("#recorded input").input_value()
    assert named.startswith(title.removeprefix("Open "))


def test_what_was_typed_stays_when_the_keyboard_passes_a_choice(page: Any) -> None:
    page.get_by_role("tab", name="Tune", exact=True).click()
    prompt, values = page.locator("#tune-prompt textarea"), page.locator("#tune-values :is(input, textarea)")
    prompt.fill("My own words.")
    values.fill("0.25, 0.5")
    for choice in ("#tune-sample", "#tune-method", "#tune-knob"):
        pass_by(page, choice)
    assert prompt.input_value() == "My own words."
    assert values.input_value() == "0.25, 0.5"
    page.get_by_role("tab", name="Race", exact=True).click()
    page.click("#race-own > button")
    page.wait_for_timeout(300)  # what was folded away has its values
    prompt = page.locator("#race-prompt textarea")
    prompt.fill("My own race.")
    pass_by(page, "#race-example")
    assert prompt.input_value() == "My own race."


def test_another_sample_is_brought_and_the_same_one_again(page: Any) -> None:
    page.get_by_role("tab", name="Tune", exact=True).click()
    prompt, (first, second) = page.locator("#tune-prompt textarea"), list(tune_words.SAMPLES)[:2]
    choose(page, "#tune-sample", second)
    expect_value(page, prompt, tune_words.SAMPLES[second])
    prompt.fill("My own words.")
    choose(page, "#tune-sample", second)
    expect_value(page, prompt, tune_words.SAMPLES[second])
    choose(page, "#tune-sample", first)
    expect_value(page, prompt, tune_words.SAMPLES[first])


def test_another_method_brings_its_knobs_and_values(page: Any) -> None:
    page.get_by_role("tab", name="Tune", exact=True).click()
    knob, values = page.locator("#tune-knob input"), page.locator("#tune-values :is(input, textarea)")
    before = values.input_value()
    choose(page, "#tune-method", "clasp")
    first = turnable("clasp")[0]
    expect_value(page, knob, first)
    expect_value(page, values, values_for("clasp", first))
    assert values.input_value() != before


def test_a_race_goes_on_while_the_keyboard_passes_the_choice_and_another_can_be_chosen(page: Any) -> None:
    page.get_by_role("tab", name="Race", exact=True).click()
    page.wait_for_function(RACE)
    run, title = page.evaluate(f"[{RACE}.run, {RACE}.title]")
    pass_by(page, "#race-recorded")
    assert page.evaluate(f"{RACE}.run") == run
    page.locator("#race-recorded input").click()
    other = page.get_by_role("option").filter(has_not_text=title).first
    name = other.inner_text().strip()
    other.click()
    page.wait_for_function(f"{RACE}.run !== {json.dumps(run)}")
    assert page.evaluate(f"{RACE}.title") in name
