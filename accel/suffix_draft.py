"""How SuffixDecoding drafts from a counted suffix tree, and how it scores drafts (Oliaro 2024)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from heapq import heappop, heappush
from itertools import accumulate, repeat
from operator import attrgetter
from typing import NamedTuple

from accel.speculation import NOTHING, Candidate, LookUp, Speculation, Spot
from accel.suffix_states import ROOT, SuffixStates

Locate = Callable[[tuple[int, int], list[int], int], Spot]


def speculate(
    states: SuffixStates, context: Sequence[int], look_up: LookUp, locate: Locate, *, every: bool
) -> Speculation:
    """The draft with the highest score over all match lengths, the longest match on a tie.

    `every` length is scored for a picture; else those are passed over that are too short to win.
    A match is shorter than the context, and with its draft no longer than the depth.
    """
    deepest, length = states.match(context[max(1, len(context) - states.depth + 1) :])
    if not length:
        return NOTHING
    candidates = _try_lengths(states, deepest, length, look_up, every)
    best = max(candidates, key=attrgetter("score"))  # the first of equals, which is the longest
    state = states.narrow(deepest, best.length)
    levels = states.depth - best.length
    tokens, parents, ends, counts = _grow(states, state, look_up.budget(best.length), levels, look_up)
    branch = _longest_branch(parents)
    last = ends[branch[-1]] if branch else state
    seen = [*context[len(context) - best.length :], *(tokens[node] for node in branch)]
    spot = locate(states.home[last], seen, best.length)
    # If the place had to be searched for, it is not searched for again.
    states.home[last] = (spot.sequence, spot.end + len(branch))
    return Speculation(
        tokens=tuple(tokens),
        parents=tuple(parents),
        probs=tuple([count / best.count for count in counts]),
        counts=tuple(counts),
        score=best.score,
        match_length=best.length,
        candidates=tuple(candidates),
        spot=spot,
    )


class Growth(NamedTuple):
    """Drafted nodes in order: token, index of the parent or -1, the state where the path ends, its count."""

    tokens: Sequence[int]
    parents: Sequence[int]
    ends: Sequence[int]
    counts: Sequence[int]


def _try_lengths(
    states: SuffixStates, deepest: int, length: int, look_up: LookUp, every: bool
) -> list[Candidate]:
    """Score every match length from `length` down to 1, given the state of the longest.

    The lengths of one state go on alike, so they share a growth: each takes as much as its budget allows.
    A draft cannot promise more tokens than it has: a state whose budgets are no higher than the best score is
    not grown, unless `every` length is wanted.
    """
    budgets, rooms = _limits(look_up, states.depth)
    candidates: list[Candidate] = []
    state, highest = deepest, -1.0
    while state != ROOT:
        shortest = states.longest[states.link[state]] + 1
        if max(budgets[shortest : length + 1]) <= highest and not every:
            state, length = states.link[state], shortest - 1
            continue
        count = states.count[state]
        growth = _grow(states, state, max(rooms[shortest : length + 1]), states.depth, look_up)
        sums = list(accumulate(growth.counts, initial=0))
        sums += [sums[-1]] * (states.depth - len(sums))  # more room than growth adds nothing
        scores = [sums[room] / count for room in rooms[shortest : length + 1]]
        if look_up.branching and growth.tokens:
            for m in range(shortest, length + 1):
                # Allowed more nodes than levels, its own lowest level counts: it is grown by itself.
                if rooms[m] < budgets[m]:
                    own = _grow(states, state, budgets[m], rooms[m], look_up)
                    scores[m - shortest] = sum(own.counts) / count
        highest = max(highest, *scores)
        candidates += map(Candidate, range(length, shortest - 1, -1), repeat(count), reversed(scores))
        state, length = states.link[state], shortest - 1
    return candidates


@lru_cache(maxsize=16)
def _limits(look_up: LookUp, depth: int) -> tuple[list[int], list[int]]:
    """By match length: how many nodes its draft may have, and the lower of that and the levels below it."""
    budgets = [look_up.budget(length) for length in range(depth)]
    return budgets, [min(budget, depth - length) for length, budget in enumerate(budgets)]


def _grow(states: SuffixStates, state: int, budget: int, levels: int, look_up: LookUp) -> Growth:
    """Draft from a matched state: at most `budget` nodes on at most `levels` levels."""
    least = _least_count(states.count[state], look_up.min_prob)
    if look_up.branching:
        return _tree(states, state, budget, levels, least)
    return _path(states, state, min(budget, levels), least)


def _path(states: SuffixStates, state: int, budget: int, least: int) -> Growth:
    """Follow the most frequent token; the lowest on a tie."""
    after, count = states.after, states.count
    tokens: list[int] = []
    ends: list[int] = []
    counts: list[int] = []
    for _ in range(budget):
        children = after[state]
        if len(children) == 1:  # most of all states, and worth a short cut
            ((token, state),) = children.items()
        elif (best := _best(states, state, least)) is not None:
            token, state = best
        else:
            break
        times = count[state]
        if times < least:
            break
        tokens.append(token)
        ends.append(state)
        counts.append(times)
    return Growth(tokens, range(-1, len(tokens) - 1), ends, counts)


def _tree(states: SuffixStates, state: int, budget: int, levels: int, least: int) -> Growth:
    """Take the most probable node that hangs on what is taken; the one seen first on a tie."""
    count = states.count
    tokens: list[int] = []
    parents: list[int] = []
    ends: list[int] = []
    heap: list[tuple[int, int, int, int, int, int]] = []  # (-count, order, token, parent, level, state)
    order, level = 0, 0
    while len(tokens) < budget:
        if level < levels:
            for token, child in _frequent(states, state, least):
                heappush(heap, (-count[child], order, token, len(tokens) - 1, level + 1, child))
                order += 1
        if not heap:
            break
        _, _, token, parent, level, state = heappop(heap)
        tokens.append(token)
        parents.append(parent)
        ends.append(state)
    return Growth(tokens, parents, ends, [count[state] for state in ends])


def _best(states: SuffixStates, state: int, least: int) -> tuple[int, int] | None:
    """The token that follows most often, the lowest of equals, and its state, if it does `least` times."""
    children, count = states.after[state], states.count
    found: tuple[int, int] | None = None
    most = least
    for token in states.worth_reading(state, least):
        times = count[children[token]]
        if times > most or (times == most and (found is None or token < found[0])):
            most, found = times, (token, children[token])
    return found


def _frequent(states: SuffixStates, state: int, least: int) -> list[tuple[int, int]]:
    """All tokens that follow at least so often, with their states, the lowest first."""
    children, count = states.after[state], states.count
    tokens = sorted(states.worth_reading(state, least))
    return [(token, children[token]) for token in tokens if count[children[token]] >= least]


def _least_count(base: int, min_prob: float) -> int:
    """The lowest count, 1 or more, with count / base >= min_prob."""
    least = max(int(base * min_prob), 1)
    return least if least / base >= min_prob else least + 1


def _longest_branch(parents: Sequence[int]) -> list[int]:
    """The nodes from the root to the first of the deepest; empty where nothing was drafted."""
    branches: list[list[int]] = [[]]  # by node, after the root's own
    for node, parent in enumerate(parents):
        branches.append([*branches[parent + 1], node])
    return max(branches, key=len)
