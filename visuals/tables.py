"""A run as two tables (CSV), for a spreadsheet or a data frame: one row a step, or one row a token looked at.

steps: step (0 reads the prompt), tokens committed, drafted, tested, kept, how the last token came to be, layer_calls,
and the measured seconds of drafting, verifying, the rest, and of looking for the picture's sake (in no speed).

tokens: every drafted or committed token of every step. step, slot, parent (slot), position in the text, token (id),
piece (JSON: text in quotes, or a list of bytes where it is a part of a character), fate, rolled_back, draft_prob,
target_prob, accept_prob and draw (a verdict: accepted if draw < accept_prob), source of the draft, exit_layer (how
many layers had run when it was given early). Empty: not recorded, or there was none.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from accel.codec import encode
from accel.trace import Trace
from visuals.pieces import shortened, visible
from visuals.reading import Reader, read
from visuals.rows import Node, StepRows

STEP_COLUMNS = (
    "step", "tokens", "drafted", "tested", "kept", "last", "layer_calls",
    "draft_seconds", "verify_seconds", "other_seconds", "observe_seconds",
)  # fmt: skip
TOKEN_COLUMNS = (
    "step", "slot", "parent", "position", "token", "piece", "fate", "rolled_back",
    "draft_prob", "target_prob", "accept_prob", "draw", "source", "exit_layer",
)  # fmt: skip


def steps_csv(trace: Trace) -> str:
    """One row a step, with where its time went."""
    _, steps = read(trace)
    return _csv(STEP_COLUMNS, (_step(rows) for rows in steps))


def tokens_csv(trace: Trace) -> str:
    """One row a drafted or committed token, with what decided it."""
    reader, steps = read(trace)
    return _csv(TOKEN_COLUMNS, (row for rows in steps for row in _tokens(rows, reader)))


def _csv(columns: tuple[str, ...], rows: Iterable[Iterable[Any]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return file.getvalue()


def _step(rows: StepRows) -> list[Any]:
    tested = sum(node.verdict is not None for node in rows.drafted)
    kept = sum(node.fate == "accepted" for node in rows.drafted)
    calls = sum(block.layers for block in rows.blocks)
    spent = rows.seconds
    return [
        rows.index, len(rows.pieces), len(rows.drafted), tested, kept, rows.last, calls,
        spent.draft, spent.verify, spent.other, spent.observe,
    ]  # fmt: skip


def _tokens(rows: StepRows, reader: Reader) -> list[list[Any]]:
    exits = {readout.slot: readout.layer for readout in rows.readouts if readout.taken}
    # A look is made at the newest token and gives the one after it: the exit is that of the token's parent.
    return [_token(rows.index, node, reader, exits.get(node.parent or 0)) for node in rows.nodes[1:]]


def _token(step: int, node: Node, reader: Reader, exit_layer: int | None) -> list[Any]:
    verdict = node.verdict
    decided = [verdict.target_prob, verdict.accept_prob, verdict.draw] if verdict else [None] * 3
    left = exit_layer if node.draft_prob is not None else None
    return [
        step, node.slot, node.parent, node.position, node.token, _piece(reader.bytes.get(node.token)), node.fate,
        node.rolled_back, node.draft_prob, *decided, _word(node.source), left,
    ]  # fmt: skip


def _piece(piece: bytes | None) -> str:
    """As JSON: reversible, on one line, and never what a spreadsheet takes for a formula."""
    return "" if piece is None else json.dumps(encode(piece), ensure_ascii=False)


def _word(text: str) -> str:
    """A name that a trace from anyone may hold; what could be a formula is set in quotes."""
    shown = shortened(visible(text), 80)
    return shown if shown[:1].isalnum() or not shown else json.dumps(shown)
