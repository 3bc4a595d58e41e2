"""AdaDecode (Wei 2025): a token leaves early when a head half way up is sure; its missing layers run later, in the
same calls as those of the tokens after it. When one token reaches the top, all before it have, and are verified.

    layers 30 |                 #     the lead reached the top: the three before it
           24 |        # # #  * #     were taken along from where they left (*) in the
           15 |  * * #  #     # #     same calls, so their keys and values are whole
            0 |  # # # # #
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, ClassVar
from weakref import WeakKeyDictionary

from torch import Tensor

from accel.errors import InputError
from accel.heads import ExitHeads, check_layers, find, plain
from accel.method import Choice, Counts, Range
from accel.models.model import Model
from accel.readout import Readout as HeadReadout
from accel.run import Run
from accel.trace import Readout
from accel.verify import DraftTree, verify

PLAIN_SHARES = (0.5, 0.67, 0.8)  # of the layers, where the model has no trained heads and none are asked for
KEPT_HEADS = 4  # of each model

# Reading a file and the model's head takes longer than a step. Weakly by model: heads refer to its weights, and must
# not keep them in memory once it is unloaded.
_heads: WeakKeyDictionary[Model, dict[tuple[str, str], ExitHeads]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class AdaDecode:
    """Stops half way up when a small head is already sure of the next token, and goes on with that token at once. The
    layers left out run later together with those of later tokens, and check the guess."""

    name: ClassVar[str] = "adadecode"
    lossless: ClassVar[bool] = True

    threshold: Annotated[float, Range(0, 1.05, "Leave when the head is surer than this; above 1, never.")] = (
        0.75
    )
    max_early: Annotated[int, Range(1, 16, "The most tokens waiting for their upper layers.")] = 5
    layers: Annotated[str, Counts(1, 1000, "After how many layers to look: auto, or such as 15,20,24.")] = (
        "auto"
    )
    heads: Annotated[
        str, Choice(("trained", "plain"), "Trained heads where there are any, or the model's own readout.")
    ] = "trained"

    def settled(self, model: Model) -> AdaDecode:
        """With what "auto" and "trained" mean for this model spelled out, as the trace will say it."""
        heads = heads_for(model, self.heads, self.layers)
        kind = "plain" if heads.kind == "plain" else "trained"
        return replace(self, heads=kind, layers=",".join(map(str, heads.layers)))

    def start(self, run: Run) -> ExitHeads:
        heads = heads_for(run.model, self.heads, self.layers)
        if run.observes_all:
            run.observe_with(heads.layers, partial(_look, run, heads))
        return heads

    def step(self, run: Run, heads: ExitHeads) -> None:
        draft = DraftTree()
        lead: int | None = run.tree.tip
        while lead is not None and run.tree.tokens[lead] not in run.model.end_tokens:
            waits = len(draft.slots) < min(self.max_early, run.drafts_left)
            lead = self._climb(run, heads, draft, lead) if waits else None
        verify(run, draft, early=True)

    def _climb(self, run: Run, heads: ExitHeads, draft: DraftTree, lead: int) -> int | None:
        """Take the lead up, look by look. If it leaves, the slot of its early token: the next lead."""
        for layer in heads.layers:
            with run.clock.phase("verify"):  # these layers must run anyway
                hidden = run.target.advance([lead], to=layer)
            with run.clock.phase("draft"):
                look = _readout(run, heads, [lead], layer, hidden)
                token, confidence = look.surest()
                taken = confidence > self.threshold
                run.emit(Readout(lead, layer, token, confidence, self.threshold, taken))
                if taken:
                    if not run.sampling.is_greedy:
                        token, confidence = self._drawn(run, draft, lead, look)
                    return draft.add(lead, run.draft(lead, token, confidence, f"{heads.kind} head"))
        return None

    def _drawn(self, run: Run, draft: DraftTree, lead: int, look: HeadReadout) -> tuple[int, float]:
        """A token drawn from what the head says to follow the lead, and its probability.

        Whether to leave was decided by its confidence alone, so what is drawn is drawn from the whole proposal.
        """
        proposal = look.proposal(run.sampling, run.model.layers.vocab_size)[0]
        draft.proposals[lead] = proposal
        token, prob, _ = run.dice.guess(proposal)
        return token, prob


def _readout(run: Run, heads: ExitHeads, slots: Sequence[int], layer: int, hidden: Tensor) -> HeadReadout:
    """What a head says of hidden [slots, dim], after the logits processors that the target has at these slots."""
    look = heads.readout(layer, hidden)
    if run.processors is None:
        return look
    return look.processed(partial(run.processed, slots), run.model.layers.vocab_size)


def _look(
    run: Run, heads: ExitHeads, slots: Sequence[int], layer: int, hidden: Tensor
) -> tuple[Tensor, Tensor]:
    look = _readout(run, heads, slots, layer, hidden)
    return look.tokens(), look.confidence()


def heads_for(model: Model, kind: str, layers: str) -> ExitHeads:
    """Trained heads of this model, else its plain readout; after the layers asked for, where they say."""
    known = _heads.setdefault(model, {})
    found = known.get((kind, layers))
    if found is None:
        found = _find_heads(model, kind, layers)
        for oldest in list(known)[: 1 + len(known) - KEPT_HEADS]:
            known.pop(oldest, None)  # another run may have done so
        known[kind, layers] = found
    return found


def forget_heads() -> None:
    """Look for heads again: a file of them was written."""
    _heads.clear()


def _find_heads(model: Model, kind: str, layers: str) -> ExitHeads:
    trained = find(model) if kind == "trained" else None
    if layers == "auto":
        return trained or plain(model, plain_layers(model))
    asked = [int(count) for count in layers.split(",")]
    if trained is not None:
        return _only(trained, asked)
    check_layers(model, asked, "knobs.layers")
    return plain(model, asked)


def _only(trained: ExitHeads, layers: list[int]) -> ExitHeads:
    """The heads after these layers."""
    if missing := set(layers) - set(trained.layers):
        have = ",".join(map(str, trained.layers))
        raise InputError("knobs.layers", f"no head was trained after {min(missing)} layers; there are {have}")
    at = [trained.layers.index(layer) for layer in layers]
    return replace(trained, layers=tuple(layers), maps=trained.maps[at], biases=trained.biases[at])


def plain_layers(model: Model) -> list[int]:
    """Where to look when nobody says: a few layers in the upper half, below the top."""
    most = model.layers.num_layers - 1
    return sorted({min(max(round(share * model.layers.num_layers), 1), most) for share in PLAIN_SHARES})
