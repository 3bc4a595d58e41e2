"""Does a trace hang together? A file may come from anyone, and pictures rely on what is checked here."""

from __future__ import annotations

from typing import Any

from accel.trace import (
    Commit,
    Draft,
    LayerRun,
    MatrixUpdate,
    Occurrence,
    Search,
    Step,
    Trace,
    TraceError,
)

MAX_LAYERS = 10_000


def check_integrity(trace: Trace) -> None:
    """Raises TraceError, naming step and event, unless every slot is introduced before it is named, tokens agree,
    each step ends in its one Commit, and commits are paths that lengthen the text."""
    if not trace.header.prompt.tokens:
        raise TraceError("line 1.prompt.tokens: empty")
    ledger = _Ledger(trace.header.prompt.tokens)
    for number, step in enumerate(trace.steps):
        if step.index != number:
            raise TraceError(f"step {number}, index: expected {number}, found {step.index}")
        ledger.add(step)


class _Ledger:
    """The slots known so far, with their tokens and parents, and the newest committed one."""

    def __init__(self, prompt: tuple[int, ...]) -> None:
        self._tokens = list(prompt)
        self._parents = [max(slot - 1, 0) for slot in range(len(prompt))]
        self._tip = len(prompt) - 1

    def add(self, step: Step) -> None:
        where = f"step {step.index}"
        commits = sum(isinstance(event, Commit) for event in step.events)
        if commits != 1 or not isinstance(step.events[-1], Commit):
            raise TraceError(f"{where}, events: a step ends in exactly one Commit")
        for event in step.events:
            match event:
                case Draft():
                    self._add_draft(event, where)
                case Commit():
                    self._add_commit(event, where)
                case Search():
                    _check_search(event, where)
                case MatrixUpdate():
                    _check_rows(event, where)
                case Occurrence():
                    _check_occurrence(event, where)
                case _:
                    self._check_slots(event, where)

    def _add_draft(self, draft: Draft, where: str) -> None:
        known = len(self._tokens)
        if draft.slot != known or not 0 <= draft.parent < known:
            raise TraceError(
                f"{where}, Draft: slot {draft.slot} must be {known} and its parent an earlier slot"
            )
        self._tokens.append(draft.token)
        self._parents.append(draft.parent)

    def _add_commit(self, commit: Commit, where: str) -> None:
        if not commit.slots or len(commit.slots) != len(commit.tokens):
            raise TraceError(f"{where}, Commit: as many slots as tokens, at least one")
        for at, (slot, token) in enumerate(zip(commit.slots, commit.tokens, strict=True)):
            known = len(self._tokens)
            if slot == known and at == len(commit.slots) - 1:
                self._tokens.append(token)
                self._parents.append(self._tip)
            elif not 0 <= slot < known:
                raise TraceError(f"{where}, Commit: slot {slot} that nothing introduced")
            if self._parents[slot] != self._tip or slot <= self._tip or self._tokens[slot] != token:
                raise TraceError(
                    f"{where}, Commit: slot {slot} does not follow the text, or has another token"
                )
            self._tip = slot

    def _check_slots(self, event: Any, where: str) -> None:
        name = type(event).__name__
        if isinstance(event, LayerRun) and not 0 <= event.first < event.last <= MAX_LAYERS:
            raise TraceError(
                f"{where}, LayerRun: layers {event.first} to {event.last} are not a run of layers"
            )
        slots = getattr(event, "slots", ()) or ((event.slot,) if hasattr(event, "slot") else ())
        if any(not 0 <= slot < len(self._tokens) for slot in slots):
            raise TraceError(f"{where}, {name}: a slot that nothing introduced")


def _check_search(search: Search, where: str) -> None:
    nodes = search.nodes
    if not nodes or any(
        not -1 <= node.parent < at or (node.parent < 0) != (at == 0) for at, node in enumerate(nodes)
    ):
        raise TraceError(f"{where}, Search: there is a root, and every other node hangs on an earlier one")
    if any(len(node.pair) != 2 for node in nodes):
        raise TraceError(f"{where}, Search: a node stands for two tokens")
    if any(not 0 <= at < len(nodes) for at in search.ended):
        raise TraceError(f"{where}, Search: an iteration ended at a node that is not there")


def _check_rows(update: MatrixUpdate, where: str) -> None:
    for row in update.rows:
        if len(row.pair) != 2 or not len(row.tokens) == len(row.before) == len(row.after):
            raise TraceError(f"{where}, MatrixUpdate: a row is a pair of tokens and two weights a successor")


def _check_occurrence(found: Occurrence, where: str) -> None:
    start, stop = found.end - found.length, found.first + len(found.excerpt)
    if found.answer < 0 or found.length < 1 or not 0 <= found.first <= start <= found.end <= stop:
        raise TraceError(f"{where}, Occurrence: the excerpt does not hold the match")
