"""The knobs of a look-up, the edges of rounding, and the choice between two trees."""

from __future__ import annotations

from typing import Any

import pytest

from accel.speculation import NOTHING, LookUp, best_of
from accel.suffix_draft import _least_count
from accel.suffix_tree import SuffixTree


def test_rounding() -> None:
    assert 0.58 * 50 < 29, "as floats have it"
    assert LookUp(99, alpha=0.58).budget(50) == 29
    assert [LookUp(5, alpha=2.0, offset=-3.0).budget(length) for length in range(6)] == [0, 0, 1, 3, 5, 5]
    for base in range(1, 200):
        assert [_least_count(base, count / base) for count in range(base + 1)] == [1, *range(1, base + 1)]


REFUSED = (
    {"max_tokens": -1},
    {"max_tokens": 4, "alpha": -1.0},
    {"max_tokens": 4, "alpha": float("nan")},
    {"max_tokens": 4, "offset": float("inf")},
    {"max_tokens": 4, "min_prob": 2.0},
)


@pytest.mark.parametrize("knobs", REFUSED)
def test_knobs_that_mean_nothing_are_refused(knobs: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        SuffixTree().speculate([1, 2], **knobs)


def test_of_two_trees_the_higher_score_wins_and_the_request_on_a_tie() -> None:
    trees = [SuffixTree(16) for _ in range(2)]
    for tree, text in zip(trees, ([1, 2, 3], [1, 2, 4]), strict=True):
        tree.extend(tree.start("text"), text)
    request, session = (tree.speculate([0, 1, 2], max_tokens=4) for tree in trees)
    assert best_of(request, session) is request
    assert best_of(NOTHING, session) is session
    trees[0].extend(trees[0].start("its own end"), [0, 1, 2])
    assert best_of(trees[0].speculate([0, 1, 2], max_tokens=4), session) is session
