"""The columns of the layers x tokens picture: one for every slot in every lane, in the order of computing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from accel.metrics import TARGET
from accel.trace import Header, Readout
from visuals.plans import REHEARSAL
from visuals.rows import Fate, Look, StepRows

Cell = Literal["ran", "later", "skipped", "not run"]
"""`later` ran after the slot had left early, or in a later step; `skipped` has layers above it that ran."""


@dataclass
class Column:
    """A slot as one lane computed it. The prompt is one column for all its tokens."""

    lane: str
    slot: int
    step: int
    num_slots: int
    fate: Fate
    runs: list[tuple[int, int, int]] = field(default_factory=list)  # first, last, step
    looks: dict[int, Look] = field(default_factory=dict)  # by 0-based layer
    left: Readout | None = None  # where it left early
    rolled_back: int | None = None  # in which step
    skipped: frozenset[int] = frozenset()

    def cell(self, layer: int) -> Cell:
        """What happened to this slot in a layer."""
        for first, last, step in self.runs:
            if first <= layer < last:
                deferred = self.left is not None and layer >= self.left.layer
                return "later" if deferred or step > self.step else "ran"
        if self.lane == REHEARSAL:
            return "not run"
        top = max(last for _, last, _ in self.runs)
        return "skipped" if layer < top or layer in self.skipped else "not run"


def columns_of(header: Header, steps: Iterable[StepRows]) -> list[Column]:
    """All columns of these steps."""
    grid: dict[tuple[str, int], Column] = {}
    found: list[Column] = []
    tip = len(header.prompt.tokens) - 1
    plan: tuple[int, ...] = ()  # what drafts leave out
    for rows in steps:
        fates: dict[int, Fate] = {node.slot: node.fate for node in rows.nodes}
        new: list[Column] = []
        for block in rows.blocks:
            slots = block.slots if rows.index else (tip,)
            for slot in slots:
                column = grid.get((block.lane, slot))
                if column is None:
                    column = Column(block.lane, slot, rows.index, 0, fates.get(slot, "committed"))
                    grid[block.lane, slot] = column
                    new.append(column)
                if rows.index == 0 and block.first == 0:
                    column.num_slots += len(block.slots)
                column.runs.append((block.first, block.last, rows.index))
        _note(rows, grid, new)
        for made in rows.plans:
            plan = made.skipped if made.early else plan
        for column in new:
            column.skipped = frozenset(plan if column.lane != TARGET else ())
        plan = rows.plans[-1].skipped if rows.plans else plan
        found += new
    return found


def _note(rows: StepRows, grid: dict[tuple[str, int], Column], new: list[Column]) -> None:
    """Look-ups, early leavers, roll-backs and skip plans onto the columns they are about."""
    for look in rows.looks:
        if (TARGET, look.slot) in grid:
            grid[TARGET, look.slot].looks[look.layer - 1] = look
    for readout in rows.readouts:
        if readout.taken and (TARGET, readout.slot) in grid:
            grid[TARGET, readout.slot].left = readout
    for slot in rows.rolled_back:
        if (TARGET, slot) in grid:
            grid[TARGET, slot].rolled_back = rows.index
    for column in new:
        column.num_slots = max(1, column.num_slots)
