"""What the suffix tree costs, counted in reads of its lists and bytes held: never in seconds, which flake."""

from __future__ import annotations

import random
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest

from accel.speculation import LookUp, Spot
from accel.suffix_tree import SuffixTree


class Counted(list[Any]):
    """A list that counts how often it is read."""

    reads = 0

    def __getitem__(self, index: Any) -> Any:
        self.reads += 1
        return super().__getitem__(index)


def text_like(kind: str, length: int) -> list[int]:
    chance = random.Random(1)
    words = range(2000)
    return {
        "words": lambda: chance.choices(words, [1 / (word + 1) for word in words], k=length),
        "one token": lambda: [7] * length,
        "two tokens in turn": lambda: [7, 8] * (length // 2),
        "a paragraph again and again": lambda: list(range(100)) * (length // 100),
    }[kind]()


@pytest.mark.parametrize("kind", ["words", "one token", "two tokens in turn", "a paragraph again and again"])
def test_a_token_costs_the_same_in_a_long_text(kind: str) -> None:
    """Counted in states read, not in seconds: updates, look-ups and removal, ten times as much text."""
    costs: list[list[float]] = []
    for length in (1_000, 10_000):
        tree = SuffixTree(64)
        states = tree._states
        states.link, states.after = Counted(), Counted()
        states.link.append(-1), states.after.append({})
        text = text_like(kind, length)
        sequence = tree.start(kind)
        costs.append([])
        for work in (
            lambda tree=tree, text=text, sequence=sequence: tree.extend(sequence, text),
            lambda tree=tree, text=text: [
                tree.speculate(text[end - 64 : end], max_tokens=32) for end in range(100, 300)
            ],
            lambda tree=tree, sequence=sequence: tree.remove(sequence),
        ):
            before = states.link.reads + states.after.reads
            work()
            costs[-1].append(states.link.reads + states.after.reads - before)
    update, look_up, removal = (after / before for before, after in zip(*costs, strict=True))
    assert update < 13
    assert look_up < 1.3
    assert removal < 13
    assert costs[1][0] / 10_000 < 6 * 64


def test_a_word_that_anything_may_follow_is_not_read_through() -> None:
    tree = SuffixTree(64)
    sequence = tree.start("1 is followed by 2 every other time, else by something new")
    tree.extend(sequence, [token for new in range(10, 2_010) for token in (1, 2, 1, new)])
    tree.speculate([9, 1], max_tokens=4)
    tree.extend(sequence, [token for new in range(2_010, 2_020) for token in (1, 2, 1, new)])
    tree._states.count = Counted(tree._states.count)
    for branching in (False, True):
        assert tree.speculate([9, 1], max_tokens=4, branching=branching).tokens == (2,)
    assert tree._states.count.reads < 100


def test_what_is_common_after_a_word_is_kept_up_to_date() -> None:
    tree = SuffixTree(8)

    def drafted(min_prob: float) -> tuple[int, ...]:
        return tree.speculate([9, 1], max_tokens=1, min_prob=min_prob).tokens

    tree.extend(tree.start("50 twice of 22"), [t for new in [50, 50, *range(100, 120)] for t in (1, new)])
    other = tree.start("and of 62")
    tree.extend(other, [token for new in range(200, 240) for token in (1, new)])
    assert (drafted(0.09), drafted(0.0)) == ((), (50,)), "asked for rare ones, it reads them all"
    tree.remove(other)
    assert (drafted(0.1), drafted(0.09)) == ((), (50,))
    latest = tree.start("60 becomes common")
    tree.extend(latest, [1, 60] * 10)
    assert drafted(0.1) == (60,)
    tree.remove(latest)
    assert (drafted(0.1), drafted(0.09)) == ((), (50,))


class Unread(dict[Any, Any]):
    """A dictionary to look things up in, not to read through."""

    def items(self) -> Any:
        raise AssertionError("read through")


def test_a_forgotten_place_is_searched_for_once() -> None:
    tree = SuffixTree(8)
    for source in ("kept", "removed"):
        tree.extend(tree.start(source), [1, 2, 3, 4])
    tree.remove(1)
    first = tree.speculate([0, 1, 2], max_tokens=4)
    tree._texts = Unread(tree._texts)
    again = tree.speculate([0, 1, 2], max_tokens=4)
    assert first.spot == again.spot == Spot(0, "kept", 2)


def test_a_place_in_an_evicted_start_is_not_shown() -> None:
    tree = SuffixTree(8, max_tokens=6)
    first, second = tree.start("first"), tree.start("second")
    tree.extend(second, [1, 2, 3])
    tree.extend(first, [1, 2, 3])
    tree.extend(second, [9])
    assert tree.speculate([0, 1, 2], max_tokens=1).spot == Spot(second, "second", 2)


def test_what_is_common_is_read_anew_when_states_are_joined() -> None:
    tree = SuffixTree(3)
    first, other = tree.start("0 1 2 and anything"), tree.start("1 2 after another word")
    tree.extend(first, [token for new in range(100, 120) for token in (0, 1, 2, new)])
    assert tree.speculate([0, 1, 2], max_tokens=1).candidates[0] == (2, 20, 0.0)
    tree.extend(other, [5, 1, 2])
    tree.extend(first, [0, 1, 2, 77] * 10)
    tree.remove(other)
    assert tree.speculate([0, 1, 2], max_tokens=1).tokens == (77,)


@pytest.mark.parametrize(
    ("kind", "limit"), [("words", 2_000), ("one token", 100), ("a paragraph again and again", 200)]
)
def test_memory_per_token(kind: str, limit: int) -> None:
    text = text_like(kind, 20_000)
    tracemalloc.start()
    tree = SuffixTree(64)
    tree.extend(tree.start(kind), text)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert tree.num_nodes <= 2 * len(text)
    assert held / len(text) < limit


@pytest.mark.parametrize("branching", [False, True])
@pytest.mark.parametrize("kind", ["words", "one token", "two tokens in turn", "a paragraph again and again"])
def test_lengths_that_cannot_win_are_passed_over(kind: str, branching: bool) -> None:
    text, tree, passed = text_like(kind, 3_000), SuffixTree(16), 0
    tree.extend(tree.start(kind), text)
    for knobs in ({"alpha": 1.0}, {"alpha": 0.5, "offset": 2.0}, {"alpha": 4.0, "min_prob": 0.3}):
        look_up = LookUp(max_tokens=12, branching=branching, **knobs)
        for end in range(500, 560):
            context = text[end - 16 : end]
            every = tree.look_up(context, look_up)
            some = tree.look_up(context, look_up, every=False)
            passed += len(every.candidates) - len(some.candidates)
            assert set(some.candidates) <= set(every.candidates)
            assert replace(some, candidates=every.candidates) == every
    assert passed > 0
