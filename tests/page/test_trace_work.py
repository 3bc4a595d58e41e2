"""Traces of visitors are read and exported one at a time, in the line of runs, and end on Stop and in time."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from accel.trace import Trace
from tests.test_trace_cost import repeated
from tests.visuals.runs import chain
from visuals.page import trace_work, words
from visuals.page.events import in_words
from visuals.page.exports import exported
from visuals.page.going import begin, stop
from visuals.page.line import RUNS, ServerFull
from visuals.page.pair import Racer
from visuals.page.trace_work import BrokenOff, in_line
from visuals.page.uploads import read_trace
from visuals.page.visitor import Visitor
from visuals.scene import scene


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visuals.page.line.PATIENCE", 0.01)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "trace.jsonl"
    found.write_text("".join(line + "\n" for line in chain().trace().lines()), encoding="utf-8")
    return found


def test_it_waits_for_the_run_before_and_says_so(path):
    visitor = Visitor()
    with RUNS.place():
        told = in_line(visitor, lambda: read_trace(path))
        assert "one run comes first" in str(next(told))
        visitor.reading.set()
        with pytest.raises(BrokenOff, match="Stopped"):
            next(told)
    assert [*in_line(visitor, lambda: read_trace(path))] == [(chain().trace(), False)]


def test_two_are_never_read_at_once_and_of_too_many_the_rest_are_told():
    began, let_go, done = Event(), Event(), []

    def hold() -> str:
        began.set()
        assert let_go.wait(30)
        return "done"

    holding = Thread(target=lambda: done.extend(in_line(Visitor(), hold)))
    holding.start()
    assert began.wait(30)
    waiting = [in_line(Visitor(), lambda: "never") for _ in range(12)]
    assert all("first" in next(told) for told in waiting)
    with pytest.raises(ServerFull, match="The server is full"):
        next(in_line(Visitor(), lambda: "never"))
    for told in waiting:
        told.close()
    let_go.set()
    holding.join(30)
    assert done == ["done"]


def test_stop_ends_it_in_its_middle(tmp_path):
    path = tmp_path / "long.jsonl"
    path.write_text("\n".join(repeated("a", 20_000)), encoding="utf-8")
    visitor = Visitor()

    def work() -> Any:
        Thread(target=lambda: stop(visitor)).start()
        return [scene(read_trace(path)[0]) for _ in range(50)]

    with pytest.raises(BrokenOff, match="Stopped: the trace was not read to its end"):
        list(in_line(visitor, work))
    assert in_words(BrokenOff("Stopped")) == "Stopped"


@pytest.mark.parametrize(
    "use", [scene, lambda trace: list(trace.lines()) and Trace.from_lines(trace.lines())]
)
def test_it_ends_in_time(use, monkeypatch):
    trace = chain().trace()
    monkeypatch.setattr(trace_work, "SECONDS", -1.0)
    with pytest.raises(BrokenOff, match=r"took longer than -1 seconds; record or export a shorter run"):
        list(in_line(Visitor(), lambda: use(trace)))
    monkeypatch.undo()
    assert len(list(in_line(Visitor(), lambda: use(trace)))) == 1


def test_another_file_takes_the_place_of_the_one_before_and_no_run_is_touched(path):
    for tab in (Visitor(), Racer()):
        run = begin(tab)
        with RUNS.place():
            first, second = in_line(tab, lambda: 1), in_line(tab, lambda: 2)
            next(first)
            next(second)
            with pytest.raises(BrokenOff):
                next(first)
            second.close()
        assert not run.is_set()


def test_a_file_cut_off_is_read_as_far_as_it_goes(path):
    path.write_text(path.read_text(encoding="utf-8")[:-40], encoding="utf-8")
    trace, cut = read_trace(path)
    assert cut
    assert trace.steps == chain().trace().steps
    assert "cut off" in words.UPLOADED_CUT


def test_an_export_is_a_file_of_the_visitors_own():
    visitor = Visitor()
    visitor.trace = chain().trace()
    (path,) = in_line(visitor, lambda: exported({}, visitor, "steps", None))
    assert isinstance(path, Path)
    assert path.parent == visitor.room()
    assert path.read_text(encoding="utf-8").startswith("step,")
    assert visitor.folder is not None
    visitor.folder.cleanup()
