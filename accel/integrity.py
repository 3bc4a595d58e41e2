"""Does a trace hang together? A file may come from anyone, and pictures rely on what is checked here."""

from __future__ import annotations

from typing import Any

from accel.cancellation import checkpoint
from accel.trace import (
    Calibration,
    Commit,
    Draft,
    LayerRun,
    Match,
    MatrixUpdate,
    Occurrence,
    Residual,
    Search,
    Step,
    Trace,
    TraceError,
)
from accel.trace_limits import MAX_DRAFTS_PER_STEP, MAX_LANES, MAX_LAYERS, MAX_SOURCES, MAX_TEXT_BYTES


def check_integrity(trace: Trace) -> None:
    """Raises TraceError, naming step and event, unless every slot is introduced before it is named, tokens agree,
    each step ends in its one Commit, and commits are paths that lengthen the text."""
    if not trace.header.prompt.tokens:
        raise TraceError("line 1.prompt.tokens: empty")
    _check_calibration(trace.header.calibration)
    ledger = _Ledger(trace.header.prompt.tokens)
    for number, step in enumerate(trace.steps):
        if step.index != number:
            raise TraceError(f"step {number}, index: expected {number}, found {step.index}")
        checkpoint()
        ledger.add(step)
    ledger.check_text(len(trace.header.prompt.tokens))


def _check_calibration(calibration: Calibration | None) -> None:
    if calibration is not None and len(calibration.rows) != len(calibration.pass_seconds):
        raise TraceError(
            f"line 1.calibration.rows: {len(calibration.rows)} of them, but {len(calibration.pass_seconds)} "
            "pass_seconds; one for each is needed"
        )


class _Ledger:
    """The slots known so far, with their tokens and parents, and the newest committed one; lanes, sizes of pieces."""

    def __init__(self, prompt: tuple[int, ...]) -> None:
        self._tokens = list(prompt)
        self._parents = [max(slot - 1, 0) for slot in range(len(prompt))]
        self._tip = len(prompt) - 1
        self._lanes: set[str] = set()
        self._sources: set[str] = set()
        self._piece_bytes: dict[int, int] = {}  # by token

    def add(self, step: Step) -> None:
        where = f"step {step.index}"
        for token, piece in step.pieces.items():
            self._piece_bytes[token] = max(len(piece), self._piece_bytes.get(token, 0))
        drafts = sum(isinstance(event, Draft) for event in step.events)
        if drafts > MAX_DRAFTS_PER_STEP:
            raise TraceError(f"{where}, Draft: {drafts:,} of them; at most {MAX_DRAFTS_PER_STEP:,} are read")
        commits = sum(isinstance(event, Commit) for event in step.events)
        if commits != 1 or not isinstance(step.events[-1], Commit):
            raise TraceError(f"{where}, events: a step ends in exactly one Commit")
        self._check_sources(step, where)
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
                case LayerRun():
                    self._check_run(event, where)
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

    def check_text(self, prompt: int) -> None:
        """All drafted and committed tokens as text: tables write each of them out."""
        size = sum(self._piece_bytes.get(token, 0) for token in self._tokens[prompt:])
        if size > MAX_TEXT_BYTES:
            raise TraceError(
                f"pieces: the drafted and committed tokens come to {size:,} bytes of text; "
                f"at most {MAX_TEXT_BYTES:,} are read"
            )

    def _check_sources(self, step: Step, where: str) -> None:
        self._sources.update(e.source for e in step.events if isinstance(e, Draft | Match | Occurrence))
        if len(self._sources) > MAX_SOURCES:
            raise TraceError(f"{where}, source: more than {MAX_SOURCES} names of drafts and matches")

    def _check_run(self, run: LayerRun, where: str) -> None:
        if not 0 <= run.first < run.last <= MAX_LAYERS:
            raise TraceError(f"{where}, LayerRun: layers {run.first} to {run.last} are not a run of layers")
        self._lanes.add(run.lane)
        if len(self._lanes) > MAX_LANES:
            raise TraceError(f"{where}, LayerRun.lane: more than {MAX_LANES} lanes")
        self._check_slots(run, where)

    def _check_slots(self, event: Any, where: str) -> None:
        name = type(event).__name__
        if isinstance(event, Residual) and len(event.tokens) != len(event.probs):
            raise TraceError(f"{where}, Residual: as many tokens as probs")
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
