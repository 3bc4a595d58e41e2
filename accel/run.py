"""One prompt being decoded: the token tree, the lanes, the chance, the clock and the log of events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from accel.clock import Clock
from accel.ending import Ending
from accel.errors import ModelFailed
from accel.lane import Lane, Watch
from accel.models.layered import LayeredModel
from accel.models.model import Model
from accel.models.processors import LogitsProcessors
from accel.sampling import Dice, Sampling
from accel.session import Session
from accel.trace import (
    Calibration,
    Commit,
    Draft,
    Event,
    FinishReason,
    Last,
    LayerRun,
    Match,
    MatrixUpdate,
    Observe,
    Observed,
    Occurrence,
    Readout,
    Residual,
    Rollback,
    Search,
    SkipPlan,
    Step,
    Verdict,
)
from accel.tree import TokenTree

MEMORY = 0.98  # a step's weight in `acceptance`, relative to the step after it
Look = Callable[[Sequence[int], int, Tensor], tuple[Tensor, Tensor]]
"""(slots, layers that have run, hidden [slots, dim]) -> top tokens [slots] and their probabilities [slots]."""

READOUT_ROWS = 128  # readouts made at once for a picture: bounds the memory of [rows, vocab]

_DECISIONS: frozenset[type] = frozenset(
    {Verdict, Match, Occurrence, Search, MatrixUpdate, SkipPlan, Readout, Rollback}
)
RECORDED: dict[Observe, frozenset[type]] = {
    "none": frozenset({LayerRun, Draft, Commit}),
    "decisions": frozenset({LayerRun, Draft, Commit}) | _DECISIONS,
    "full": frozenset({LayerRun, Draft, Commit, Residual, Observed}) | _DECISIONS,
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run was asked for, checked."""

    prompt: tuple[int, ...]
    sampling: Sampling
    seed: int
    observe: Observe
    calibration: Calibration | None  # None: draft as much as the knobs allow, whatever a pass costs
    processors: LogitsProcessors | None = None  # those of the model's own generation config


