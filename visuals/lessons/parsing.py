"""A lesson's file -> a Lesson. Strict: whatever is not understood is refused with its line and what to write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from visuals.lessons.lesson import PANELS, PHASES, Card, Choice, Lesson, LessonError, Question, View

Line = tuple[int, str]  # its number in the file, and its text

FRONT = ("title", "about", "trace", "minutes")
ASKED = ("question", "number", "answer", "because", "evidence")
FENCE = "---"
NAME = re.compile(r"[a-z0-9-]{1,120}$")
DIRECTIVE = re.compile(r"([a-z]+):(?:\s+(.*))?$")
CHOICE = re.compile(r"- (?:([a-z-]+) = )?(\S.*)$")
VIEW = {
    "trace": NAME,
    "step": re.compile(r"[a-z-]+$|\d{1,7}$"),
    "phase": re.compile("|".join(PHASES) + "$"),
    "select": re.compile(r"[a-z-]+$"),
    "panel": re.compile(rf"(?:{'|'.join(PANELS)})(?:,(?:{'|'.join(PANELS)}))*$"),
}


def read_lesson(path: Path) -> Lesson:
    """The lesson in a file named like `03-trees.md`; its slug is what follows the number."""
    return parse(path.read_text(encoding="utf-8"), path.name)


def parse(text: str, file: str) -> Lesson:
    """The lesson in `text`; `file` names it in errors."""
    return _Parser(file).lesson([*enumerate(text.splitlines(), start=1)])


class _Parser:
    def __init__(self, file: str) -> None:
        self.file = file

    def refuse(self, line: int, problem: str, remedy: str) -> LessonError:
        return LessonError(self.file, line, problem, remedy)

    def lesson(self, lines: list[Line]) -> Lesson:
        parts = self._parts(lines)
        front = self._front(parts[0])
        slug = Path(self.file).stem.lstrip("0123456789").lstrip("-")
        if not NAME.match(slug):
            raise self.refuse(1, f"the file's name gives {slug!r}", "name it like 03-trees.md")
        cards = tuple(self._card(part) for part in parts[1:])
        return Lesson(
            self.file, slug, front["title"], front["about"], front["trace"], int(front["minutes"]), cards
        )

    def _parts(self, lines: list[Line]) -> list[list[Line]]:
        """The front matter, then every card, parted by lines of three dashes."""
        fences = [at for at, (_, text) in enumerate(lines) if text.strip() == FENCE]
        if len(fences) < 2 or any(text.strip() for _, text in lines[: fences[0]]):
            raise self.refuse(
                1, "there is no front matter", f"begin with {FENCE}, {', '.join(FRONT)}, {FENCE}"
            )
        parts = [lines[a + 1 : b] for a, b in zip(fences, [*fences[1:], len(lines)], strict=True)]
        for fence, part in zip(fences, parts, strict=True):
            if not any(text.strip() for _, text in part):
                raise self.refuse(
                    lines[fence][0], "nothing follows this line", "write a card there, or remove it"
                )
        return parts

    def _front(self, lines: list[Line]) -> dict[str, str]:
        found = {name: value for name, (_, value) in self._directives(lines, FRONT).items()}
        for name in FRONT:
            if not found.get(name):
                raise self.refuse(lines[0][0], f"the front matter has no {name}", f"add a line '{name}: ...'")
        if not re.fullmatch(r"[1-9]\d?", found["minutes"]):
            raise self.refuse(lines[0][0], "minutes is no whole number", "write one, such as 'minutes: 3'")
        return found

    def _directives(self, lines: list[Line], known: tuple[str, ...]) -> dict[str, tuple[int, str]]:
        """`name: value` of each line; an indented line goes on with the one before, an empty one is skipped."""
        found: dict[str, tuple[int, str]] = {}
        last = ""
        for number, text in lines:
            match = DIRECTIVE.match(text)
            if not text.strip():
                continue
            if text.startswith("  ") and last:
                line, value = found[last]
                found[last] = (line, f"{value} {text.strip()}".strip())
            elif not match or match[1] not in known:
                raise self.refuse(
                    number, f"{text.strip()[:40]!r} is not known here", f"known: {', '.join(known)}"
                )
            elif match[1] in found:
                raise self.refuse(number, f"{match[1]} is said twice", "keep one of them")
            else:
                last = match[1]
                found[last] = (number, (match[2] or "").strip())
        return found

    def _card(self, lines: list[Line]) -> Card:
        while not lines[0][1].strip():
            lines = lines[1:]
        first, text = lines[0]
        if not text.startswith("view:"):
            raise self.refuse(
                first, "a card begins with where the view stands", "write 'view: step=... panel=...'"
            )
        at = next((at for at, (_, text) in enumerate(lines) if text.startswith("question:")), len(lines))
        body = lines[1:at]
        while body and not body[0][1].strip():
            body = body[1:]
        if not body or not body[0][1].startswith("# "):
            raise self.refuse(first, "the card has no heading", "write '# Its heading' below the view")
        text_line = body[0][0] + 1
        said = "\n".join(text for _, text in body[1:])
        if not said.strip():
            raise self.refuse(first, "the card says nothing", "write a paragraph below its heading")
        view = self._view(first, text.removeprefix("view:").strip())
        for name, value in (("step", view.step), ("panel", view.panels)):
            if not value:
                raise self.refuse(first, f"the view names no {name}", f"add {name}=...")
        question = self._question(lines[at:]) if at < len(lines) else None
        return Card(first, body[0][1].removeprefix("# ").strip(), view, said, text_line, question)

    def _view(self, line: int, text: str) -> View:
        found = arguments(text, VIEW, lambda problem, remedy: self.refuse(line, problem, remedy))
        panels = tuple(found.pop("panel", "").split(",")) if "panel" in found else ()
        return View(line, panels=panels, **found)

    def _question(self, lines: list[Line]) -> Question:
        choices = [(number, CHOICE.match(text)) for number, text in lines if text.startswith("- ")]
        found = self._directives([one for one in lines if not one[1].startswith("- ")], ASKED)
        line, text = found["question"]
        for name in ("answer", "because"):
            if not found.get(name, (0, ""))[1]:
                raise self.refuse(line, f"the question has no {name}", f"add a line '{name}: ...'")
        if bool(choices) == ("number" in found):
            raise self.refuse(
                line, "a question has either choices or a number", "write '- ...' lines, or 'number: tokens'"
            )
        if len(choices) == 1 or any(match is None for _, match in choices):
            raise self.refuse(choices[0][0], "that is no choice", "write two or more, '- key = What is read'")
        offered = tuple(Choice(match[1] or match[2], match[2]) for _, match in choices if match)
        evidence = self._view(*found.get("evidence", (line, "")))
        unit = found.get("number", (0, ""))[1]
        return Question(line, text, offered, unit, found["answer"][1], found["because"][1], evidence)


Refusal = Callable[[str, str], LessonError]


def arguments(text: str, known: Mapping[str, re.Pattern[str]], refuse: Refusal) -> dict[str, str]:
    """`name=value name=value` as a dict, each value of its form."""
    found: dict[str, str] = {}
    for word in text.split():
        name, equals, value = word.partition("=")
        if not equals or name not in known:
            raise refuse(
                f"{word[:40]!r} is not known here", f"known: {', '.join(f'{one}=...' for one in known)}"
            )
        if name in found or not known[name].match(value):
            raise refuse(f"{word[:40]!r} is no good", f"see {name} in docs/lessons.md")
        found[name] = value
    return found
