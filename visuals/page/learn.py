"""The Learn tab: lessons over recorded runs. Needs no engine; a lesson that is opened comes with its runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from accel.errors import InputError
from visuals.lessons.lesson import Lesson, LessonError
from visuals.lessons.parsing import read_lesson
from visuals.lessons.telling import listed, told
from visuals.page.component import lessons, whole_scene
from visuals.page.events import AT_ONCE, in_words
from visuals.page.recorded import Recorded
from visuals.scene import packed


class Shelf:
    """The lessons of a folder, read once; what they show is worked out when one is opened first."""

    def __init__(self, folder: Path, runs: Mapping[str, Recorded]) -> None:
        self._runs = runs
        self._packed: dict[str, str] = {}
        self._lessons: dict[str, Lesson] = {}
        self.list: list[dict[str, Any]] = []
        for path in sorted(folder.glob("*.md")):
            try:
                lesson = read_lesson(path)
            except LessonError as error:  # said in the list: the other lessons are none the worse for it
                self.list.append({"slug": path.stem, "problem": str(error)})
            else:
                self._lessons[lesson.slug] = lesson
                self.list.append(listed(lesson))

    def opened(self, slug: Any) -> str:
        """A lesson with its runs, packed; or, packed, why it cannot be shown."""
        try:
            if not isinstance(slug, str) or slug not in self._lessons:
                raise InputError("lesson", f"none of them is called {str(slug)[:40]!r}")
            if slug not in self._packed:
                self._packed[slug] = self._opened(self._lessons[slug])
            return self._packed[slug]
        except LessonError as error:
            return packed({"problem": str(error)})
        except Exception as error:
            return packed({"problem": in_words(error)})

    def _opened(self, lesson: Lesson) -> str:
        traces = {
            slug: self._runs[slug].trace()
            for slug in {lesson.trace, *(card.view.trace for card in lesson.cards)}
            | {card.question.evidence.trace for card in lesson.cards if card.question}
            if slug in self._runs
        }
        shown = told(lesson, traces.get)
        scenes = {slug: whole_scene(traces[slug]) for slug in shown["costs"]}
        names = {slug: self._runs[slug].title for slug in scenes}
        return packed({"lesson": shown, "scenes": scenes, "names": names})


def learn(folder: Path, runs: Mapping[str, Recorded]) -> dict[str, int]:
    """Lay out the tab inside the current Blocks: the lessons of a folder, over the runs that ship with the app.

    Returns how many cards each lesson has, by its slug.
    """
    shelf = Shelf(folder, runs)
    picture = lessons(packed({"lessons": shelf.list}))

    def on_open(event: gr.EventData) -> str:
        return shelf.opened(event._data.get("slug") if isinstance(event._data, dict) else None)

    picture.select(on_open, None, picture, **AT_ONCE)
    return {entry["slug"]: entry["num_cards"] for entry in shelf.list if "num_cards" in entry}
