"""The arrows of docs and design, read from the source: who may import whom, and how large things may grow."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from inspect import ismodule
from pathlib import Path

import pytest

import accel

ROOT = Path(__file__).parents[1]
LONGEST_FUNCTION = 45
LONGEST_PICTURE = 220
STANDARD_ONLY = (
    "accel/trace.py",
    "accel/trace_limits.py",
    "accel/trace_reader.py",
    "accel/cancellation.py",
    "accel/codec.py",
    "accel/schema.py",
    "accel/integrity.py",
    "accel/metrics.py",
    "accel/whatif.py",
    "accel/whatif_adadecode.py",
    "accel/whatif_clasp.py",
    "accel/whatif_suffix.py",
    "accel/outcome.py",
    "accel/errors.py",
    "accel/drafting.py",
    "accel/speculation.py",
    "accel/suffix_states.py",
    "accel/suffix_draft.py",
    "accel/suffix_tree.py",
    "accel/suffix_drafter.py",
    "accel/replay.py",
    "accel/suites.py",
)
READABLE = frozenset(
    {
        "accel.trace",
        "accel.cancellation",
        "accel.codec",
        "accel.integrity",
        "accel.metrics",
        "accel.outcome",
        "accel.trace_limits",
        "accel.trace_reader",
        "accel.whatif",
        "accel.whatif_adadecode",
        "accel.whatif_clasp",
        "accel.whatif_suffix",
    }
)  # by pictures
SPEAKING = (
    "accel/__main__.py",
    "accel/commands.py",
    "accel/terminal.py",
    "accel/bench_command.py",
    "accel/models/progress.py",
)
OF_PAGES = frozenset({"gradio"})
OF_PICTURES = frozenset({"plotly", "networkx", "visuals"})


def files(folder: str) -> list[str]:
    found = sorted((ROOT / folder).rglob("*.py"))
    return [str(path.relative_to(ROOT)) for path in found if "__pycache__" not in path.parts]


ENGINE, PICTURES = files("accel"), files("visuals")
APP = ["app.py"] if (ROOT / "app.py").is_file() else []
PAGE = [file for file in PICTURES if file.startswith("visuals/page")]
SOURCES = [*APP, *ENGINE, *PICTURES]
each_source = pytest.mark.parametrize("file", SOURCES)


@cache
def tree_of(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"), file)


def imports(file: str) -> Iterator[str]:
    """The full name of every module or name that a file imports, wherever in it."""
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are written in full"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and _name(node.func) in ("import_module", "__import__"):
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant))


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def roots(file: str) -> set[str]:
    return {name.split(".")[0] for name in imports(file)}


def test_there_is_something_to_look_at():
    assert len(ENGINE) > 30
    assert "transformers" in roots("accel/models/checkpoint.py")
    assert "accel.verify" in set(imports("accel/methods/draft_model.py"))


@pytest.mark.parametrize("file", ENGINE)
def test_the_engine_knows_no_page_and_no_picture(file):
    assert not roots(file) & (OF_PAGES | OF_PICTURES | {"app"})


@pytest.mark.parametrize("file", [file for file in STANDARD_ONLY if file in ENGINE])
def test_what_a_recorded_run_needs_is_the_standard_library(file):
    foreign = {"torch", "numpy", "transformers", "typer", "rich", "huggingface_hub", "safetensors"}
    assert not roots(file) & foreign
    light = {name.removesuffix(".py").replace("/", ".") for name in STANDARD_ONLY}
    assert {name for name in imports(file) if re.fullmatch(r"accel\.\w+", name)} <= light


@each_source
def test_the_library_has_one_adapter(file):
    if not file.startswith("accel/models/") and file != "accel/bench.py":
        assert "transformers" not in roots(file)


@pytest.mark.parametrize("file", [file for file in PICTURES if file not in PAGE])
def test_a_picture_needs_a_trace_and_nothing_of_the_engine(file):
    assert not roots(file) & {"torch", "gradio", "transformers", "app"}
    assert not any(name.startswith("visuals.page") for name in imports(file))
    modules = {".".join(name.split(".")[:2]) for name in imports(file) if name.startswith("accel.")}
    assert modules <= READABLE
    assert "accel" not in {name for name in imports(file) if "." not in name} or modules


@pytest.mark.parametrize("file", [*APP, *PAGE])
def test_the_page_goes_through_the_door(file):
    assert not roots(file) & {"torch", "transformers"}


@each_source
def test_the_page_alone_imports_gradio(file):
    if file not in [*APP, *PAGE]:
        assert "gradio" not in roots(file)


@each_source
def test_every_file_says_what_it_is(file):
    assert ast.get_docstring(tree_of(file)) or not tree_of(file).body


@each_source
def test_functions_fit_on_a_screen(file):
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            # A command's options are its signature: what must fit on a screen is what it does.
            length = (node.end_lineno or node.lineno) - node.body[0].lineno + 1
            assert length <= LONGEST_FUNCTION, f"{file}:{node.lineno} {node.name} has {length} lines"


@pytest.mark.parametrize("file", PICTURES)
def test_pictures_stay_small(file):
    assert len((ROOT / file).read_text(encoding="utf-8").splitlines()) <= LONGEST_PICTURE


@each_source
def test_files_are_nouns_and_nothing_is_put_off(file):
    assert not re.search(r"(^|_)(utils?|helpers?|misc|common|stuff)(_|$)", Path(file).stem)
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", (ROOT / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", ENGINE)
def test_the_engine_prints_nothing(file):
    called = [_name(node.func) for node in ast.walk(tree_of(file)) if isinstance(node, ast.Call)]
    assert "print" not in called or file in SPEAKING


def test_the_door_is_what_it_says():
    assert sorted(accel.__all__) == accel.__all__ == dir(accel)
    assert len(set(accel.__all__)) == len(accel.__all__)
    for name in accel.__all__:
        assert getattr(accel, name) is not None
    api = import_module("accel.api")
    assert set(accel.__all__) == {*api.__all__, "Trace"}
    with pytest.raises(AttributeError, match="no attribute 'nothing_such'"):
        accel.nothing_such  # noqa: B018
    public = {name for name, value in vars(accel).items() if name[0] != "_" and not ismodule(value)}
    assert public <= {*accel.__all__, "Any", "TYPE_CHECKING", "annotations", "import_module"}
