"""A lesson and its runs -> the JSON that the browser shows: places found, facts worked out, answers with them.

cards      [{title, blocks, view, question}]; blocks as in `markup.py`
view       {trace, step, phase, slot (null: none), panels}
question   {text, choices ([] where a number is asked for), unit, answer (the place of the choice, or the number),
           told (the answer in words), because, evidence (a view)}
costs      by run: [[tokens in a pass, seconds], ...] of its header's calibration
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from accel.trace import Trace
from visuals.lessons.fact import Fact, NoFact, Spot, Value
from visuals.lessons.facts import FACTS
from visuals.lessons.guesses import GUESSES
from visuals.lessons.lesson import Card, Lesson, LessonError, Question, View
from visuals.lessons.markup import Fill, blocks, filled, inline, plain
from visuals.lessons.parsing import VIEW, arguments
from visuals.lessons.places import STEPS

Runs = Callable[[str], Trace | None]  # a recorded run by its slug

ARGUMENTS = {name: VIEW[name] for name in ("trace", "step", "select")} | {
    "rows": re.compile(r"[1-9]\d{0,3}$|most$|step$")
}
ROWS = {"most": "most_rows", "step": "rows_in_step"}  # numbers of tokens in a pass that the run knows


def told(lesson: Lesson, runs: Runs) -> dict[str, Any]:
    """All that the browser shows of a lesson, but the runs themselves."""
    teller = _Teller(lesson, runs)
    cards = [teller.card(card) for card in lesson.cards]
    return {
        **listed(lesson),
        "cards": cards,
        "costs": {slug: _cost(run) for slug, run in teller.used.items()},
    }


def listed(lesson: Lesson) -> dict[str, Any]:
    """What the list of lessons says of one."""
    return {
        "slug": lesson.slug,
        "title": lesson.title,
        "about": lesson.about,
        "minutes": lesson.minutes,
        "num_cards": len(lesson.cards),
        "num_questions": sum(card.question is not None for card in lesson.cards),
    }


def _cost(trace: Trace) -> list[list[float]]:
    found = trace.header.calibration
    return (
        []
        if found is None
        else [[rows, cost] for rows, cost in zip(found.rows, found.pass_seconds, strict=True)]
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """A view, found."""

    slug: str
    spot: Spot
    phase: str
    panels: tuple[str, ...]

    def json(self) -> dict[str, Any]:
        spot = self.spot
        return {
            "trace": self.slug,
            "step": spot.step.index,
            "phase": self.phase,
            "slot": spot.slot,
            "panels": list(self.panels),
        }


class _Teller:
    def __init__(self, lesson: Lesson, runs: Runs) -> None:
        self.lesson = lesson
        self.runs = runs
        self.used: dict[str, Trace] = {}

    def card(self, card: Card) -> dict[str, Any]:
        place = self._place(card.view)
        return {
            "title": card.title,
            "blocks": blocks(card.text, self._filler(place, card.text_line), self._refusal(card.text_line)),
            "view": place.json(),
            "question": card.question and self._question(card, card.question, place),
        }

    def _question(self, card: Card, asked: Question, place: _Place) -> dict[str, Any]:
        line, refusal = asked.line, self._refusal(asked.line)
        fill = self._filler(place, line)
        fact, value = self._fact(asked.answer, place, line)
        choices = [inline(choice.text, fill, refusal) for choice in asked.choices]
        answer, shown = self._answer(asked, fact, value, fill)
        right = choices[answer] if choices else [shown]

        def explain(at: int, text: str) -> Any:
            return fill(at, text) if text != "answer" else right[0] if len(right) == 1 else plain(right)

        return {
            "text": inline(asked.text, fill, refusal),
            "choices": choices,
            "unit": asked.unit,
            "answer": answer,
            "told": right,
            "because": inline(asked.because, explain, refusal),
            "evidence": self._place(asked.evidence, before=card.view).json(),
        }

    def _answer(self, asked: Question, fact: Fact, value: Value, fill: Fill) -> tuple[int, str]:
        """The place of the right choice, or the number; and the fact in words."""
        shown = fact.told(value)
        if not asked.choices:
            if not isinstance(value, int):
                raise self.lesson.error(
                    asked.line, f"the answer {shown!r} is no whole number", "offer choices"
                )
            return value, shown
        keys = [plain(filled(choice.key, partial(fill, 0))) for choice in asked.choices]
        if keys.count(shown) != 1:
            problem = f"the answer is {shown!r}, which {keys.count(shown) or 'none'} of the choices say"
            raise self.lesson.error(asked.line, problem, "give exactly one choice that key")
        return keys.index(shown), shown

    # ---- places ------------------------------------------------------------------------------------------------

    def _place(self, view: View, before: View | None = None) -> _Place:
        """Where a view stands; what it leaves open is as in the view `before`."""
        known = before or view
        moved = bool(view.trace or view.step)
        slug = view.trace or known.trace or self.lesson.trace
        spot = self._spot(
            view.line, slug, view.step or known.step, view.select or ("" if moved else known.select)
        )
        return _Place(slug, spot, view.phase or "commit", view.panels or known.panels)

    def _spot(self, line: int, slug: str, step: str, select: str, rows: int = 1) -> Spot:
        trace = self.used.get(slug) or self.runs(slug)
        if trace is None:
            raise self.lesson.error(
                line, f"no recorded run is called {slug!r}", "see the names in links, ?trace="
            )
        self.used[slug] = trace
        at = int(step) if step.isdigit() else self._named(line, STEPS, step, trace)
        if at >= len(trace.steps):
            raise self.lesson.error(line, f"the run has no step {at}", f"its last is {len(trace.steps) - 1}")
        slot = self._named(line, GUESSES, select, trace.steps[at]) if select not in ("", "none") else None
        return Spot(trace, trace.steps[at], slot, rows)

    def _named(self, line: int, table: dict[str, Callable[[Any], int | None]], name: str, of: Any) -> int:
        if name not in table:
            raise self.lesson.error(line, f"{name!r} is not known here", f"known: {', '.join(table)}")
        found = table[name](of)
        if found is None:
            raise self.lesson.error(line, f"there is no {name} there", "choose another name, or another run")
        return found

    # ---- facts -------------------------------------------------------------------------------------------------

    def _fact(self, expression: str, place: _Place, line: int) -> tuple[Fact, Value]:
        """`name`, or `name step=... select=... rows=... trace=...`; what is not said is as in the card's view."""
        name, _, rest = expression.strip().partition(" ")
        if name not in FACTS:
            raise self.lesson.error(
                line, f"there is no fact {name[:40]!r}", "see the table in docs/lessons.md"
            )
        asked = arguments(rest, ARGUMENTS, lambda problem, remedy: self.lesson.error(line, problem, remedy))
        spot, moved = place.spot, "trace" in asked or "step" in asked
        if moved or "select" in asked:
            step = asked.get("step", str(spot.step.index))
            spot = self._spot(line, asked.get("trace", place.slug), step, asked.get("select", ""))
        rows = asked.get("rows", "1")
        try:
            number = int(FACTS[ROWS[rows]].of(spot) if rows in ROWS else rows)
            spot = Spot(spot.trace, spot.step, spot.slot, number)
            return FACTS[name], FACTS[name].of(spot)
        except NoFact as error:
            raise self.lesson.error(line, f"{name}: {error}", "choose another step, guess or run") from error

    def _filler(self, place: _Place, first: int) -> Fill:
        def fill(at: int, text: str) -> Any:
            line = first + at
            if not text.startswith("fact:"):
                raise self.lesson.error(line, f"{{{text[:40]}}} is not known here", "write {fact:name}")
            fact, value = self._fact(text.removeprefix("fact:"), place, line)
            shown = fact.told(value)
            return ["token", shown] if fact.form == "token" else shown

        return fill

    def _refusal(self, first: int) -> Callable[[int, str], LessonError]:
        remedy = "use paragraphs, lists, **bold**, *italic* and `code` only"
        return lambda line, problem: self.lesson.error(first + line, problem, remedy)
