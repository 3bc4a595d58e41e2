"""What single methods show: exits and deferred layers, skip plans, searches, matches; as rows and as small JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from accel.trace import LayerRun, Match, Search, SearchNode, SkipPlan, Trace
from tests.visuals.method_runs import ALL, COSINES, exits, matches, search, skips
from tests.visuals.runs import NUM_LAYERS, RunBook
from visuals.grid import Column, columns_of
from visuals.method_json import MAX_MATCHES, MAX_SEARCHED
from visuals.plans import jaccard
from visuals.reading import read
from visuals.scene import SceneWriter, applied, scene
from visuals.searches import searched


def columns(trace: Trace) -> dict[tuple[str, int], Column]:
    _, steps = read(trace)
    return {(column.lane, column.slot): column for column in columns_of(trace.header, steps)}


def cells(column: Column) -> list[str]:
    return [column.cell(layer) for layer in range(NUM_LAYERS)]


@pytest.mark.parametrize("name", ALL)
def test_deltas_one_by_one_are_the_whole_scene(name: str) -> None:
    trace = ALL[name]()
    writer = SceneWriter("recorded", trace.header)
    deltas = [writer.start(), *(writer.add([step]) for step in trace.steps), writer.finish(trace.footer)]
    message = None
    for delta in deltas:
        message = applied(message, json.loads(json.dumps(delta)))
    assert message is not None
    assert message | {"seq": 0} == json.loads(json.dumps(scene(trace)))


def test_layers_above_an_exit_ran_later() -> None:
    found = columns(exits())
    assert cells(found["target", 3]) == ["ran", "ran", "later", "later"]
    assert cells(found["target", 4]) == ["ran", "ran", "ran", "later"]
    assert cells(found["target", 5]) == ["ran"] * 4  # the lead that reached the top
    assert found["target", 8].rolled_back == 2
    assert found["target", 7].rolled_back is None


def test_every_look_is_sent_with_its_threshold() -> None:
    steps = scene(exits())["steps"]
    assert [len(step.get("readouts", ())) for step in steps] == [0, 4, 4, 1]
    assert steps[1]["readouts"][0] == [3, 2, 4, 0.875, 0.75, True]
    assert [step.get("rolled_back") for step in steps] == [None, None, [8], None]
    assert steps[1]["labels"]["6"] == " three"  # only looked at, never drafted


def test_drafts_skip_by_the_newest_plan_and_rehearsals_skip_nothing() -> None:
    trace = skips()
    _, steps = read(trace)
    assert [[plan.skipped for plan in rows.plans] for rows in steps] == [[], [(1, 2)], [(2, 3)], []]
    found = columns(trace)
    assert cells(found["draft", 3]) == ["ran", "skipped", "skipped", "ran"]
    tips = [step.commit.slots[-1] for step in trace.steps]
    assert cells(found["draft", tips[1]]) == ["ran", "ran", "skipped", "skipped"]
    assert cells(found["draft", tips[2]]) == ["ran", "ran", "skipped", "skipped"]  # no new plan in this step
    assert cells(found["plan", 2]) == ["not run", "ran", "ran", "ran"]


def test_a_plan_made_after_verifying_holds_from_the_next_step_on() -> None:
    book = RunBook()
    book.prefill()
    before = book.tip
    book.run(before, lane="draft", last=3)
    book.run(before)
    book.log(SkipPlan((3,), COSINES))
    tip = book.commit((), " e", "plain").commit.slots[-1]
    book.run(tip, lane="draft", last=3)
    book.run(tip)
    book.commit((), " f", "plain")
    trace = book.trace()
    _, steps = read(trace)
    assert [plan.early for rows in steps for plan in rows.plans] == [False]
    assert cells(columns(trace)["draft", before]) == ["ran", "ran", "ran", "not run"]
    assert cells(columns(trace)["draft", tip]) == ["ran", "ran", "ran", "skipped"]


def test_neighbouring_plans_are_compared() -> None:
    _, steps = read(skips())
    likeness = [plan.likeness for rows in steps for plan in rows.plans]
    assert likeness == [None, pytest.approx(1 / 3)]
    assert jaccard((), ()) == 1
    assert jaccard((1,), (2,)) == 0


def test_the_table_arrives_as_it_was_and_the_way_through_it_is_the_plans() -> None:
    _, steps = read(skips())
    (plan,) = steps[1].plans
    assert plan.path() == [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2)]
    early, skipped, likeness, width, digits = scene(skips())["steps"][1]["plans"][0]
    assert (early, skipped, likeness, width) == (True, [1, 2], None, 3)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    levels = [
        64 * alphabet.index(digits[at]) + alphabet.index(digits[at + 1]) for at in range(0, len(digits), 2)
    ]
    sent = [2 * level / 4095 - 1 for level in levels]
    assert sent == pytest.approx([cosine for row in COSINES for cosine in row], abs=5e-4)


@pytest.mark.parametrize(
    "table", [((1.0,),), ((1.0, 0.5),) * NUM_LAYERS + ((1.0,),), ((0.5,) * 5000,) * (NUM_LAYERS + 1)]
)
def test_a_table_of_another_shape_or_too_large_is_left_out(table: Any) -> None:
    book = RunBook()
    book.prefill()
    book.log(SkipPlan((1, -7, 10**9), table))
    book.run(book.tip)
    book.commit((), " e", "plain")
    assert scene(book.trace())["steps"][1]["plans"] == [[True, [1], None, 0, ""]]


def test_a_search_is_a_tree_again() -> None:
    iterations, total, nodes, ended = scene(search())["steps"][1]["search"]
    assert (iterations, total) == (12, 6)
    ids = {4: "one", 5: "two", 6: "three", 3: "d"}
    assert [(parent, ids[token], visits, chosen) for parent, token, _, visits, _, chosen in nodes] == [
        (-1, "d", 12, False),
        (0, "one", 7, True),
        (1, "two", 4, True),
        (1, "three", 2, False),
        (0, "three", 3, False),
        (4, "two", 2, False),
    ]
    assert ended == [1, 2, 4, 5, 2, 3, 2, 5, 0, 3, 2, 0]
    assert scene(search())["steps"][1]["labels"]["6"] == " three"  # searched, not drafted


def test_of_a_large_search_the_drafted_and_the_most_visited_are_sent() -> None:
    wide = [SearchNode(0, (1, 100 + at), 0.1, at, 1.0, False) for at in range(500)]
    drafted = SearchNode(1, (100, 99), 0.1, 0, 1.0, True)
    root = SearchNode(-1, (0, 1), 1.0, 10**6, 1.0, False)
    found, ended = searched(Search((root, *wide, drafted), (501, 2, 500)), MAX_SEARCHED)
    assert len(found) == MAX_SEARCHED + 1
    assert (found[1].token, found[1].parent, found[-1].token, found[-1].parent) == (100, 0, 99, 1)
    assert min(node.visits for node in found[2:-1]) == 500 - MAX_SEARCHED + 2
    assert ended == [MAX_SEARCHED, 0, MAX_SEARCHED - 1]  # what is left out counts at its parent


def test_what_was_learned_and_where_a_match_stands_is_sent_as_it_is_shown() -> None:
    learned = scene(search())["steps"][1]["learned"]
    assert learned == [[2, 3, [[4, 0.25, 0.5], [6, 1.25, 1.25]]]]
    assert scene(matches())["steps"][1]["places"] == [
        ["request", 0, 3, 2, ["a", " b c", " d"], True],
        ["session", 3, 42, 2, [" one", " two three", " four"], False],
    ]


def test_matches_are_sent_the_chosen_first_and_bounded() -> None:
    step = scene(matches())["steps"][1]
    assert step["num_matches"] == 5
    assert step["matches"][0] == ["request", 2, 3, 2.5, True]
    book = RunBook()
    book.prefill()
    book.log(*(Match("request", at + 1, 1, 0.5, False) for at in range(500)))
    book.run(book.tip)
    book.commit((), " e", "plain")
    assert len(scene(book.trace())["steps"][1]["matches"]) == MAX_MATCHES


def test_a_step_of_each_method_stays_small() -> None:
    """A plan's table on 30 layers, a full search and 48 matches: each under 4 kB, sent with its step alone."""
    book = RunBook()
    book.header = replace(book.header, model=replace(book.header.model, num_layers=30))
    book.prefill()
    book.log(SkipPlan(tuple(range(5, 17)), tuple((0.123456,) * 13 for _ in range(31))))
    book.run(book.tip)
    book.commit((), " e", "plain")
    tip = book.tip
    nodes = [SearchNode(-1, (0, tip), 0.123456, 150, 1.234567, False)]
    nodes += [SearchNode(0, (tip, 10_000 + at), 0.123456, 30, 1.234567, at < 20) for at in range(150)]
    book.log(Search(tuple(nodes), tuple(range(1, 151))))
    book.log(LayerRun("target", 0, 30, (tip,)))
    book.commit((), " f", "plain")
    book.log(*(Match("request", at + 1, 12, 1.234567, at == 3) for at in range(48)))
    book.log(LayerRun("target", 0, 30, (book.tip,)))
    book.commit((), " g", "plain")
    sizes = [len(json.dumps(step, separators=(",", ":"))) for step in scene(book.trace())["steps"][1:]]
    assert max(sizes) < 4_000, sizes
