"""The tables of docs/lessons.md, made from the code; `tests.test_docs` writes them and checks that they are true."""

from __future__ import annotations

from visuals.lessons.facts import FACTS
from visuals.lessons.guesses import GUESSES
from visuals.lessons.places import STEPS
from visuals.page.hiding import HIDES


def _named(table: dict[str, object]) -> str:
    rows = [f"| `{name}` | {(function.__doc__ or '').strip()} |" for name, function in table.items()]
    return "\n".join(["| name | what it is |", "|---|---|", *rows])


def steps() -> str:
    return _named(dict(STEPS))


def guesses() -> str:
    return _named(dict(GUESSES))


def facts() -> str:
    rows = [f"| `{name}` | {fact.form} | {fact.about} |" for name, fact in FACTS.items()]
    return "\n".join(["| fact | form | what it is |", "|---|---|---|", *rows])


def hides() -> str:
    about = {
        "run": "the prompt, Run and Stop, and a race of one's own",
        "settings": "the settings of a run",
        "export": "Export and Copy link",
        "tabs": "the row of tabs",
        "answers": "the buttons that reveal an answer",
    }
    assert set(about) == set(HIDES)
    return "\n".join(
        [
            "| name | what is hidden |",
            "|---|---|",
            *(f"| `{name}` | {what} |" for name, what in about.items()),
        ]
    )


TABLES = {"steps": steps, "guesses": guesses, "facts": facts, "hides": hides}
