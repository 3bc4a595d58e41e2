"""The paths of a call's drafts: every token on one of them, and none where the cache has them as a text would."""

from __future__ import annotations

import random

import pytest

from accel.models.layered import Path
from accel.paths import paths_of


def test_the_tree_of_the_picture() -> None:
    a, b, c, d = range(8, 12)
    found = paths_of([[], [a], [a, b], [a, c], [a, b, d]], a)
    assert found == (Path((4, 2, 1, 0), (a, b, d), a), Path((3,), (a, c), a))


@pytest.mark.parametrize("lineages", [[[]], [[], []], [[], [8], [8, 9]], [[8, 9]]])
def test_a_text_and_a_chain_behind_it_need_none(lineages: list[list[int]]) -> None:
    assert paths_of(lineages, 8) == ()


def test_a_chain_behind_a_hole_is_a_path() -> None:
    assert paths_of([[9], [9, 10]], 8) == (Path((1, 0), (9, 10), 8),)


@pytest.mark.parametrize("seed", range(20))
def test_every_token_looks_along_one_path_that_holds_its_line(seed: int) -> None:
    chance = random.Random(seed)
    first, lineages = 5, [list[int]()]
    for row in range(first, first + chance.randrange(2, 40)):
        lineages.append([*chance.choice(lineages), row])
    called = chance.sample(lineages, chance.randrange(1, len(lineages)))
    paths = paths_of(called, first)
    for path in paths:
        for slot in path.slots:
            assert list(path.rows[: len(called[slot])]) == called[slot]
    told = sorted(slot for path in paths for slot in path.slots)
    if paths:
        assert told == list(range(len(called)))
    else:
        longest = max(called, key=len)
        assert longest == list(range(first, first + len(longest)))
        assert all(line == longest[: len(line)] for line in called)
