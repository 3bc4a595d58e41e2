"""What every picture wants to know of a step. `reading.py` makes these rows, charts and scenes draw them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from accel.trace import Last, Match, MatrixUpdate, Occurrence, Readout, Residual, Search, Seconds, Verdict
from visuals.plans import Plan

Fate = Literal["committed", "drafted", "accepted", "rejected", "unreached", "bonus", "recovered", "plain"]
"""`drafted` is a draft whose fate was not recorded (observe=none); `committed` is text of an earlier step."""

Origin = Literal["accepted", "bonus", "recovered", "plain"]


@dataclass(frozen=True, slots=True)
class Node:
    """One token of a step's tree. `lane` and `depth` are its place: lanes across, depth from the root."""

    slot: int
    parent: int | None  # None for the root: the newest committed token when the step began
    token: int
    position: int
    depth: int
    lane: int
    fate: Fate
    draft_prob: float | None  # None for what was not drafted
    source: str
    verdict: Verdict | None
    residual: Residual | None
    rolled_back: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """One committed token as text. It is empty while its last character waits for the next token's bytes."""

    slot: int
    token: int
    position: int
    step: int
    origin: Origin
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A lane's run over layers `first..last-1` for some slots, `start` layer calls into the whole run."""

    lane: str
    first: int
    last: int
    slots: tuple[int, ...]
    start: int

    @property
    def layers(self) -> int:
        return self.last - self.first


@dataclass(frozen=True, slots=True)
class Look:
    """The plain readout of a slot after `layer` layers: the top token and its probability."""

    slot: int
    layer: int
    token: int
    confidence: float


@dataclass(frozen=True, slots=True)
class StepRows:
    """One step, read. `nodes` begins with the root and goes on in drafting order, the new token last."""

    index: int
    nodes: tuple[Node, ...]
    pieces: tuple[Piece, ...]
    last: Last
    draw: float
    blocks: tuple[Block, ...]
    looks: tuple[Look, ...]
    readouts: tuple[Readout, ...]
    matches: tuple[Match, ...]
    occurrences: tuple[Occurrence, ...]
    searches: tuple[Search, ...]
    updates: tuple[MatrixUpdate, ...]
    plans: tuple[Plan, ...]
    rolled_back: tuple[int, ...]
    seconds: Seconds
    numbers: dict[str, float]  # the counters of accel.metrics, up to and with this step

    @property
    def drafted(self) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.draft_prob is not None)
