"""Where the nodes of a tree stand: depth runs one way, lanes the other; a first child shares its lane.

A child's subtree takes the nearest lanes that are free at every depth it covers, so branches lie close and no
two edges cross (the contour walk of Reingold and Tilford 1981, with parents above their first child).

      0 -- 1 -- 2 -- 3      lane 0
       \\    \\-- 4          lane 1
        \\-- 5 -- 6          lane 1 is taken at depth 2: lane 2
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx


@dataclass
class _Contour:
    """The farthest lane used at each depth of a subtree, the deepest first: a lane is its entry plus `shift`.

    So a parent is appended and a whole subtree shifted in constant time, and merging two subtrees takes as long as the
    shallower is deep. All merges of a tree together then take time proportional to its nodes.
    """

    lanes: list[int]
    shift: int = 0

    def last(self, depths: int) -> list[int]:
        """The lanes of the uppermost depths, the deepest of them first."""
        return [lane + self.shift for lane in self.lanes[-depths:]]


def lanes_of(parents: Mapping[int, int | None]) -> dict[int, int]:
    """The lane of every node of a tree, given each node's parent (None: the root), in drafting order.

    >>> lanes_of({0: None, 1: 0, 2: 1, 3: 2, 4: 1, 5: 0, 6: 5})
    {0: 0, 1: 0, 2: 0, 3: 0, 4: 1, 5: 2, 6: 2}
    """
    children: dict[int, list[int]] = {node: [] for node in parents}
    for node, parent in parents.items():
        if parent is not None:
            children[parent].append(node)
    contours: dict[int, _Contour] = {}
    shifts: dict[int, int] = {}  # node -> its lane, counted from its parent's
    for node in reversed(list(parents)):  # children come after their parents
        below: _Contour | None = None
        for child in children[node]:
            lower = contours.pop(child)
            shifts[child], below = (0, lower) if below is None else _merged(below, lower)
        contour = below or _Contour([])
        contour.lanes.append(-contour.shift)
        contours[node] = contour
    lanes: dict[int, int] = {}
    for node, parent in parents.items():
        lanes[node] = 0 if parent is None else lanes[parent] + shifts[node]
    return lanes


def _merged(upper: _Contour, lower: _Contour) -> tuple[int, _Contour]:
    """How far `lower` is moved to lie beyond `upper` at every depth that both have, and the contour of both."""
    depths = min(len(upper.lanes), len(lower.lanes))
    shift = 1 + max(upper.last(depths))
    if len(lower.lanes) > len(upper.lanes):
        lower.shift += shift
        return shift, lower
    upper.lanes[-depths:] = [lane + shift - upper.shift for lane in lower.last(depths)]
    return shift, upper


def as_graph(parents: Mapping[int, int | None]) -> nx.DiGraph[int]:
    """The tree as a networkx graph, nodes and children in the order given."""
    tree: nx.DiGraph[int] = nx.DiGraph()
    tree.add_nodes_from(parents)
    tree.add_edges_from((parent, node) for node, parent in parents.items() if parent is not None)
    return tree
