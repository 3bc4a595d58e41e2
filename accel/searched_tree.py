"""The tree that ADED searches (Liu 2024): pairs of tokens with their visits, and the draft its best paths make."""

from __future__ import annotations

from collections.abc import Callable, Container

from accel.trace import Search, SearchNode
from accel.trigrams import NO_ROW, Pair, Row

LONGEST = 3  # tokens of a searched path; with the root's pair, the released code's state of length 4
TOP = 24  # nodes drafted from, the root among them, those with the most visits
MOST = 64  # tokens of a draft

Rows = Callable[[Pair], Row]
Path = tuple[int, ...]  # the tokens after the tip


class Node:
    """A pair of tokens somewhere in the searched tree, and what the search learned of it."""

    __slots__ = (
        "children", "depth", "expanded", "pair", "parent", "prior", "reward", "row", "total", "visits",
    )  # fmt: skip

    def __init__(self, parent: Node | None, pair: Pair, prior: float, row: Row) -> None:
        self.parent = parent
        self.pair = pair
        self.prior = prior  # the weight of its token in the parent's row
        self.row = row  # what the search may try after it: nothing at the full length
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.expanded = False
        self.children: list[Node] = []  # those reached so far, in the order of the row
        self.visits = 0
        self.total = 0.0  # of the rewards
        self.reward = 0.0  # the sum of the weights along the path, as the mode looks them up

    @property
    def value(self) -> float:
        return self.total / self.visits if self.visits else 0.0

    @property
    def path(self) -> Path:
        return () if self.parent is None else (*self.parent.path, self.pair[1])

    @property
    def prob(self) -> float:
        """Of its path: each weight as a share of its row."""
        if self.parent is None:
            return 1.0
        share = self.prior / self.parent.row.total  # never above 1, so no child is likelier than its parent
        return self.parent.prob * share

    @property
    def has_untried(self) -> bool:
        return len(self.children) < len(self.row.tokens)

    def next_child(self, rows: Rows) -> Node:
        """The heaviest successor that was not reached yet."""
        at = len(self.children)
        pair = (self.pair[1], self.row.tokens[at])
        ends = self.depth + 1 == LONGEST
        child = Node(self, pair, self.row.weights[at], NO_ROW if ends else rows(pair))
        self.children.append(child)
        return child


class Found:
    """A searched tree: its nodes in the order in which they were reached, the root first, and the draft it gives."""

    def __init__(self, nodes: list[Node], ended: list[Node], draft: dict[Path, float]) -> None:
        self.nodes = nodes
        self.ended = ended  # for each iteration, the node from which its reward went up
        self.draft = draft

    def event(self, chosen: Container[Path]) -> Search:
        places = {id(node): at for at, node in enumerate(self.nodes)}
        nodes = tuple(
            SearchNode(
                -1 if node.parent is None else places[id(node.parent)],
                node.pair,
                round(node.prior, 6),
                node.visits,
                round(node.value, 6),
                node.path in chosen,
            )
            for node in self.nodes
        )
        return Search(nodes, tuple(places[id(node)] for node in self.ended))


def drafted(rows: Rows, nodes: list[Node], most: int) -> dict[Path, float]:
    """The probability of each drafted path, parents first, at most `most`: the top nodes, and after each of them its
    heaviest successor. The longest go first where there are too many, and of these those visited least."""
    probs: dict[Path, float] = {}
    for node in sorted(nodes, key=lambda node: -node.visits)[:TOP]:  # a parent never comes after its child
        path, prob = node.path, node.prob
        if path:
            probs.setdefault(path, prob)
        row = rows(node.pair)
        if row.tokens:
            probs.setdefault((*path, row.tokens[0]), prob * (row.weights[0] / row.total))
    return dict(sorted(probs.items(), key=lambda item: len(item[0]))[: min(most, MOST)])
