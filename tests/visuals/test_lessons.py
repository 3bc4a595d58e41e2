"""Lessons: all shipped ones can be shown, their answers are true, and a bad file is refused in words."""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from accel.trace import Trace
from app import LESSONS, TRACES
from tests.visuals import lesson_answers
from visuals.explorer import FOLDER
from visuals.lessons.facts import FACTS, PARTS
from visuals.lessons.guesses import GUESSES
from visuals.lessons.lesson import PANELS, Lesson, LessonError
from visuals.lessons.markup import plain
from visuals.lessons.parsing import parse, read_lesson
from visuals.lessons.places import STEPS
from visuals.lessons.telling import told
from visuals.page.hiding import HIDES, HIDING
from visuals.page.learn import Shelf
from visuals.page.recorded import recorded_in

RUNS = recorded_in(TRACES)
FILES = sorted(LESSONS.glob("*.md"))
each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)

GOOD = """---
title: A lesson
about: What it is about.
trace: guesses-that-branch-suffixdecoding
minutes: 3
---
view: step=half-kept phase=draft panel=tree,text
# A card

Some **text** with {fact:drafted_in_step} guesses.

question: How many are kept?
number: guesses
answer: accepted_in_step
because: It kept {answer}, and then {fact:own_token}.
evidence: phase=verify select=first-rejected
---
view: step=3 panel=cost
# Another

- `code`
- and *more*

question: Faster?
- faster = Yes
- slower = No
answer: pays
because: {answer}.
"""


@cache
def trace_of(slug: str) -> Trace | None:
    return RUNS[slug].trace() if slug in RUNS else None


def shown(text: str) -> dict[str, Any]:
    return told(parse(text, "07-a-lesson.md"), trace_of)


def spoken(node: Any) -> list[str]:
    """All text in blocks and inlines; tokens apart, as they are the run's own."""
    if isinstance(node, str):
        return [node]
    return (
        [] if node[0] == "token" else [text for part in node[1:] for text in (spoken(part) if part else [])]
    )


# ---- the lessons that ship ------------------------------------------------------------------------------------


def test_there_are_eight_and_the_list_says_how_long_they_are() -> None:
    shelf = Shelf(LESSONS, RUNS)
    assert len(shelf.list) == 8
    assert not any("problem" in entry for entry in shelf.list)
    assert all(4 <= entry["num_cards"] <= 7 and entry["num_questions"] >= 1 for entry in shelf.list)
    assert all(3 <= entry["minutes"] <= 4 for entry in shelf.list)
    assert len({entry["slug"] for entry in shelf.list}) == 8


@each_file
def test_a_shipped_lesson_can_be_shown_and_read_in_its_minutes(file: Path) -> None:
    lesson = told(read_lesson(file), trace_of)
    text = [
        part for card in lesson["cards"] for block in card["blocks"] for part in spoken(["p", *block[1:]])
    ]
    text += [
        part
        for card in lesson["cards"]
        if (asked := card["question"])
        for part in spoken(["p", *asked["text"], *asked["because"]])
    ]
    words = len(" ".join(text).split())
    assert words / 180 <= lesson["minutes"], f"{words} words"
    assert json.loads(json.dumps(lesson)) == lesson


@each_file
def test_no_figure_is_typed(file: Path) -> None:
    """Digits come from facts alone; what stands in braces, in code and in directives is no figure."""
    lesson = read_lesson(file)
    for card in lesson.cards:
        texts = [card.title, card.text]
        if card.question:
            texts += [
                card.question.text,
                card.question.because,
                *(choice.text for choice in card.question.choices),
            ]
        for text in texts:
            assert not re.search(r"\d", re.sub(r"\{[^}]*\}|`[^`]*`", "", text)), text


@each_file
def test_what_a_lesson_names_stands_in_the_run(file: Path) -> None:
    for card in told(read_lesson(file), trace_of)["cards"]:
        places = [card["view"], *([card["question"]["evidence"]] if card["question"] else [])]
        for place in places:
            trace = trace_of(place["trace"])
            assert trace is not None
            step = trace.steps[place["step"]]
            known = {event.slot for event in step.events if hasattr(event, "slot")} | set(step.commit.slots)
            assert place["slot"] is None or place["slot"] in known
            assert place["panels"]
            assert set(place["panels"]) <= set(PANELS)


