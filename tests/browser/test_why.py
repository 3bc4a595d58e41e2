"""Every decision of every shipped run can be made again from the sentence that the page says of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accel.trace import Commit, Draft, Residual, Trace, Verdict
from tests.browser.opened import Opened
from tests.visuals.runs import RunBook

pytestmark = pytest.mark.browser
SHIPPED = sorted((Path(__file__).resolve().parents[2] / "assets" / "traces").glob("*.jsonl"))

# What the page says of each judged guess, by slot, and the texts of its nodes.
SENTENCES = """() => explorer.scene.steps.flatMap((_, index) => {
  const step = explorer.scene.step(index);
  return step.nodes.filter((node) => node.verdict).map((node) => [node.slot, {
    said: DraftScope.why(explorer.scene, step, node, 'commit'), text: DraftScope.quoted(node.label),
    parent: node.parent, numbers: node.verdict, draft: node.draftProb }]);
})"""
NUMBER = r"([<>≈]? ?[\d.]*\d)"
GREEDY_KEPT = re.compile(rf"^(“.*”) was kept: it is the model’s own first choice here \({NUMBER}\)", re.S)
GREEDY_LOST = re.compile(rf"^(“.*”) was rejected: the model gave it {NUMBER} and chose (“.*”) instead;", re.S)
DRAWN = re.compile(
    rf"^(“.*”) was (kept|rejected): the number drawn, {NUMBER}, is (?:not )?below its chance of {NUMBER} "
    rf"\(the model gave it {NUMBER}, the draft {NUMBER}\)",
    re.S,
)


def decided(said: str) -> bool:
    """The decision, worked out from the sentence's numbers and tokens alone."""
    if drawn := DRAWN.match(said):
        accepted = float(drawn[3]) < float(drawn[4])
        assert accepted == (drawn[2] == "kept"), said
        return accepted
    if lost := GREEDY_LOST.match(said):
        assert lost[1] != lost[3], said  # the model's choice is another token
        return False
    assert GREEDY_KEPT.match(said), said
    return True


def near(shown: str, value: float) -> bool:
    """Is this the number, as far as it is written out?"""
    if shown.startswith("<"):
        return value < float(shown[1:])
    if shown.startswith(">"):
        return value > float(shown[1:])
    return abs(float(shown) - value) < 0.51 * 10.0 ** -len(shown.partition(".")[2])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_sentence_holds_all_that_the_decision_needs(opened: Callable[..., Opened], path: Path) -> None:
    trace = Trace.load(path)
    said: dict[int, dict[str, Any]] = dict(opened(trace).page.evaluate(SENTENCES))
    verdicts = {e.slot: e for step in trace.steps for e in step.events if isinstance(e, Verdict)}
    drafts = {e.slot: e for step in trace.steps for e in step.events if isinstance(e, Draft)}
    assert set(said) == set(verdicts)
    for slot, verdict in verdicts.items():
        told = said[slot]
        assert told["said"].startswith(told["text"])
        assert decided(told["said"]) == verdict.accepted
        if drawn := DRAWN.match(told["said"]):
            assert near(drawn[3], verdict.draw)
            assert near(drawn[4], verdict.accept_prob)
            assert near(drawn[5], verdict.target_prob)
            assert near(drawn[6], drafts[slot].draft_prob)
            assert told["numbers"]["acceptProb"] == pytest.approx(chance(trace, verdict), abs=2e-4)
        elif kept := GREEDY_KEPT.match(told["said"]):
            assert near(kept[2], verdict.target_prob)


def chance(trace: Trace, verdict: Verdict) -> float:
    """The chance of a picked guess: the model's probability of it, among what rejected siblings left."""
    step = next(step for step in trace.steps if verdict in step.events)
    parents = {e.slot: e.parent for e in step.events if isinstance(e, Draft)}
    elders = [
        e.target_prob
        for e in step.events
        if isinstance(e, Verdict) and parents[e.slot] == parents[verdict.slot] and e.slot < verdict.slot
    ]
    assert verdict.rule == "one-hot"
    return verdict.target_prob / (1 - sum(elders))


@pytest.mark.parametrize(
    ("draw", "accept"), [(0.1234561, 0.1234567), (0.5, 0.5), (0.999999, 1.0), (0.3, 0.2)]
)
def test_numbers_that_lie_close_are_written_until_they_differ(
    opened: Callable[..., Opened], draw: float, accept: float
) -> None:
    """And the residual of a rejection is told with it."""
    book = RunBook()
    book.prefill()
    guess = book.draft(book.tip, " e", 0.5)
    book.run(book.tip, guess)
    book.log(Verdict(guess, "drawn", accept / 2, accept, draw, draw < accept))
    if draw < accept:
        book.commit((guess,), " f", "bonus")
    else:
        book.log(Residual(guess, (book.token(" h"), book.token(" i")), (0.75, 0.25)))
        book.commit((), " h", "recovered")
    here = opened(book.trace())
    told = dict(here.page.evaluate(SENTENCES))[guess]
    assert decided(told["said"]) == (draw < accept)
    assert min(1.0, told["numbers"]["targetProb"] / told["draft"]) == pytest.approx(accept)
    assert ("What was left to choose from: “·h” .75, “·i” .25." in told["said"]) == (draw >= accept)


def test_a_commit_follows_from_its_verdicts() -> None:
    """Guesses kept are those accepted, in every shipped run: nothing else decides."""
    for path in SHIPPED:
        for step in Trace.load(path).steps:
            accepted = [e.slot for e in step.events if isinstance(e, Verdict) and e.accepted]
            commit = next(e for e in step.events if isinstance(e, Commit))
            drafted = {e.slot for e in step.events if isinstance(e, Draft)}
            assert [slot for slot in commit.slots if slot in drafted] == accepted
