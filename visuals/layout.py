"""Where the nodes of a tree stand: depth runs one way, lanes the other; a first child shares its lane.

A child's subtree takes the nearest lanes that are free at every depth it covers, so branches lie close and no
two edges cross (the contour walk of Reingold and Tilford 1981, with parents above their first child).

      0 -- 1 -- 2 -- 3      lane 0
       \\    \\-- 4          lane 1
        \\-- 5 -- 6          lane 1 is taken at depth 2: lane 2
"""

from __future__ import annotations

from collections.abc import Mapping

import networkx as nx


def lanes_of(parents: Mapping[int, int | None]) -> dict[int, int]:
    """The lane of every node of a tree, given each node's parent (None: the root), in drafting order.

    >>> lanes_of({0: None, 1: 0, 2: 1, 3: 2, 4: 1, 5: 0, 6: 5})
    {0: 0, 1: 0, 2: 0, 3: 0, 4: 1, 5: 2, 6: 2}
    """
    tree = as_graph(parents)
    root = next(node for node, parent in parents.items() if parent is None)
    depths = nx.shortest_path_length(tree, root)
    contours: dict[int, dict[int, int]] = {}  # node -> the farthest lane used at each depth of its subtree
    shifts: dict[int, int] = {}  # node -> its lane, counted from its parent's
    for node in nx.dfs_postorder_nodes(tree, root):
        bottom = {depths[node]: 0}
        for child in tree.successors(node):
            lower = contours.pop(child)
            shifts[child] = _free_lane(bottom, lower, depths[node] + 1)
            for depth, lane in lower.items():
                bottom[depth] = max(bottom.get(depth, 0), lane + shifts[child])
        contours[node] = bottom
    lanes = {root: 0}
    for node in nx.dfs_preorder_nodes(tree, root):
        for child in tree.successors(node):
            lanes[child] = lanes[node] + shifts[child]
    return {node: lanes[node] for node in parents}


def _free_lane(taken: Mapping[int, int], lower: Mapping[int, int], first_depth: int) -> int:
    """The first lane below everything taken at the depths that a subtree covers."""
    if first_depth not in taken:
        return 0
    return max(taken[depth] for depth in lower if depth in taken) + 1


def as_graph(parents: Mapping[int, int | None]) -> nx.DiGraph[int]:
    """The tree as a networkx graph, nodes and children in the order given."""
    tree: nx.DiGraph[int] = nx.DiGraph()
    tree.add_nodes_from(parents)
    tree.add_edges_from((parent, node) for node, parent in parents.items() if parent is not None)
    return tree
