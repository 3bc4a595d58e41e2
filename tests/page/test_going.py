"""What goes on in a browser tab: stopped, it shows what it has; dropped for something else, nothing more."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import urlopen

import gradio as gr
import pytest

from accel.trace import Trace
from tests.browser.served import ROOT, WITHOUT_MODEL, served
from tests.page.test_inputs import form
from tests.tiny import save_tiny
from visuals.page import runs, words
from visuals.page.going import begin, drop, stop, until_dropped, was_dropped
from visuals.page.line import RUNS
from visuals.page.visitor import Visitor

TRACES = ROOT / "assets" / "traces"
REQUEST = gr.Request(client={"host": "192.0.2.1"}, headers={})
EXPLORER, STATUS, RUN, STOP = 1, 2, 3, 4  # places in what a run puts out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_tiny(tmp_path_factory.mktemp("going"))


def started(visitor: Visitor, folder: str) -> Any:
    """A run, just when its first steps were shown."""
    run = runs._run(REQUEST, visitor, form(folder=folder, chat=False, max_new_tokens=400, check=False))
    while next(run)[STATUS] != words.DECODING:
        pass
    next(run)
    return run


def test_each_stop_ends_what_its_own_button_began_and_nothing_else() -> None:
    with served(*WITHOUT_MODEL) as address, urlopen(f"{address}config") as answer:
        page = json.load(answer)
    named = {one["props"].get("elem_id"): one["id"] for one in page["components"]}
    states = {one["id"] for one in page["components"] if one["type"] == "state"}

    def held(button: str, side: str) -> set[int]:
        """The states that pressing a button sends, or gets back."""
        click = [named[button], "click"]
        pressed = [event for event in page["dependencies"] if click in event["targets"]]
        return {one for event in pressed for one in event[side]} & states

    pairs = {"run": "stop", "race-start": "race-stop", "measure": "measure-stop", "fit": "fit-stop"}
    stopped = [held(stopping, "inputs") for stopping in pairs.values()]
    assert stopped == [held(begins, "outputs") for begins in pairs]
    assert len(set().union(*stopped)) == len(pairs), "two share what they stop"


def test_a_run_that_was_stopped_shows_what_it_has(folder: str) -> None:
    visitor = Visitor()
    run = started(visitor, folder)
    stop(visitor)
    *_, last = run
    assert (last[STATUS], last[RUN]["interactive"], last[STOP]["interactive"]) == ("Stopped.", True, False)
    assert visitor.trace is not None
    assert 0 < len(visitor.trace.tokens) < 400
    stop(None)  # a tab that began nothing


def test_a_run_that_was_dropped_says_no_more_but_that_another_may_begin(folder: str) -> None:
    visitor, opened = Visitor(), Trace.load(next(TRACES.glob("*.jsonl")))
    run = started(visitor, folder)
    drop(visitor)
    visitor.trace = opened
    last = next(run)
    with RUNS.place() as place:
        assert list(place.waiting(0.01)) == [], "the next need not wait for it"
    assert list(run) == []
    assert (last[EXPLORER], last[STATUS]) == (gr.skip(), gr.skip())
    assert (last[RUN]["interactive"], last[STOP]["interactive"]) == (True, False)
    assert visitor.trace == opened
    drop(None)


def test_a_run_that_another_took_the_place_of_is_silent(folder: str) -> None:
    visitor = Visitor()
    run = started(visitor, folder)
    begin(visitor)
    assert list(run) == []


def test_to_drop_what_is_over_harms_nothing() -> None:
    visitor = Visitor()
    for told in ("ab", "cd"):
        mine = begin(visitor)
        assert "".join(until_dropped(visitor, mine, iter(told))) == told
        assert not was_dropped(visitor, mine)
        drop(visitor)
        assert was_dropped(visitor, mine)
