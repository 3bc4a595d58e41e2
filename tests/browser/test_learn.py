"""Lessons in a real browser: each played through card by card, questions, progress, teachers' flags, keys, a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from accel.trace import Trace
from app import LESSONS, TRACES
from tests.browser.served import served, visited
from visuals.lessons.parsing import read_lesson
from visuals.lessons.telling import told
from visuals.page.recorded import recorded_in

pytestmark = pytest.mark.browser
RUNS = recorded_in(TRACES)
FILES = sorted(LESSONS.glob("*.md"))
SLUGS = [read_lesson(path).slug for path in FILES]
SERVE = "import app; app.serve(app.build())"
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


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The page without the model, which nothing here needs."""
    with served("-c", SERVE) as url:
        yield url


@cache
def trace_of(slug: str) -> Trace | None:
    return RUNS[slug].trace() if slug in RUNS else None


@cache
def lesson_of(slug: str) -> dict[str, Any]:
    return told(read_lesson(FILES[SLUGS.index(slug)]), trace_of)


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    """The list of lessons, opened anew with nothing kept."""
    with visited(chromium, address, "?tab=learn") as made:
        made.wait_for_selector(".ds-lesson")
        yield made


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
