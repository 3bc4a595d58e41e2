"""Lessons for everybody: by a link, as a teacher prunes the page, with keys alone, on a phone, without motion."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.lesson_pages import (
    PANELS,
    SEEN,
    SLUGS,
    SMALL,
    VIEW,
    answer,
    begin,
    lesson_of,
    stands,
)
from tests.browser.served import WITHOUT_MODEL, visited

pytestmark = pytest.mark.browser
SERVED, OPENS = WITHOUT_MODEL, ("?tab=learn", ".ds-lesson")


# ---- the address -------------------------------------------------------------------------------------------------


def test_a_link_copied_on_the_tab_leads_back_to_the_card(chromium: Any, address: str) -> None:
    permissions = ["clipboard-read", "clipboard-write"]
    with visited(chromium, address, "?tab=learn", permissions=permissions) as page:
        page.wait_for_selector(".ds-lesson")
        begin(page, "sampling")
        page.click(".ds-onward")
        page.get_by_role("button", name="Copy link").click()
        page.wait_for_function("document.querySelector('#copy-link .ds-said').textContent === 'Link copied.'")
        link = page.evaluate("navigator.clipboard.readText()")
    assert link == address + "?tab=learn&lesson=sampling&card=2"
    with visited(chromium, address, link.removeprefix(address)) as page:
        page.wait_for_function("document.querySelector('.ds-lesson-where')?.textContent === 'Card 2 of 6'")
        stands(page, lesson_of("sampling")["cards"][1]["view"])


@pytest.mark.parametrize(
    "query", ["?lesson=trees&card=99", "?lesson=trees&card=-1", "?lesson=trees&card=x", "?lesson=trees"]
)
def test_a_card_that_is_not_there_is_the_nearest(chromium: Any, address: str, query: str) -> None:
    with visited(chromium, address, query) as page:
        page.wait_for_selector(".ds-lesson-card")
        assert page.inner_text(".ds-lesson-where") == ("Card 5 of 5" if "99" in query else "Card 1 of 5")


def test_a_lesson_that_is_not_there_opens_the_list(chromium: Any, address: str) -> None:
    with visited(chromium, address, "?tab=learn&lesson=<b>&hide=everything,constructor") as page:
        page.wait_for_selector(".ds-lesson")
        assert page.evaluate("document.documentElement.getAttribute('data-ds-hide')") is None


HIDDEN = {
    "run": "#prompt",
    "settings": "#settings",
    "export": "#export",
    "tabs": "[role=tablist]",
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_a_teacher_hides_is_not_there(chromium: Any, address: str, name: str) -> None:
    with visited(chromium, address, f"?hide={name}") as page:
        page.wait_for_selector(".ds-counter")
        for other, at in HIDDEN.items():
            assert page.locator(at).first.is_visible() == (other != name), at


def test_a_teacher_can_keep_the_answers(chromium: Any, address: str) -> None:
    with visited(chromium, address, "?lesson=trees&card=2&hide=tabs,answers") as page:
        page.wait_for_selector(".ds-choice")
        assert not page.locator("[role=tablist]").is_visible()
        assert page.locator(".ds-reveal").count() == 0
        assert "answers are not shown" in page.inner_text(".ds-question")
        page.locator(".ds-choice").first.click()
        assert page.inner_text(".ds-result") == ""


# ---- hands, eyes, screens ----------------------------------------------------------------------------------------


def test_a_lesson_is_read_with_the_keyboard_alone(page: Any) -> None:
    page.locator("[data-lesson=trees]").focus()
    page.keyboard.press("Enter")
    lesson = lesson_of("trees")
    for number, card in enumerate(lesson["cards"], start=1):
        page.wait_for_function(
            "at => document.querySelector('.ds-lesson-where').textContent.startsWith('Card ' + at)",
            arg=number,
        )
        step = page.evaluate(f"{VIEW}.explorer.state.step")
        page.keyboard.press("ArrowRight")  # of the heading: neither the lesson nor the run moves
        assert page.evaluate(f"{VIEW}.explorer.state.step") == step == card["view"]["step"]
        if asked := card["question"]:
            page.keyboard.press("Tab")
            if asked["choices"]:
                page.keyboard.press("Space")
                for _ in range(asked["answer"]):
                    page.keyboard.press("ArrowDown")
            else:
                page.keyboard.type(str(asked["answer"]))
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            assert page.inner_text(".ds-verdict-word") == "Right."
            assert page.evaluate("document.activeElement.textContent") == "Show it again"
            assert ring(page) != "none"
        for _ in range(2 if number > 1 else 1):
            page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.classList.contains('ds-onward')")
        assert ring(page) != "none"
        page.keyboard.press("Tab")  # no trap: on into the view, and back
        assert page.evaluate("document.activeElement.closest('.ds-learn-view') !== null")
        page.keyboard.press("Shift+Tab")
        if number < len(lesson["cards"]):
            page.keyboard.press("Enter")


def ring(page: Any) -> str:
    style: str = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    return style


def test_a_question_is_a_named_group_and_headings_are_in_order(page: Any) -> None:
    begin(page, "trees")
    page.click(".ds-onward")
    assert page.get_by_role("group", name="Which one will the model keep?").is_visible()
    assert page.get_by_role("radio").count() == 2
    assert page.evaluate("document.querySelectorAll('.ds-reader h2').length") == 1
    assert page.locator(".ds-result").get_attribute("role") == "status"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_text_and_one_panel_without_scrolling_sideways(
    chromium: Any, address: str, scheme: str
) -> None:
    context = {"viewport": {"width": 390, "height": 844}, "color_scheme": scheme}
    with visited(chromium, address, "?tab=learn", **context) as page:
        page.wait_for_selector(".ds-lesson")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.evaluate(SMALL) == []
        for slug in SLUGS:
            begin(page, slug)
            for number, card in enumerate(lesson_of(slug)["cards"]):
                if number:
                    page.click(".ds-onward")
                page.wait_for_timeout(50)
                assert page.evaluate("document.documentElement.scrollWidth") <= 390
                assert page.evaluate(SMALL) == []
                assert page.evaluate(SEEN, PANELS) == card["view"]["panels"][:1]
                assert (
                    page.evaluate("document.querySelector('.ds-card-title').getBoundingClientRect().top") >= 0
                )
            page.get_by_role("button", name="All lessons", exact=True).click()


def test_nothing_moves_where_motion_is_unwelcome(chromium: Any, address: str) -> None:
    with visited(chromium, address, "?lesson=trees&card=3", reduced_motion="reduce") as page:
        page.wait_for_selector(".ds-guess")
        answer(page, lesson_of("trees")["cards"][2]["question"], rightly=True)
        assert page.evaluate(f"{VIEW}.explorer.player.busy") is False
        assert (
            page.evaluate("document.querySelector('.ds-learn').getAnimations({ subtree: true }).length") == 0
        )
