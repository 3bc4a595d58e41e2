"""The documents are true: tables made from the code, commands and examples that run. `make docs` writes them anew."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from accel import codec, trace
from accel.method import knobs_of
from accel.methods import METHODS
from accel.schema import trace_schema
from tests.lesson_tables import TABLES

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
LESSONS = ROOT / "docs" / "lessons.md"
FOLDERS = (
    "accel",
    "accel/methods",
    "accel/models",
    "visuals",
    "visuals/charts",
    "visuals/lessons",
    "visuals/page",
)


def methods_table() -> str:
    """One row per method, from the registry."""
    rows = ["| method | what it does | knobs |", "|---|---|---|"]
    for name, method in METHODS.items():
        about = " ".join((method.__doc__ or "").split())
        knobs = ", ".join(f"`{knob.name}`" for knob in knobs_of(method)) or "none"
        rows.append(f"| `{name}` | {about} | {knobs} |")
    return "\n".join(rows)


def house_tree() -> str:
    """One line per file, from its own docstring."""
    lines = ["```", f"{'app.py':<34}{_first_line(ROOT / 'app.py')}"]
    for folder in FOLDERS:
        lines.append(f"{folder}/")
        for path in sorted((ROOT / folder).glob("*.py")):
            if about := _first_line(path):
                lines.append(f"  {path.name:<32}{about}")
    return "\n".join([*lines, "```"])


def _first_line(path: Path) -> str:
    found = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return found.split("\n")[0].strip()


MADE = {"methods": methods_table, "tree": house_tree}


def between(name: str, text: str) -> str:
    match = re.search(f"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.S)
    assert match, f"there is no part {name}"
    return match.group(1).strip()


@pytest.mark.parametrize("name", MADE)
def test_readme_tables_are_made_from_the_code(name):
    assert between(name, README.read_text(encoding="utf-8")) == MADE[name](), "run: make docs"


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_for_those_who_write_lessons_are_made_from_the_code(name):
    assert between(name, LESSONS.read_text(encoding="utf-8")) == TABLES[name](), "run: make docs"


def test_ci_runs_the_readmes_own_test_command():
    commands = re.findall(r"```bash\n(python3 -m venv .*?)\n```", README.read_text(encoding="utf-8"))
    assert len(commands) == 2
    assert commands[0].endswith("app.py")
    assert commands[1] in (ROOT / ".ci" / "run").read_text().split("\n")


def test_every_event_and_part_of_the_trace_is_documented():
    text = (ROOT / "docs" / "trace.md").read_text(encoding="utf-8")
    for name in [*codec.EVENTS, "Header", "Step", "Seconds", "Footer", "Parity", "Baseline", "Calibration"]:
        assert f"`{name}" in text, name


def test_the_step_printed_in_the_trace_document_is_a_real_one():
    text = (ROOT / "docs" / "trace.md").read_text(encoding="utf-8")
    shown = json.loads(re.search(r"```json\n(.*?)\n```", text, re.S).group(1))
    step = codec.decode(trace.Step, shown, "docs/trace.md")
    recorded = sorted((ROOT / "assets" / "traces").glob("*.jsonl"))[0]
    whole = trace.Trace.load(recorded).steps[step.index]
    assert step.commit == whole.commit
    assert set(step.events) <= set(whole.events)


def test_the_method_of_the_recipe_works():
    import accel
    from tests.tiny import library_greedy, tiny

    text = (ROOT / "docs" / "adding-a-method.md").read_text(encoding="utf-8")
    space: dict[str, object] = {}
    source = re.search(r"```python\n(.*?)\n```", text, re.S).group(1)
    module = type(sys)("stutter")
    sys.modules["stutter"] = module  # a dataclass looks its annotations up in its module
    space = module.__dict__
    exec(compile(source, "adding-a-method.md", "exec"), space)
    METHODS["stutter"] = space["Stutter"]
    try:
        trace = accel.generate(tiny(), [5, 5, 5, 9], method="stutter", max_new_tokens=16)
    finally:
        del METHODS["stutter"], sys.modules["stutter"]
    assert trace.tokens == library_greedy(tiny(), [5, 5, 5, 9], 16)
    assert trace.metrics["num_draft_tokens"] > 0


@pytest.mark.slow
def test_the_readmes_python_runs(embedded_folder, capsys):
    source = re.search(r"```python\n(.*?)\n```", README.read_text(encoding="utf-8"), re.S).group(1)
    exec(compile(source, "README.md", "exec"), {})
    assert capsys.readouterr().out.strip()


def test_every_word_of_the_glossary_and_links_in_documents_resolve():
    for document in [README, *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (document.parent / link).exists(), f"{document.name}: {link}"


def a_real_step() -> str:
    """The first step of the first recorded run that tests a few guesses, without what was only looked at."""
    recorded = sorted((ROOT / "assets" / "traces").glob("*.jsonl"))[0]
    for step in trace.Trace.load(recorded).steps[1:]:
        verdicts = [event for event in step.events if isinstance(event, trace.Verdict)]
        if len(verdicts) > 1 and len({verdict.accepted for verdict in verdicts}) == 2:
            looked = trace.Observed | trace.Match
            kept = tuple(e for e in step.events if not isinstance(e, looked) or getattr(e, "chosen", False))
            plain = codec.encode(
                dataclasses.replace(step, events=kept, pieces=dict(list(step.pieces.items())[:4]))
            )
            events = ",\n   ".join(json.dumps(event) for event in plain.pop("events"))
            rest = json.dumps(plain)[1:-1]
            return f'{{"events": [\n   {events}],\n {rest}}}'
    raise AssertionError("no such step")


def write_parts(path: Path, made: dict[str, Callable[[], str]]) -> None:
    content = path.read_text(encoding="utf-8")
    for part, make in made.items():
        content = re.sub(
            f"(<!-- {part} -->\n).*?(<!-- /{part} -->)",
            lambda m, make=make: m[1] + make() + "\n" + m[2],
            content,
            flags=re.S,
        )
    path.write_text(content, encoding="utf-8")


def write_documents() -> None:
    from tests.public.test_limits import HOSTING, variables_table

    write_parts(README, MADE)
    write_parts(LESSONS, TABLES)
    content = HOSTING.read_text(encoding="utf-8")
    table = f"<!-- limits -->\n{variables_table()}\n<!-- /limits -->"
    content = re.sub("<!-- limits -->.*?<!-- /limits -->", lambda _: table, content, flags=re.S)
    HOSTING.write_text(content, encoding="utf-8")
    document = ROOT / "docs" / "trace.md"
    content = document.read_text(encoding="utf-8")
    content = re.sub(r"(```json\n).*?(\n```)", lambda m: m[1] + a_real_step() + m[2], content, flags=re.S)
    document.write_text(content, encoding="utf-8")
    schema = ROOT / "docs" / "trace.schema.json"  # that it is current: tests/test_schema.py
    schema.write_text(json.dumps(trace_schema(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_documents()
