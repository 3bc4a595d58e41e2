"""docs/public.md names, for every case, tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.browser.served import ROOT

TABLE = re.findall(r"^\| (\d+) \|.*$", (ROOT / "docs" / "public.md").read_text(encoding="utf-8"), re.M)
ROWS = {
    int(row.split("|")[1]): re.findall(r"`([\w/]+\.py)::(\w+)`", row)
    for row in (ROOT / "docs" / "public.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d+ \|", row)
}


@cache
def named_in(file: str) -> dict[str, set[int]]:
    """The tests of a file, and the cases that each is marked with."""
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    return {node.name: _cases(node) for node in tree.body if isinstance(node, ast.FunctionDef)}


def _cases(function: ast.FunctionDef) -> set[int]:
    marks = [mark for mark in function.decorator_list if ast.unparse(mark).startswith("pytest.mark.case(")]
    return {ast.literal_eval(number) for mark in marks if isinstance(mark, ast.Call) for number in mark.args}


def test_every_case_has_one_row():
    assert list(map(int, TABLE)) == list(range(1, 32))


@pytest.mark.parametrize("number", range(1, 32))
def test_every_case_names_tests_that_exist(number):
    assert ROWS[number]
    for file, name in ROWS[number]:
        assert name in named_in(file), f"{file} has no {name}"


def test_a_test_marked_with_cases_stands_in_the_row_of_one_of_them():
    for path in sorted((ROOT / "tests").glob("**/test_*.py")):
        file = str(path.relative_to(ROOT / "tests"))
        for name, cases in named_in(file).items():
            assert not cases or any((file, name) in ROWS[case] for case in cases), f"{file}::{name}"
