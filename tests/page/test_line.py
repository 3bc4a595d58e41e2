"""One run at a time, the others in a line that is told in words; and what a refusal sounds like."""

from __future__ import annotations

from threading import Thread

import gradio as gr
import pytest

from visuals.page.events import said
from visuals.page.line import RUNS, Line, ServerFull
from visuals.page.live import Update, Visitor
from visuals.page.runs import in_turn


def test_each_is_told_how_many_come_first_until_its_turn():
    line = Line(room=3)
    with line.place() as first:
        assert list(first.waiting(0.01)) == []
        with line.place() as second, line.place() as third:
            assert next(second.waiting(0.01)) == 1
            assert next(third.waiting(0.01)) == 2
        with line.place() as again:  # those who left are not waited for
            assert next(again.waiting(0.01)) == 1


def test_a_turn_comes_when_the_run_before_is_over():
    line = Line(room=1)
    told = []

    def wait_for_turn() -> None:
        with line.place() as place:
            told.extend(place.waiting(5.0))
            told.append("turn")

    with line.place():
        waiting = Thread(target=wait_for_turn)
        waiting.start()
        while not told:
            waiting.join(0.01)
    waiting.join(5.0)  # woken at once, long before its patience is over
    assert not waiting.is_alive()
    assert told == [1, "turn"]


def test_a_full_line_says_so_and_what_to_do():
    line = Line(room=1)
    with (
        line.place(),
        line.place(),
        pytest.raises(ServerFull, match=r"1 runs are waiting.*Try again"),
        line.place(),
    ):
        pass
    with line.place(), line.place():  # and there is room again
        pass


def test_a_run_waits_in_words_and_stop_leaves_the_line(monkeypatch):
    monkeypatch.setattr("visuals.page.line.PATIENCE", 0.01)
    visitor = Visitor()
    work = iter([Update("working", over=True)])
    with RUNS.place():
        updates = in_turn(visitor.stop, work)
        assert "Waiting for your turn: one run comes first" in next(updates).status
        with RUNS.place():
            pass
        visitor.stop.set()
        left = next(updates)
        assert left.over
        assert "nothing was decoded" in left.status
        assert list(updates) == []
    visitor.stop.clear()
    assert [update.status for update in in_turn(visitor.stop, work)] == ["working"]


def test_a_visitor_who_leaves_frees_the_place():
    with RUNS.place():
        updates = in_turn(Visitor().stop, iter([]))
        next(updates)
        updates.close()  # as gradio does when the page is closed
        with RUNS.place() as next_one:
            assert next(next_one.waiting(0.01)) == 1


def test_a_spent_quota_is_said_in_words():
    told = said(gr.Error("You have exceeded your GPU quota (60s requested vs. 0s left)."))
    assert "The machine refused the run: You have exceeded your GPU quota" in told
    assert "recorded runs play meanwhile" in told.lower()
    assert "<b>" not in said(gr.Error("<b>no</b>"))
