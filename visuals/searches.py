"""ADED's search, read: which node hangs on which, and the part of it worth drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accel.trace import Search, SearchNode

DEEPEST = 3  # tokens that ADED searches beyond the text


@dataclass(frozen=True, slots=True)
class Found:
    """A node of the search tree: its token, the index of its parent (-1: the root) and what was learned of it."""

    parent: int
    token: int
    prior: float
    visits: int
    value: float
    chosen: bool


def searched(search: Search, root: tuple[int, int], most: int) -> list[Found]:
    """The root first, then at most `most` nodes: those chosen, then those visited most, each with all above it.

    `root` is the newest pair of the text. A trace names a node by its pair alone, but lists a child after its parent
    and the parent's earlier children with all below them: the parent is the lowest node of the branch so far that
    ends in the pair's first token and has visits left for it.
    """
    nodes = list(search.nodes)
    if not nodes or nodes[0].pair[-2:] != root:
        visits = max([search.iterations, *(node.visits for node in nodes)])
        nodes.insert(0, SearchNode(root, 1.0, visits, 0.0, False))
    parents = _parents(nodes)
    order = sorted(range(1, len(nodes)), key=lambda at: (not nodes[at].chosen, -nodes[at].visits, at))
    kept = {0}
    for at in order:
        branch = []
        while at not in kept:
            branch.append(at)
            at = parents[at]
        if len(kept) + len(branch) <= most + 1:
            kept.update(branch)
    places = {at: place for place, at in enumerate(sorted(kept))}
    return [
        Found(places.get(parents[at], -1), n.pair[-1], n.prior, n.visits, n.value, n.chosen)
        for at, n in ((at, nodes[at]) for at in sorted(kept))
    ]


def _parents(nodes: Sequence[SearchNode]) -> list[int]:
    """For each node the index of an earlier one, at most `DEEPEST` below the first; -1 for the first."""
    parents = [-1]
    room = [node.visits for node in nodes]  # not yet spent on children
    branch = [0]
    taken: set[tuple[int, int]] = set()  # (parent, token)
    for at, node in enumerate(nodes[1:], 1):
        before, token = node.pair[-2] if len(node.pair) > 1 else -1, node.pair[-1]
        fits = [up for up in branch[:DEEPEST] if nodes[up].pair[-1] == before and (up, token) not in taken]
        roomy = [up for up in fits if room[up] >= node.visits]
        parent = (roomy or fits or [0])[-1]
        parents.append(parent)
        room[parent] -= node.visits
        taken.add((parent, token))
        branch = [*branch[: branch.index(parent) + 1], at]
    return parents
