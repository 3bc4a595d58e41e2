"""What a lesson is, once its file has been read: cards, where each stands, and what each asks."""

from __future__ import annotations

from dataclasses import dataclass

PANELS = ("text", "tree", "layers", "method", "time", "counters", "cost")
PHASES = ("draft", "verify", "commit")


class LessonError(ValueError):
    """A lesson that cannot be shown; the message names the file, the line and the remedy."""

    def __init__(self, file: str, line: int, problem: str, remedy: str) -> None:
        super().__init__(f"{file}, line {line}: {problem}; {remedy}")
        self.line = line


@dataclass(frozen=True, slots=True)
class View:
    """Where the explorer stands: a run, a step and a guess by number or by name (`places.py`), and its panels.

    What is empty is as it was: an evidence says only what differs from the card's view.
    """

    line: int
    trace: str = ""
    step: str = ""
    phase: str = ""
    select: str = ""
    panels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers offered; right where the answer's fact is `key`."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """Predict, then reveal. Without choices a whole number is asked for, of `unit`."""

    line: int
    text: str
    choices: tuple[Choice, ...]
    unit: str
    answer: str  # a fact, as in `{fact:...}`
    because: str
    evidence: View


@dataclass(frozen=True, slots=True)
class Card:
    """One screen: a heading, a paragraph or two, a view, and at most one question."""

    line: int
    title: str
    view: View
    text: str
    text_line: int
    question: Question | None


@dataclass(frozen=True, slots=True)
class Lesson:
    """A file of `assets/lessons`, in the order of its cards. `slug` is what a link names it by."""

    file: str
    slug: str
    title: str
    about: str
    trace: str
    minutes: int
    cards: tuple[Card, ...]

    def error(self, line: int, problem: str, remedy: str) -> LessonError:
        return LessonError(self.file, line, problem, remedy)
