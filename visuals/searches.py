"""ADED's search, read: which node hangs on which, and the part of it worth drawing."""

from __future__ import annotations

from dataclasses import dataclass

from accel.trace import Search


@dataclass(frozen=True, slots=True)
class Found:
    """A node of the search tree: its token, the index of its parent (-1: the root) and what was learned of it."""

    parent: int
    token: int
    prior: float
    visits: int
    value: float
    chosen: bool


def searched(search: Search, most: int) -> tuple[list[Found], list[int]]:
    """The root first, then at most `most` nodes: those chosen, then those visited most, each with all above it.

    Beside them the node, of these, at or below which each iteration ended.
    """
    nodes = search.nodes
    order = sorted(range(1, len(nodes)), key=lambda at: (not nodes[at].chosen, -nodes[at].visits, at))
    kept = {0}
    for at in order:
        branch = []
        while at not in kept:
            branch.append(at)
            at = nodes[at].parent
        if len(kept) + len(branch) <= most + 1:
            kept.update(branch)
    places = {at: place for place, at in enumerate(sorted(kept))}
    for at, node in enumerate(nodes):  # a parent comes before its children
        places.setdefault(at, places.get(node.parent, 0))
    shown = [nodes[at] for at in sorted(kept)]
    found = [Found(places.get(n.parent, -1), n.pair[1], n.prior, n.visits, n.value, n.chosen) for n in shown]
    return found, [places[at] for at in search.ended]
