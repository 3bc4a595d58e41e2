"""The token tree: slots with parents, a trunk that only grows, branches that start at its tip."""

from __future__ import annotations

import random

import pytest

from accel.tree import TokenTree


def path_to(tree: TokenTree, slot: int) -> list[int]:
    """The tokens from the root to a slot, by walking its parents."""
    tokens, at = [], slot
    while at is not None:
        tokens.append(tree.tokens[at])
        at = tree.parent(at)
    return tokens[::-1]


def test_a_prompt_is_a_trunk_with_positions():
    tree = TokenTree([7, 8, 9])
    assert (tree.trunk, tree.positions, tree.text, tree.tip) == ([0, 1, 2], [0, 1, 2], [7, 8, 9], 2)
    assert [tree.parent(slot) for slot in tree.trunk] == [None, 0, 1]
    assert tree.text_from(1) == [8, 9]
    assert tree.text_from(3) == []


def test_a_tree_needs_a_root():
    with pytest.raises(ValueError, match="at least one token"):
        TokenTree([])


def test_the_prompt_is_copied_and_may_be_any_sequence():
    prompt = [1, 2]
    tree = TokenTree(prompt)
    tree.add(1, 3)
    assert prompt == [1, 2]
    assert TokenTree((4, 5)).text == [4, 5]


def test_siblings_share_a_position_and_are_not_text():
    tree = TokenTree([7, 8])
    a, b = tree.add(1, 3), tree.add(1, 3)
    below = tree.add(a, 4)
    assert (a, b, below) == (2, 3, 4)
    assert [tree.positions[slot] for slot in (a, b, below)] == [2, 2, 3]
    assert tree.text == [7, 8]
    assert not any(tree.is_committed(slot) for slot in (a, b, below))
    assert path_to(tree, below) == [7, 8, 3, 4]


def test_committed_text_before_the_tip_takes_no_branch():
    tree = TokenTree([7, 8, 9])
    for slot in (0, 1):
        with pytest.raises(ValueError, match="branches start at the tip, slot 2"):
            tree.add(slot, 5)
    assert len(tree.tokens) == len(tree.positions) == 3


def test_only_a_path_from_the_tip_is_committed():
    tree = TokenTree([7])
    a, b = tree.add(0, 1), tree.add(0, 2)
    below_b = tree.add(b, 3)
    for path in ([below_b], [a, below_b], [b, a], [0]):
        fresh = TokenTree([7])
        fresh.add(0, 1), fresh.add(0, 2), fresh.add(2, 3)
        with pytest.raises(ValueError, match="does not follow the tip"):
            fresh.commit(path)
    tree.commit([b, below_b])
    assert (tree.trunk, tree.text, tree.tip) == ([0, 2, 3], [7, 2, 3], 3)
    assert tree.is_committed(b)
    assert not tree.is_committed(a)


def test_committing_nothing_changes_nothing():
    tree = TokenTree([7])
    tree.add(0, 1)
    tree.commit([])
    assert tree.text == [7]


def test_a_walk_of_drafts_and_commits_keeps_every_promise():
    chance = random.Random(5)
    tree, text, ids = TokenTree([1, 2, 3]), [1, 2, 3], {0, 1, 2}
    for _ in range(100):
        live = [tree.tip]
        for _ in range(chance.randrange(6)):
            parent = chance.choice(live)
            slot = tree.add(parent, chance.randrange(9))
            assert slot not in ids  # ids are never used again, also after a rejection
            ids.add(slot)
            assert tree.positions[slot] == tree.positions[parent] + 1
            live.append(slot)
        path, at = [], chance.choice(live)
        while at != tree.tip:
            path.insert(0, at)
            at = tree.parent(at)
        text += [tree.tokens[slot] for slot in path]
        tree.commit(path)
        assert tree.text == text == path_to(tree, tree.tip)
        assert [tree.positions[slot] for slot in tree.trunk] == list(range(len(text)))
        assert all(tree.is_committed(slot) == (slot in set(tree.trunk)) for slot in ids)
    assert len(ids) > len(text) > 20