class Run:
    """What a method works with. It reads the tree, advances lanes, and changes text only through `commit`."""

    def __init__(
        self, model: Model, terms: Terms, ending: Ending, session: Session, draft: Model | None, dice: Dice
    ) -> None:
        self.model = model
        self.draft_model = draft
        self.sampling = terms.sampling
        self.processors = terms.processors
        self.seed = terms.seed  # for chance that decides what is drafted, never what is accepted
        self.calibration = terms.calibration
        self.ending = ending
        self.session = session
        self.dice = dice
        self.tree = TokenTree(terms.prompt)
        self.clock = Clock()
        self.finish_reason: FinishReason | None = None
        self._recorded = RECORDED[terms.observe]
        self._events: list[Event] = []
        self._steps = 0
        self._tested = 0.0
        self._accepted = 0.0
        self._seen_tokens: set[int] = set()
        self._watched: list[tuple[tuple[int, ...], int, Tensor]] = []
        self._own_looks: dict[int, Look] = {}
        self._prompt_length = len(terms.prompt)
        watch = self._watch if terms.observe == "full" else None
        self.prompt_tap: Watch | None = (
            None  # a method may set it in `start`: sees the target read the prompt
        )
        self.target = Lane("target", model.layers, self.tree, self.emit, watch, pass_rows=model.pass_rows)
        self.lanes = [self.target]

    def open_lane(self, name: str, model: LayeredModel) -> Lane:
        """A lane of another model over the same tree. It is filled with the prompt in step 0."""
        lane = Lane(name, model, self.tree, self.emit)
        self.lanes.append(lane)
        return lane

    def wants(self, kind: type) -> bool:
        """Is this kind of event recorded? What only such an event needs need not be worked out otherwise."""
        return kind in self._recorded

    @property
    def observes_all(self) -> bool:
        return Observed in self._recorded

    def emit(self, event: Event) -> None:
        if type(event) in self._recorded:
            self._events.append(event)

    def draft(self, parent: int, token: int, draft_prob: float, source: str) -> int:
        """A new slot for a guess at what follows `parent`."""
        slot = self.tree.add(parent, token)
        self.emit(Draft(slot, parent, token, draft_prob, source))
        return slot

    def processed(self, slots: Sequence[int], logits: Tensor) -> Tensor:
        """Logits [slots, vocab] of what follows each slot, after the model's logits processors, if it has any: each
        row sees its own prefix, whether the target chooses by it or a draft."""
        if self.processors is None:
            return logits
        return self.processors([self.tree.path(slot) for slot in slots], logits)

    @property
    def drafts_left(self) -> int:
        """How deep a draft may still be of use: one token of the limit is always the target's own."""
        return self.ending.tokens_left - 1

    @property
    def acceptance(self) -> float:
        """The share of recently tested drafts accepted, from a prior of one in two, to which it returns."""
        return (self._accepted + 1) / (self._tested + 2)

    def count_tested(self, accepted: bool) -> None:
        self._tested += 1
        self._accepted += accepted

    def commit(self, accepted: Sequence[int], token: int | None, last: Last, draw: float) -> None:
        """Make the accepted slots, and a new one for `token` if there is one, part of the text."""
        slots = list(accepted)
        if token is not None:
            slots.append(self.tree.add(slots[-1] if slots else self.tree.tip, token))
        tokens = [self.tree.tokens[slot] for slot in slots]
        self.finish_reason = self.ending.reason_after(tokens)
        self.ending.append(tokens)
        self.tree.commit(slots)
        for lane in self.lanes:
            lane.commit(slots)
        with self.clock.phase("observe"):
            self._read_out()
        self.emit(Commit(tuple(slots), tuple(tokens), last, draw))

    def close_step(self) -> Step:
        """The events since the last step, which must end in a commit."""
        events, self._events = tuple(self._events), []
        pieces = {token: self.model.piece(token) for token in self._new_tokens(events)}
        step = Step(self._steps, events, pieces, self.clock.lap())
        self._steps += 1
        # What happened 50 steps ago weighs a third: a drafter that stood back must get another try.
        self._tested *= MEMORY
        self._accepted *= MEMORY
        return step

    def _new_tokens(self, events: tuple[Event, ...]) -> list[int]:
        """Token ids that no earlier step has named, in the order of first use."""
        used: list[int] = [] if self._steps else self.tree.text[: self._prompt_length]
        for event in events:
            if isinstance(event, Draft | Readout | Observed):
                used.append(event.token)
            elif isinstance(event, Commit | Residual):
                used.extend(event.tokens)
            elif isinstance(event, Occurrence):
                used.extend(event.excerpt)
            elif isinstance(event, Search):
                used.extend(token for node in event.nodes for token in node.pair)
            elif isinstance(event, MatrixUpdate):
                used.extend(token for row in event.rows for token in (*row.pair, *row.tokens))
        fresh = [token for token in dict.fromkeys(used) if token not in self._seen_tokens]
        self._seen_tokens.update(fresh)
        return fresh

    def _watch(self, slots: Sequence[int], layer: int, hidden: Tensor) -> None:
        """Keep the states a picture will want, from the prompt's last token on; looked at after the commit."""
        first = self._prompt_length - 1
        with self.clock.phase("observe"):
            shown = [i for i, slot in enumerate(slots) if slot >= first]
            if shown:
                self._watched.append((tuple(slots[i] for i in shown), layer, hidden[shown]))

    def observe_with(self, layers: Sequence[int], look: Look) -> None:
        """Show a method's own readout, not the plain one, after these layers."""
        self._own_looks = dict.fromkeys(layers, look)

    def _read_out(self) -> None:
        """A readout after every layer, for every slot that ran in this step."""
        watched, self._watched = self._watched, []
        plain = [entry for entry in watched if entry[1] not in self._own_looks]
        for at in range(0, len(plain), READOUT_ROWS):
            part = plain[at : at + READOUT_ROWS]
            places = [(slot, layer) for slots, layer, _ in part for slot in slots]
            hidden = torch.cat([states for _, _, states in part])
            self._show(places, *self._plain_look([slot for slot, _ in places], hidden))
        for slots, layer, states in watched:
            if layer in self._own_looks:
                self._show([(slot, layer) for slot in slots], *self._own_looks[layer](slots, layer, states))

    def _plain_look(self, slots: Sequence[int], hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Top tokens [slots] and their probabilities of hidden [slots, dim]."""
        tokens, confidences = [], []
        for at, rows in enumerate(torch.split(hidden, READOUT_ROWS)):
            logits = self.model.layers.head(self.model.layers.norm(rows))
            logits = self.processed(slots[at * READOUT_ROWS :][: len(rows)], logits).float()
            top, token = logits.max(-1)
            tokens.append(token)
            confidences.append((top - logits.logsumexp(-1)).exp())
        return torch.cat(tokens), torch.cat(confidences)

    def _show(self, places: list[tuple[int, int]], tokens: Tensor, confidences: Tensor) -> None:
        if not bool(torch.isfinite(confidences).all()):
            raise ModelFailed("the model's hidden states are not finite numbers; try dtype float32")
        readouts = zip(places, tokens.tolist(), confidences.tolist(), strict=True)
        for (slot, layer), token, sure in readouts:
            self.emit(Observed(slot, layer, token, sure))
