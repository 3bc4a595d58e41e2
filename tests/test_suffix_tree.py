"""The counted suffix tree against SuffixDecoding's golden vectors and against counting by hand."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import asdict
from math import floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accel import suffix_states
from accel.speculation import LookUp, Speculation
from accel.suffix_tree import SuffixTree

EVERYTHING = 10**9
THREE = ([7, 1, 2, 3, 9, 9], [8, 1, 2, 4, 6, 6], [5, 1, 2, 3, 9, 8])


def tree_of(*texts: list[int], depth: int = 64) -> SuffixTree:
    tree = SuffixTree(depth)
    for number, text in enumerate(texts):
        tree.extend(tree.start(f"text {number}"), text)
    return tree


def paths(draft: Speculation) -> dict[tuple[int, ...], float]:
    """The drafted paths with their probabilities: as a set, as the order of equals is ours to choose."""
    found: dict[int, tuple[int, ...]] = {-1: ()}
    for node, (token, parent) in enumerate(zip(draft.tokens, draft.parents, strict=True)):
        found[node] = (*found[parent], token)
    return {found[node]: pytest.approx(prob) for node, prob in enumerate(draft.probs)}


# --- the golden vectors of the official implementation


@pytest.mark.parametrize("branching", [False, True])
@pytest.mark.parametrize(("alpha", "tokens", "score"), [(1, (4, 5, 1), 1.5), (2, (4, 5, 1, 2, 3), 2.5)])
def test_v1_a_repeated_start(branching: bool, alpha: float, tokens: tuple[int, ...], score: float) -> None:
    text = [1, 2, 3, 4, 5, 1, 2, 3]
    draft = tree_of(text).speculate(text, max_tokens=32, alpha=alpha, min_prob=0.1, branching=branching)
    assert (draft.match_length, draft.tokens, draft.score) == (3, tokens, score)
    assert draft.parents == tuple(range(-1, len(tokens) - 1))
    assert set(draft.probs) == {0.5}
    assert (draft.spot.source, draft.spot.end) == ("text 0", 3)


def test_v2_a_path_through_three_sequences() -> None:
    draft = tree_of(*THREE).speculate([0, 1, 2], max_tokens=8, alpha=4, min_prob=0.1)
    assert (draft.match_length, draft.tokens[:2], draft.counts) == (2, (3, 9), (2, 2, 1))
    assert draft.tokens[2] == 8, "of 8 and 9, which are equal, the lowest"
    assert draft.probs == pytest.approx((2 / 3, 2 / 3, 1 / 3))
    assert draft.score == pytest.approx(5 / 3)


def test_v2_a_tree_through_three_sequences() -> None:
    tree = tree_of(*THREE)
    draft = tree.speculate([0, 1, 2], max_tokens=8, alpha=4, min_prob=0.1, branching=True)
    two, one = 2 / 3, 1 / 3
    assert paths(draft) == {
        (3,): two, (3, 9): two, (4,): one, (3, 9, 9): one, (3, 9, 8): one, (4, 6): one, (4, 6, 6): one,
    }  # fmt: skip
    assert (draft.score, draft.match_length) == (pytest.approx(3.0), 2)
    for knobs in ({"alpha": 1, "min_prob": 0.1}, {"alpha": 4, "min_prob": 0.5}):
        draft = tree.speculate([0, 1, 2], max_tokens=8, branching=True, **knobs)
        assert paths(draft) == {(3,): two, (3, 9): two}
        assert draft.score == pytest.approx(4 / 3)


def test_v2_without_its_second_sequence() -> None:
    tree = tree_of(*THREE)
    tree.remove(1)
    draft = tree.speculate([0, 1, 2], max_tokens=8, alpha=4, min_prob=0.1, branching=True)
    assert paths(draft) == {(3,): 1.0, (3, 9): 1.0, (3, 9, 9): 0.5, (3, 9, 8): 0.5}
    assert draft.score == 3.0


# --- against counting by hand, while sequences come, grow, are removed and evicted


def strings(texts: list[list[int]], depth: int) -> dict[tuple[int, ...], set[tuple[int, int]]]:
    """Every string of up to `depth` tokens, with the places where it ends."""
    places: dict[tuple[int, ...], set[tuple[int, int]]] = {}
    for number, text in enumerate(texts):
        for start in range(len(text)):
            for end in range(start + 1, min(len(text), start + depth) + 1):
                places.setdefault(tuple(text[start:end]), set()).add((number, end))
    return places


def grown(
    counts: Counter[tuple[int, ...]], match: tuple[int, ...], depth: int, budget: int, look_up: LookUp
) -> list[Any]:
    """The draft after one match: (token, parent, count), as section 3.2 says it."""
    nodes: list[Any] = []
    heap: list[Any] = []
    text, order = match, 0
    tokens = sorted({string[-1] for string in counts})
    while len(nodes) < budget:
        found = [
            (-counts[(*text, token)], token)
            for token in tokens
            if len(text) < depth and (*text, token) in counts
        ]
        found = [(count, token) for count, token in found if -count / counts[match] >= look_up.min_prob]
        for count, token in found if look_up.branching else sorted(found)[:1]:
            heapq.heappush(heap, (count, order, token, len(nodes) - 1, (*text, token)))
            order += 1
        if not heap:
            break
        count, _, token, parent, text = heapq.heappop(heap)
        nodes.append((token, parent, -count))
    return nodes


def check(tree: SuffixTree, texts: list[list[int]], context: list[int], look_up: LookUp) -> None:
    depth = tree.depth
    counts = Counter({string: len(places) for string, places in strings(texts, depth).items()})
    best, best_length, best_nodes, tried = 0.0, 0, [], []
    context = context[-depth:]
    for length in range(1, len(context)):
        match = tuple(context[-length:])
        if match not in counts:
            break
        budget = min(max(floor(look_up.alpha * length + look_up.offset + 1e-6), 0), look_up.max_tokens)
        nodes = grown(counts, match, depth, budget, look_up)
        score = sum(count for *_, count in nodes) / counts[match]
        tried.insert(0, (length, counts[match], score))
        if score >= best:
            best, best_length, best_nodes = score, length, nodes
    draft = tree.speculate(context, **asdict(look_up))
    assert (draft.score, draft.match_length, draft.candidates) == (best, best_length, tuple(tried))
    assert list(zip(draft.tokens, draft.parents, draft.counts, strict=True)) == best_nodes
    if draft.spot is not None:
        end = draft.spot.end
        assert list(tree.excerpt(draft.spot.sequence, end - best_length, end)) == context[-best_length:]
        if not look_up.branching:
            assert tree.excerpt(draft.spot.sequence, end, end + len(draft.tokens)) == draft.tokens
    assert (draft.spot is None) == (best_length == 0)


SEARCHES = st.builds(
    LookUp,
    max_tokens=st.sampled_from([0, 1, 4, 20]),
    alpha=st.sampled_from([0.0, 0.5, 1.0, 2.0, 4.0]),
    offset=st.sampled_from([-1.5, 0.0, 2.0]),
    min_prob=st.sampled_from([0.0, 0.1, 1 / 3, 0.5, 1.0]),
    branching=st.booleans(),
)
TOKENS = st.one_of(
    st.lists(st.integers(0, 2), min_size=1, max_size=8),
    st.lists(st.integers(0, 40), min_size=1, max_size=8),
    st.integers(1, 8).map(lambda number: [0] * number),
)
VERBS = st.sampled_from(["start", "extend", "extend", "extend", "remove", "look"])
SOME_SEARCHES = st.lists(SEARCHES, min_size=4, max_size=4)
ACTIONS = st.lists(st.tuples(VERBS, st.integers(0, 9), TOKENS, SEARCHES), max_size=40)


@pytest.mark.parametrize(
    "common", [16, 2]
)  # how many followers are many: few, so that short texts reach what is for long ones
@settings(max_examples=200, deadline=None)
@given(
    depth=st.sampled_from([2, 3, 4, 8]),
    limit=st.sampled_from([None, None, 1, 3, 20]),
    actions=ACTIONS,
    searches=SOME_SEARCHES,
)
def test_it_counts_and_drafts_what_counting_by_hand_does(
    common: int, depth: int, limit: int | None, actions: list[Any], searches: list[LookUp]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suffix_states, "COMMON", common)
        tree = SuffixTree(depth, limit)
        texts: dict[int, list[int]] = {tree.start("the first"): []}
        for action, number, tokens, look_up in actions:
            chosen = list(texts)[number % len(texts)] if texts else None
            if action == "start" or chosen is None:
                texts[tree.start("another")] = []
            elif action == "extend":
                tree.extend(chosen, tokens)
                texts[chosen] += tokens
                if limit is not None:
                    texts = {sequence: list(tree.excerpt(sequence, 0, EVERYTHING)) for sequence in texts}
            elif action == "remove":
                tree.remove(chosen)
                del texts[chosen]
            else:
                check(tree, list(texts.values()), [*texts[chosen], *tokens[1:]], look_up)
        for text in texts.values():
            for end, look_up in enumerate(searches, start=len(text) - len(searches) + 1):
                check(tree, list(texts.values()), text[: max(end, 0)], look_up)
        places = strings(list(texts.values()), depth)
        assert all(tree.count(string) == len(found) for string, found in places.items())
        assert tree.num_nodes == 1 + len({frozenset(found) for found in places.values()}), (
            "the smallest tree there is"
        )
        assert tree.num_tokens == sum(len(text) for text in texts.values()) <= (limit or EVERYTHING)
        assert tree.num_sequences == sum(bool(text) for text in texts.values())