@each_file
def test_the_answers_are_what_the_events_say(file: Path) -> None:
    lesson = read_lesson(file)
    for card, source in zip(told(lesson, trace_of)["cards"], lesson.cards, strict=True):
        if source.question is None:
            continue
        asked = card["question"]
        name, *rest = source.question.answer.split()
        given = dict(part.split("=") for part in rest)
        trace = trace_of(card["view"]["trace"])
        assert trace is not None
        expected = lesson_answers.ANSWERS[name](trace, card["view"]["step"], given, card["view"]["slot"])
        if asked["choices"]:
            choice = source.question.choices[asked["answer"]]
            read = plain(asked["choices"][asked["answer"]])
            assert expected in (choice.key, read)
        else:
            assert asked["answer"] == expected
            assert plain(asked["told"]) == str(expected)


@each_file
def test_an_answer_is_not_given_away_by_the_card_before_it_is_revealed(file: Path) -> None:
    """A number that is asked for does not stand in the question, or it would be read off."""
    for card in told(read_lesson(file), trace_of)["cards"]:
        asked = card["question"]
        if asked and not asked["choices"]:
            assert asked["answer"] <= 9999
            last = plain(asked["text"]).rpartition(". ")[2]
            assert not re.search(rf"\b{asked['answer']}\b", last), plain(asked["text"])


# ---- the form ----------------------------------------------------------------------------------------------------


def test_a_good_lesson_says_what_it_should() -> None:
    lesson = shown(GOOD)
    first, second = lesson["cards"]
    assert lesson["slug"] == "a-lesson"
    assert first["blocks"] == [["p", "Some ", ["b", "text"], " with ", "15", " guesses."]]
    assert second["blocks"] == [["ul", [["p", ["code", "code"]]], [["p", "and ", ["i", "more"]]]]]
    asked = first["question"]
    assert (asked["answer"], asked["unit"], asked["choices"]) == (8, "guesses", [])
    assert asked["because"][:3] == ["It kept ", "8", ", and then "]
    assert asked["because"][3][0] == "token"
    assert first["view"]["slot"] is None
    assert asked["evidence"]["step"] == first["view"]["step"]
    assert asked["evidence"]["slot"] is not None
    assert second["question"]["answer"] == 0
    assert plain(second["question"]["because"]) == "Yes."


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("title: A lesson\n", "", 2, "add a line 'title: ...'"),
        ("minutes: 3", "minutes: soon", 2, "minutes is no whole number"),
        ("minutes: 3", "minutes: 3\ncolour: red", 6, "known: title, about, trace, minutes"),
        ("view: step=half-kept", "step=half-kept", 7, "begins with where the view stands"),
        ("step=half-kept", "step=best", 7, "'best' is not known here; known: prompt"),
        ("step=half-kept", "step=77", 7, "the run has no step 77; its last is 50"),
        ("step=3", "step=3 zoom=2", 18, "'zoom=2' is not known here; known: trace=..."),
        ("panel=cost", "panel=price", 18, "'panel=price' is no good; see panel in docs/lessons.md"),
        ("panel=cost", "", 18, "the view names no panel"),
        ("phase=draft", "phase=later", 7, "'phase=later' is no good"),
        ("phase=draft", "select=luck", 7, "'luck' is not known here; known: none"),
        ("# A card\n", "", 7, "the card has no heading"),
        ("drafted_in_step}", "no_such}", 10, "there is no fact 'no_such'; see the table"),
        ("{fact:drafted_in_step}", "{15}", 10, "{15} is not known here; write {fact:name}"),
        ("{fact:drafted_in_step}", "{fact:exit_layer}", 10, "exit_layer: no token left early in that step"),
        ("**text** with {fact:drafted_in_step}", "text\nwith {fact:no_such}", 11, "there is no fact 'no_such'"),
        ("{fact:drafted_in_step}", "[a](http://b)", 10, "link is not part of a lesson"),
        ("Some **text**", "## Some text\n\n![x](y)", 10, "heading is not part of a lesson"),
        ("answer: accepted_in_step", "answer: speedup", 12, "is no whole number; offer choices"),
        ("answer: accepted_in_step\n", "", 12, "the question has no answer"),
        ("number: guesses\n", "", 12, "either choices or a number"),
        ("answer: pays", "answer: same_text", 24, "none of the choices say; give exactly one"),
        ("- slower = No\n", "", 25, "two or more"),
        ("trace: guesses-that-branch-suffixdecoding", "trace: another", 7, "no recorded run is called 'another'"),
        ("because: {answer}.", "because: {answer}.\nbecause: x", 29, "because is said twice"),
        ("---\nview: step=3", "---\n---\nview: step=3", 17, "nothing follows this line"),
    ],
)  # fmt: skip
def test_a_bad_lesson_is_refused_with_its_line_and_what_to_write(
    old: str, new: str, line: int, said: str
) -> None:
    assert old in GOOD
    with pytest.raises(LessonError) as caught:
        shown(GOOD.replace(old, new, 1))
    assert str(caught.value).startswith(f"07-a-lesson.md, line {line}: ")
    assert said in str(caught.value)


