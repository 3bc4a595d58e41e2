"""ADED's draft maker (Liu 2024): a tree searched through the tri-gram matrix, of which the best paths are drafted.

Three ways to search. `published` and `mended` are the Monte Carlo search of the released code: descend to the child
with the greatest

    U = W / N + P * sqrt(N of the parent) / (1 + N) * (c1 + ln((N of the parent + c2 + 1) / c2)),

expand, roll out by chance, reward every node on the way with R = 1 + the weights along the path. The released code
has a bug in R: it looks up the pair's own last token instead of the one that follows, P(b | a, b) instead of
P(c | a, b). That is nearly 0, so R is nearly 1 and W / N tells nothing; `mended` looks up the right one.
`best_first` takes the paths with the greatest product of weights, without chance: about the same draft, far cheaper.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from functools import cache
from heapq import heappop, heappush
from math import log, sqrt
from random import Random

from accel.searched_tree import LONGEST, TOP, Found, Node, Rows, drafted
from accel.trigrams import Pair, Row

MODES = ("published", "mended", "best_first")
ITERATIONS = 150
C1, C2 = 32.0, 8.0


def search(rows: Rows, root: Pair, *, mode: str, iterations: int, most: int, seed: str) -> Found:
    """What may follow the pair `root`. The same for the same seed; the run's own dice are never asked."""
    if mode == "best_first":
        nodes = _best_first(rows, root)
        ended = nodes[1:]
    else:
        nodes, ended = _monte_carlo(rows, root, mode, iterations, Random(seed))
    return Found(nodes, ended, drafted(rows, nodes, most))


def _monte_carlo(
    rows: Rows, root: Pair, mode: str, iterations: int, chance: Random
) -> tuple[list[Node], list[Node]]:
    """The nodes in the order in which they were reached, and the node at which each iteration ended."""
    nodes = [Node(None, root, 1.0, rows(root))]
    ended: list[Node] = []
    factors = _factors(iterations)
    gain = _published_gain if mode == "published" else _mended_gain
    for _ in range(iterations if nodes[0].row.tokens else 0):
        node = nodes[0]
        while node.expanded:
            best = None if node.has_untried else _best_child(node, factors[node.visits])
            node = best or _try_next(rows, node, nodes, gain)
        if node.row.tokens:
            node.expanded = True
            node = _try_next(rows, node, nodes, gain)
        reward = 1.0 + node.reward + _roll_out(rows, node, gain, chance)
        ended.append(node)
        up: Node | None = node
        while up is not None:
            up.visits += 1
            up.total += reward
            up = up.parent
    return nodes, ended


def _try_next(rows: Rows, node: Node, nodes: list[Node], gain: Gain) -> Node:
    """A child never visited, which counts as infinitely good. The released code has them in its hash map's order."""
    child = node.next_child(rows)
    child.reward = node.reward + gain(node.pair, node.row, child.prior)
    nodes.append(child)
    return child


def _best_child(node: Node, factor: float) -> Node:
    best, best_score = node, -1.0
    for child in node.children:
        score = child.total / child.visits + child.prior * factor / (1 + child.visits)
        if score > best_score:
            best, best_score = child, score
    return best


@cache
def _factors(iterations: int) -> list[float]:
    """sqrt(N) * (c1 + ln((N + c2 + 1) / c2)) for every N of a parent."""
    return [sqrt(visits) * (C1 + log((visits + C2 + 1) / C2)) for visits in range(iterations + 1)]


Gain = Callable[[Pair, Row, float], float]


def _published_gain(pair: Pair, row: Row, weight: float) -> float:
    """The released code's bug: the weight of the pair's last token coming again, whichever token comes."""
    return row.weight(pair[1])


def _mended_gain(pair: Pair, row: Row, weight: float) -> float:
    return weight


def _roll_out(rows: Rows, node: Node, gain: Gain, chance: Random) -> float:
    """What the rest of a path of full length adds to the reward, each token drawn by its weight."""
    pair, row, reward = node.pair, node.row, 0.0
    for _ in range(LONGEST - node.depth):
        if not row.tokens:
            break
        at = min(bisect_right(row.sums, chance.random() * row.sums[-1]), len(row.tokens) - 1)
        reward += gain(pair, row, row.weights[at])
        pair = (pair[1], row.tokens[at])
        row = rows(pair)
    return reward


def _best_first(rows: Rows, root: Pair) -> list[Node]:
    """The root and the 23 nodes with the greatest products of weights; a row's heaviest untried one stands in line."""
    nodes = [Node(None, root, 1.0, rows(root))]
    nodes[0].visits, nodes[0].total = 1, 1.0
    line: list[tuple[float, int]] = []

    def queue(at: int) -> None:
        node = nodes[at]
        if node.has_untried:
            heappush(line, (-node.total * node.row.weights[len(node.children)], at))

    queue(0)
    while line and len(nodes) < TOP:
        product, at = heappop(line)
        child = nodes[at].next_child(rows)
        child.visits, child.total = 1, -product
        nodes.append(child)
        queue(at)
        queue(len(nodes) - 1)
    return nodes
