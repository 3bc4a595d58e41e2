"""What the suffix tree holds and forgets: limits, privacy, the depth."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from accel.speculation import NOTHING
from accel.suffix_tree import SuffixTree


def counts_of(tree: SuffixTree, texts: list[list[int]]) -> dict[tuple[int, ...], int]:
    """What the tree counts for every string of these texts, held or not."""
    strings = {
        tuple(text[start:end])
        for text in texts
        for start in range(len(text))
        for end in range(start + 1, min(len(text), start + tree.depth) + 1)
    }
    return {string: tree.count(string) for string in strings}


def texts_of(number: int, length: int, seed: int = 0) -> list[list[int]]:
    chance = random.Random(seed)
    return [chance.choices(range(6), k=length) for _ in range(number)]


def test_eviction_leaves_no_trace() -> None:
    texts = texts_of(12, 30)
    limited, fresh = SuffixTree(8, max_tokens=100), SuffixTree(8)
    for text in texts:
        limited.extend(limited.start("answer"), text)
    for text in texts[-3:]:
        fresh.extend(fresh.start("answer"), text)
    assert (limited.num_tokens, limited.num_sequences, limited.num_nodes) == (90, 3, fresh.num_nodes)
    assert counts_of(limited, texts) == counts_of(fresh, texts)
    for text in texts:
        ours = limited.speculate(text, max_tokens=8, alpha=2.0)
        theirs = fresh.speculate(text, max_tokens=8, alpha=2.0)
        assert (ours.tokens, ours.probs, ours.candidates) == (theirs.tokens, theirs.probs, theirs.candidates)


def test_a_sequence_too_long_by_itself_forgets_its_start() -> None:
    (text,) = texts_of(1, 500)
    tree, fresh = SuffixTree(8, max_tokens=100), SuffixTree(8)
    sequence = tree.start("a long answer")
    for number, token in enumerate(text, start=1):
        tree.extend(sequence, [token])
        assert min(number, 75) <= tree.num_tokens <= 100
    kept = list(tree.excerpt(sequence, 0, 500))
    assert kept == text[-len(kept) :]
    fresh.extend(fresh.start("its end"), kept)
    assert counts_of(tree, [text]) == counts_of(fresh, [text])
    assert tree.num_nodes == fresh.num_nodes


def test_the_growing_sequence_outlives_older_and_younger_ones() -> None:
    tree = SuffixTree(8, max_tokens=10)
    first, second, third = (tree.start(name) for name in ("first", "second", "third"))
    for sequence in (first, second, third):
        tree.extend(sequence, [sequence] * 3)
    tree.extend(second, [7, 7])
    assert [len(tree.excerpt(sequence, 0, 99)) for sequence in (first, second, third)] == [0, 5, 3]
    tree.extend(second, [7, 7, 7])
    assert tree.num_sequences == 1
    tree.extend(first, [5])
    assert tree.excerpt(first, 0, 99) == (5,), (
        "evicted while open: it goes on from nothing, its tokens numbered on"
    )
    assert tree.excerpt(first, 3, 4) == (5,)


def test_a_closed_sequence_does_not_grow_and_a_removed_one_is_unknown() -> None:
    tree = SuffixTree(8)
    sequence = tree.start("answer")
    tree.extend(sequence, [1, 2])
    tree.close(sequence)
    with pytest.raises(ValueError, match="closed"):
        tree.extend(sequence, [3])
    assert tree.count([1, 2]) == 1
    tree.remove(sequence)
    with pytest.raises(KeyError):
        tree.extend(sequence, [3])
    empty = tree.start("nothing was said")
    tree.close(empty)
    with pytest.raises(KeyError):
        tree.remove(empty)


def test_sequences_grow_in_turn_though_one_splits_the_others_state() -> None:
    tree = SuffixTree(3)
    first, second = tree.start("first"), tree.start("second")
    tree.extend(first, [0, 1, 2])  # 0 1 2 and 1 2 end at the same place
    tree.extend(second, [5, 1, 2, 7])  # and now they do not
    tree.extend(first, [7])
    assert (tree.count([1, 2, 7]), tree.count([2, 7]), tree.count([1, 2])) == (2, 2, 2)
    fresh = SuffixTree(3)
    for text in ([0, 1, 2, 7], [5, 1, 2, 7]):
        fresh.extend(fresh.start("text"), text)
    assert tree.num_nodes == fresh.num_nodes


def test_an_interrupted_extension_keeps_what_came_before() -> None:
    def torn() -> Iterator[int]:
        yield from (1, 2)
        raise InterruptedError

    tree = SuffixTree(8)
    sequence = tree.start("answer")
    with pytest.raises(InterruptedError):
        tree.extend(sequence, torn())
    tree.extend(sequence, [3])
    assert (tree.count([1, 2, 3]), tree.count([]), tree.num_tokens) == (1, 3, 3)
    with pytest.raises(ValueError, match="up to 8"):
        tree.count([1] * 9)


def plain(value: Any) -> Iterator[int]:
    """Every integer inside a value."""
    if isinstance(value, int):
        yield value
    elif isinstance(value, dict):
        yield from plain([*value, *value.values()])
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from plain(item)
    elif hasattr(value, "__slots__"):
        yield from plain([getattr(value, name) for name in value.__slots__])
    elif hasattr(value, "__dict__"):
        yield from plain(vars(value))


def test_removed_tokens_are_nowhere_in_memory_and_never_drafted() -> None:
    public, private = texts_of(2, 300)
    private = [token if number % 3 else 1_000_000 + token for number, token in enumerate(private)]
    tree = SuffixTree(16)
    tree.extend(tree.start("public"), public)
    secret = tree.start("private")
    tree.extend(secret, private)
    for end in range(300):  # fills what look-ups remember
        tree.speculate(private[max(end - 16, 0) : end], max_tokens=8, branching=True)
    assert max(plain(tree)) >= 1_000_000
    tree.remove(secret)
    assert max(plain(tree)) < 1_000_000
    for end in range(300):
        draft = tree.speculate(private[max(end - 16, 0) : end], max_tokens=8, min_prob=0.0)
        assert max(draft.tokens, default=0) < 1_000_000
        assert draft.spot is None or draft.spot.source == "public"


def test_strings_of_full_depth_do_not_remember_what_followed() -> None:
    tree = SuffixTree(3)
    for text in ([0, 1, 2], [0, 1, 2, 99], [5, 1, 2]):
        tree.extend(tree.start("text"), text)
    tree.remove(1)
    assert max(plain(tree)) < 99


@pytest.mark.parametrize("branching", [False, True])
def test_match_and_draft_are_no_longer_than_the_depth(branching: bool) -> None:
    text = list(range(100))
    tree = SuffixTree(16)
    tree.extend(tree.start("once"), text)
    draft = tree.speculate(text[:50], max_tokens=64, alpha=4.0, branching=branching)
    assert {candidate.length: candidate.score for candidate in draft.candidates} == {
        length: min(4 * length, 16 - length) for length in range(1, 16)
    }
    assert (draft.match_length, draft.tokens) == (4, tuple(range(50, 62)))
    assert tree.speculate(text[:50], max_tokens=64, branching=branching).match_length == 8, (
        "half with alpha 1"
    )


def test_a_tree_may_have_more_nodes_than_levels() -> None:
    tree = SuffixTree(4)
    tree.extend(tree.start("text"), [1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3, 6])
    draft = tree.speculate([0, 1, 2, 3], max_tokens=9, branching=True)
    assert (draft.match_length, draft.score) == (3, 1.0)
    assert (draft.tokens, draft.parents) == ((4, 5, 6), (-1, -1, -1)), "equals in the order of their ids"


def test_a_match_is_shorter_than_the_context() -> None:
    tree = SuffixTree(16)
    tree.extend(tree.start("text"), [1, 2, 3])
    assert tree.speculate([], max_tokens=4) == NOTHING
    assert tree.speculate([1], max_tokens=4) == NOTHING
    assert tree.speculate([1, 2], max_tokens=4).match_length == 1
    assert tree.speculate([2, 9], max_tokens=4) == NOTHING


def test_a_budget_of_nothing_still_names_the_match() -> None:
    tree = SuffixTree(16)
    tree.extend(tree.start("text"), [1, 2, 3, 4])
    draft = tree.speculate([1, 2, 3], max_tokens=4, offset=-5.0)
    assert (draft.tokens, draft.score, draft.match_length) == ((), 0.0, 2)
    assert draft.spot is not None
    assert (draft.spot.sequence, draft.spot.end) == (0, 3)