def test_html_in_a_lesson_and_in_a_token_stays_text() -> None:
    text = GOOD.replace("Some **text**", "<img src=x onerror=alert(1)> <b>x</b>\n\n<script>alert(2)</script>")
    found = shown(text)["cards"][0]["blocks"]
    assert found[0][1:] == ["<img src=x onerror=alert(1)> <b>x</b>"]
    assert found[1][1].startswith("<script>alert(2)</script>")
    code = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("learn*.js"))
    assert "createTextNode" in code
    assert "innerHTML" not in code


def test_a_token_that_looks_like_markdown_is_not_read_as_such() -> None:
    lesson = shown(GOOD.replace("{fact:drafted_in_step}", "{fact:guess_token step=27 select=first-kept}"))
    assert lesson["cards"][0]["blocks"][0][4] == ["token", "2"]


def test_a_broken_file_is_said_in_the_list_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "01-good.md").write_text(GOOD, encoding="utf-8")
    (tmp_path / "02-bad.md").write_text("nothing", encoding="utf-8")
    (tmp_path / "03-late.md").write_text(GOOD.replace("step=3", "step=99"), encoding="utf-8")
    shelf = Shelf(tmp_path, RUNS)
    assert [entry["slug"] for entry in shelf.list] == ["good", "02-bad", "late"]
    assert "02-bad.md, line 1: there is no front matter" in shelf.list[1]["problem"]
    assert "03-late.md, line 18: the run has no step 99" in json.loads(shelf.opened("late"))["problem"]
    assert "none of them is called" in json.loads(shelf.opened("<b>"))["problem"]
    assert json.loads(shelf.opened(7))["problem"]
    opened = json.loads(shelf.opened("good"))
    assert set(opened["scenes"]) == set(opened["names"]) == {"guesses-that-branch-suffixdecoding"}


# ---- the tables --------------------------------------------------------------------------------------------------


def test_every_name_has_a_line_about_it() -> None:
    assert all(fact.about for fact in FACTS.values())
    assert all(function.__doc__ for function in [*STEPS.values(), *GUESSES.values()])
    assert {fact.of.__module__ for fact in FACTS.values()} == {part.__name__ for part in PARTS}


@pytest.mark.parametrize("name", ["fact", "facts", "run_facts", "step_facts", "guess_facts", "layer_facts", "guesses",
                                  "places", "lesson", "parsing"])  # fmt: skip
def test_what_is_worked_out_needs_the_standard_library_and_a_trace(name: str) -> None:
    source = (LESSONS.parent.parent / "visuals" / "lessons" / f"{name}.py").read_text(encoding="utf-8")
    named = re.findall(r"^(?:from|import) ([\w.]+)", source, re.M)
    ours = {one for one in named if one.partition(".")[0] in ("accel", "visuals")}
    assert {one for one in ours if not one.startswith("visuals.lessons")} <= {
        "accel.trace", "accel.metrics", "visuals.pieces",
    }  # fmt: skip
    assert {one.partition(".")[0] for one in named} - {"accel", "visuals"} <= sys.stdlib_module_names


def test_what_can_be_hidden_is_one_list_in_the_page_and_in_the_browser() -> None:
    script = (FOLDER / "flags.js").read_text(encoding="utf-8")
    listed = re.search(r"HIDABLE = \[(.*?)\]", script)
    assert listed
    assert re.findall(r"'(\w+)'", listed[1]) == list(HIDES)
    assert "<" not in HIDING


def test_the_example_in_the_document_is_a_lesson() -> None:
    document = (LESSONS.parent.parent / "docs" / "lessons.md").read_text(encoding="utf-8")
    example = re.search(r"```\n(---\n.*?)```", document, re.S)
    assert example
    lesson: Lesson = parse(example[1], "03-trees.md")
    assert len(told(lesson, trace_of)["cards"]) == 2
