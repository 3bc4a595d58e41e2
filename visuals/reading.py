"""Events -> rows. A `Reader` is fed a run step by step, so a live run and a recorded one are read alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from accel.cancellation import checkpoint
from accel.metrics import Tally
from accel.trace import (
    Commit,
    Draft,
    Header,
    LayerRun,
    Match,
    MatrixUpdate,
    Observed,
    Occurrence,
    Readout,
    Residual,
    Rollback,
    Search,
    Step,
    Trace,
    Verdict,
)
from visuals.layout import lanes_of
from visuals.pieces import RunningText, joined, label
from visuals.plans import plans_of
from visuals.rows import Block, Fate, Look, Node, Origin, Piece, StepRows

EXCERPT_LENGTH = 600  # characters
EXCERPTS_LENGTH = 4_000_000  # characters of all excerpts of a run together


class Reader:
    """Remembers of a run what later steps refer to: tokens and positions by slot, bytes by token, the tip."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.bytes: dict[int, bytes] = {}  # by token id
        self.tokens: list[int] = list(header.prompt.tokens)  # by slot
        self.positions: list[int] = list(range(len(self.tokens)))  # by slot
        self.tip = len(self.tokens) - 1  # the newest committed slot
        self._labels: dict[int, str] = {}  # by token id
        self._text = RunningText()
        self._left_for_excerpts = EXCERPTS_LENGTH
        self._tally = Tally(header)
        self._layer_calls = 0
        self._skipped: tuple[int, ...] | None = None  # by the newest plan

    def read(self, step: Step) -> StepRows:
        """The rows of the next step."""
        checkpoint()
        root = self.tip
        self.bytes.update(step.pieces)
        for token in step.pieces:
            self._labels.pop(token, None)
        drafts = step.of(Draft)
        for draft in drafts:
            self._introduce(draft.slot, draft.token, self.positions[draft.parent] + 1)
        commit = step.commit
        if commit.slots[-1] == len(self.tokens):
            before = commit.slots[-2] if len(commit.slots) > 1 else root
            self._introduce(commit.slots[-1], commit.tokens[-1], self.positions[before] + 1)
        self.tip = commit.slots[-1]
        self._tally.add(step)
        plans = tuple(plans_of(step, self._skipped))
        self._skipped = plans[-1].skipped if plans else self._skipped
        rolled_back = tuple(slot for event in step.of(Rollback) for slot in event.slots)
        return StepRows(
            index=step.index,
            nodes=self._nodes(step, root, drafts, frozenset(rolled_back)),
            pieces=tuple(self._pieces(step.index, commit)),
            last=commit.last,
            draw=commit.draw,
            blocks=tuple(self._blocks(step)),
            looks=tuple(Look(o.slot, o.layer, o.token, o.confidence) for o in step.of(Observed)),
            readouts=step.of(Readout),
            matches=step.of(Match),
            occurrences=step.of(Occurrence),
            searches=step.of(Search),
            updates=step.of(MatrixUpdate),
            plans=plans,
            rolled_back=rolled_back,
            seconds=step.seconds,
            numbers=self._tally.counters(),
        )

    def label(self, token: int) -> str:
        """A token by itself, safe to show; its id where its bytes are not known."""
        if token not in self._labels:
            piece = self.bytes.get(token)
            self._labels[token] = f"⟨{token}⟩" if piece is None else label(piece)
        return self._labels[token]

    def text(self, tokens: Sequence[int]) -> str:
        """Tokens in a row as text, safe to show; of a run that repeats itself without end only so much."""
        pieces = [self.bytes.get(token, b"") for token in tokens]
        found = joined(pieces, min(EXCERPT_LENGTH, self._left_for_excerpts))
        self._left_for_excerpts = max(0, self._left_for_excerpts - len(found))
        return found

    def end_of_text(self) -> str:
        """What an incomplete character at the very end turns into."""
        return self._text.end()

    def _introduce(self, slot: int, token: int, position: int) -> None:
        assert slot == len(self.tokens), f"slot {slot} is not the next one"
        self.tokens.append(token)
        self.positions.append(position)

    def _nodes(
        self, step: Step, root: int, drafts: tuple[Draft, ...], rolled_back: frozenset[int]
    ) -> tuple[Node, ...]:
        verdicts = {verdict.slot: verdict for verdict in step.of(Verdict)}
        residuals = {residual.slot: residual for residual in step.of(Residual)}
        by_slot = {draft.slot: draft for draft in drafts}
        parents: dict[int, int | None] = {root: None}
        for draft in drafts:  # a draft that follows older text hangs on the root, so that it is seen
            parents[draft.slot] = draft.parent if draft.parent in parents else root
        path = (root, *step.commit.slots)
        for before, slot in pairwise(path):
            parents.setdefault(slot, before)
        lanes = lanes_of(parents)
        depths: dict[int, int] = {}
        for slot, parent in parents.items():
            depths[slot] = 0 if parent is None else depths[parent] + 1
        return tuple(
            Node(
                slot=slot,
                parent=parent,
                token=self.tokens[slot],
                position=self.positions[slot],
                depth=depths[slot],
                lane=lanes[slot],
                fate="committed" if slot == root else self._fate(slot, step, verdicts, slot in by_slot),
                draft_prob=by_slot[slot].draft_prob if slot in by_slot else None,
                source=by_slot[slot].source if slot in by_slot else "",
                verdict=verdicts.get(slot),
                residual=residuals.get(slot),
                rolled_back=slot in rolled_back,
            )
            for slot, parent in parents.items()
        )

    def _fate(self, slot: int, step: Step, verdicts: dict[int, Verdict], drafted: bool) -> Fate:
        commit = step.commit
        if slot == commit.slots[-1] and not drafted:
            return "plain" if commit.last == "accepted" else commit.last
        if slot in commit.slots:
            return "accepted"
        if slot in verdicts:
            return "accepted" if verdicts[slot].accepted else "rejected"
        return "drafted" if self.header.observe == "none" else "unreached"

    def _pieces(self, index: int, commit: Commit) -> Iterator[Piece]:
        for at, (slot, token) in enumerate(zip(commit.slots, commit.tokens, strict=True)):
            origin: Origin = commit.last if at == len(commit.slots) - 1 else "accepted"
            text = self._text.add(self.bytes[token]) if token in self.bytes else self.label(token)
            yield Piece(slot, token, self.positions[slot], index, origin, text)

    def _blocks(self, step: Step) -> Iterator[Block]:
        """Layer runs in the order of computing; runs that continue one another are one block."""
        held: LayerRun | None = None
        for run in step.of(LayerRun):
            if held and (held.lane, held.slots, held.last) == (run.lane, run.slots, run.first):
                held = LayerRun(held.lane, held.first, run.last, held.slots)
                continue
            if held:
                yield self._block(held)
            held = run
        if held:
            yield self._block(held)

    def _block(self, run: LayerRun) -> Block:
        block = Block(run.lane, run.first, run.last, run.slots, self._layer_calls)
        self._layer_calls += block.layers
        return block


def read(trace: Trace) -> tuple[Reader, list[StepRows]]:
    """A whole run read, and the reader, which knows its tokens."""
    reader = Reader(trace.header)
    return reader, [reader.read(step) for step in trace.steps]
