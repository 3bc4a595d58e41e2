"""The pictures of real runs of the methods, on a tiny model: what the engine emits is what they expect."""

from __future__ import annotations

from typing import Any

import pytest

import accel
from accel.trace import Readout, Search, SkipPlan, Trace
from tests.tiny import tiny, tiny_speaking
from visuals import VIEWS
from visuals.grid import columns_of
from visuals.reading import read
from visuals.scene import scene

PROMPT = "the heap, the heat, the heap, the heat, the heap. "
REPEATING = [5, 17, 42, 7, 5, 17, 42, 9, 5, 17]  # what follows comes round again, so that there is a search
ASKED = {
    "adadecode": (Readout, "readouts", {"threshold": 0.0}),
    "clasp": (SkipPlan, "plans", {"interval": 2, "draft_exit": 0.0, "calibrated": False}),
    "aded": (Search, "search", {"calibrated": False, "rate": 1.0}),
}


def real(method: str) -> Trace:
    knobs = ASKED[method][2]
    model, prompt = (tiny(), REPEATING) if method == "aded" else (tiny_speaking(), PROMPT)
    return accel.generate(
        model, prompt, method=method, max_new_tokens=24, observe="decisions", check=False, knobs=knobs
    )


def drafted(tree: list[list[Any]]) -> set[tuple[int, ...]]:
    """The paths of a step's tree, as tokens after its root."""
    paths: dict[int, tuple[int, ...]] = {tree[0][0]: ()}
    for slot, parent, token, *_ in tree[1:]:
        paths[slot] = (*paths[parent], token)
    return set(paths.values())


@pytest.mark.parametrize("method", ASKED)
def test_a_real_run_fills_its_pictures(method: str) -> None:
    trace = real(method)
    kind, key, _ = ASKED[method]
    assert any(isinstance(event, kind) for step in trace.steps for event in step.events)
    assert any(key in step for step in scene(trace)["steps"])
    fitting = [
        (view, step.index) for view in VIEWS.values() for step in trace.steps if view.fits(trace, step.index)
    ]
    assert fitting
    for view, at in fitting:
        view.draw(trace, at)


def test_real_early_tokens_leave_layers_for_later() -> None:
    trace = real("adadecode")
    _, steps = read(trace)
    left = [column for column in columns_of(trace.header, steps) if column.left]
    assert left
    for column in left:
        kinds = [column.cell(layer) for layer in range(trace.header.model.num_layers)]
        at = column.left.layer if column.left else 0
        assert kinds == ["ran"] * at + ["later"] * (len(kinds) - at)


def test_real_drafts_skip_what_the_plan_says() -> None:
    trace = real("clasp")
    _, steps = read(trace)
    planned = {plan.skipped for rows in steps for plan in rows.plans}
    drafting = [
        column for column in columns_of(trace.header, steps) if column.lane == "draft" and column.step
    ]
    assert drafting
    layers = range(trace.header.model.num_layers)
    for column in drafting:
        assert tuple(layer for layer in layers if column.cell(layer) == "skipped") in planned


def test_a_real_search_hangs_together() -> None:
    trace = real("aded")
    _, steps = read(trace)
    sent = [(step["search"][2], step["nodes"]) for step in scene(trace)["steps"] if "search" in step]
    assert sent
    for nodes, tree in sent:
        assert nodes[0][:2] == [-1, tree[0][2]]  # the root is the newest token
        paths: list[tuple[int, ...]] = [()]
        for at, (parent, token, *_) in enumerate(nodes[1:], 1):
            assert 0 <= parent < at
            paths.append((*paths[parent], token))
        assert {path for path, node in zip(paths, nodes, strict=True) if node[5]} <= drafted(tree)
    searches = [search for rows in steps for search in rows.searches]
    assert any(node.chosen for search in searches for node in search.nodes)
