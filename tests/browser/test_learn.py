"""Lessons in a real browser: each played through card by card, its questions, and what is kept of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.lesson_pages import (
    PANELS,
    SEEN,
    SLUGS,
    VIEW,
    answer,
    begin,
    lesson_of,
    read_as,
    spoken,
    stands,
)
from tests.browser.served import WITHOUT_MODEL, visited

pytestmark = pytest.mark.browser
SERVED, OPENS = WITHOUT_MODEL, ("?tab=learn", ".ds-lesson")


@pytest.mark.parametrize("slug", SLUGS)
def test_a_lesson_is_played_through(page: Any, slug: str) -> None:
    """Its questions are answered wrongly and rightly by turns."""
    begin(page, slug)
    lesson = lesson_of(slug)
    asked_before, right = 0, 0
    for number, card in enumerate(lesson["cards"], start=1):
        page.wait_for_function(
            "title => document.querySelector('.ds-card-title').textContent === title", arg=card["title"]
        )
        assert page.evaluate("document.activeElement.className") == "ds-card-title"
        assert page.inner_text(".ds-lesson-where") == f"Card {number} of {len(lesson['cards'])}"
        assert spoken(page.inner_text(".ds-card-text")) == spoken("".join(map(read_as, card["blocks"])))
        stands(page, card["view"])
        if asked := card["question"]:
            rightly = asked_before % 2 == 1
            check_question(page, asked, rightly)
            asked_before, right = asked_before + 1, right + rightly
            assert page.inner_text(".ds-reader .ds-lesson-score") == f"{right} of {asked_before} right so far"
        if number < len(lesson["cards"]):
            page.click(".ds-onward")
    assert asked_before == lesson["num_questions"] >= 1


def check_question(page: Any, asked: dict[str, Any], rightly: bool) -> None:
    said = page.locator(".ds-result")
    assert said.inner_text() == ""
    page.get_by_role("button", name="Reveal").click()
    assert "Choose an answer first" in said.inner_text()
    answer(page, asked, rightly=rightly)
    assert page.locator(".ds-verdict-word").inner_text().startswith("Right." if rightly else "Not quite.")
    assert spoken(read_as(asked["because"])) in spoken(said.inner_text())
    assert said.get_attribute("aria-live") == "polite"
    if asked["choices"]:
        right = page.locator(".ds-choice[data-kind=right]").inner_text()
        assert spoken(right) == spoken(read_as(asked["choices"][asked["answer"]])) + "✓"
    stands(page, asked["evidence"])
    page.evaluate(f"{VIEW}.explorer.goto(0)")
    page.get_by_role("button", name="Show it again").click()
    stands(page, asked["evidence"])


def test_what_is_asked_is_not_counted_beside_the_question(page: Any) -> None:
    begin(page, "draft-and-check")
    page.click(".ds-onward")
    about = page.locator(".ds-learn-view .ds-panel-tree .ds-about").first
    assert not about.is_visible()
    answer(page, lesson_of("draft-and-check")["cards"][1]["question"], rightly=True)
    assert about.is_visible()
    assert "kept 1" in about.inner_text()


def test_all_panels_can_be_had_and_the_cards_view_comes_back(page: Any) -> None:
    begin(page, "trees")
    page.get_by_role("button", name="All panels").click()
    assert {"text", "tree", "layers", "time", "counters"} <= set(page.evaluate(SEEN, PANELS))
    page.locator(".ds-learn-view").get_by_role("button", name="Next step").click()
    page.get_by_role("button", name="Back to this card’s view").click()
    stands(page, lesson_of("trees")["cards"][0]["view"])


def test_where_the_match_of_an_earlier_answer_stands_can_be_read(page: Any, address: str) -> None:
    page.goto(address + "?lesson=where-drafts-come-from&card=4")
    assert page.wait_for_selector(".ds-learn-view .ds-place-chosen").is_visible()
    assert "Seen in answer 1 of this session" in page.inner_text(".ds-learn-view .ds-place-chosen")


def test_progress_and_score_outlive_a_reload_and_can_be_forgotten(page: Any) -> None:
    begin(page, "trees")
    page.click(".ds-onward")
    answer(page, lesson_of("trees")["cards"][1]["question"], rightly=True)
    page.click(".ds-onward")
    page.reload()
    page.wait_for_selector(".ds-lesson")
    assert "1 of 1 right so far" in page.inner_text(".ds-shelf-foot")
    item = page.locator(".ds-lesson", has=page.locator("[data-lesson=trees]"))
    assert "card 3 of 5" in item.inner_text()
    page.get_by_role("button", name="Go on: Trees").click()
    page.wait_for_function("document.querySelector('.ds-lesson-where').textContent === 'Card 3 of 5'")
    page.get_by_role("button", name="Back", exact=True).click()
    assert page.inner_text(".ds-verdict-word") == "Right."  # answered already
    page.get_by_role("button", name="All lessons", exact=True).click()
    assert page.evaluate("document.activeElement.dataset.lesson") == "trees"
    page.get_by_role("button", name="Forget my answers").click()
    assert "no question answered yet" in page.inner_text(".ds-shelf-foot")
    assert page.evaluate("localStorage.getItem('draftscope.lessons')") == "{}"


@pytest.mark.parametrize(
    "broken",
    [
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('closed'); } });",
        "localStorage.setItem('draftscope.lessons', '[1,');",
        "localStorage.setItem('draftscope.lessons', JSON.stringify("
        "{ trees: { card: -3, seen: 'x', answers: { 1: '<b>', 2: [1] } } }));",
    ],
    ids=["no store", "no JSON", "no progress"],
)
def test_a_store_that_is_closed_or_spoilt_takes_nothing_away(
    chromium: Any, address: str, broken: str
) -> None:
    with visited(chromium, address) as page:
        page.add_init_script(broken)
        page.goto(address + "?tab=learn")
        page.wait_for_selector(".ds-lesson")
        begin(page, "trees")
        page.click(".ds-onward")
        answer(page, lesson_of("trees")["cards"][1]["question"], rightly=True)
        assert page.inner_text(".ds-reader .ds-lesson-score") == "1 of 1 right so far"


def test_a_lesson_that_was_opened_needs_the_server_no_more(page: Any) -> None:
    begin(page, "why-slow")
    before = len(page.asked)
    for _ in range(3):
        page.click(".ds-onward")
    answer(page, lesson_of("why-slow")["cards"][3]["question"], rightly=True)
    page.get_by_role("button", name="All lessons", exact=True).click()
    begin(page, "why-slow")
    assert page.asked[before:] == []
