"""The contract: what one decoding run did, step by step, in plain numbers.

This is all that the engine and the pictures share. It needs the standard library only, so a recorded run can be
read where torch is absent. Every event is frozen and every field always means something; `docs/trace.md`
describes each with a real example.

Words: a *slot* is a node of the token tree (prompt tokens are slots 0, 1, 2, ... and ids are never reused); a
*layer* is 0-based, and a run over layers `first..last` stops before `last`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

SCHEMA = 1

Observe = Literal["none", "decisions", "full"]
Rule = Literal["greedy", "one-hot", "drawn"]
Last = Literal["plain", "accepted", "bonus", "recovered"]
FinishReason = Literal["length", "eos", "stop", "context", "cancelled", "deadline"]
Knob = int | float | str | bool


class TraceError(ValueError):
    """A file that is not a trace of this schema; the message names the line, the field and the remedy."""


class TraceCut(TraceError):
    """A file that ends before its footer, as one does whose copying was broken off; its steps are whole."""

    def __init__(self, problem: str, num_steps: int) -> None:
        steps = "1 step before it is" if num_steps == 1 else f"{num_steps} steps before it are"
        super().__init__(
            f"{problem}; the file was cut off: the {steps} whole, Trace.load(path, cut=True) reads them"
        )
        self.num_steps = num_steps


@dataclass(frozen=True, slots=True)
class LayerRun:
    """Layers `first..last-1` of a lane ran once on these slots: the unit of cost."""

    lane: str
    first: int
    last: int
    slots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A guess: `token` may follow `parent`. `draft_prob` is what the drafter gave it, given its parent."""

    slot: int
    parent: int
    token: int
    draft_prob: float
    source: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a drafted slot was settled: `accepted` is `draw < accept_prob`. A slot without one was unreached.

    `target_prob` is the target's probability of the token (at temperature 0: its plain softmax).
    """

    slot: int
    rule: Rule
    target_prob: float
    accept_prob: float
    draw: float
    accepted: bool


@dataclass(frozen=True, slots=True)
class Residual:
    """The most probable tokens of what was left to sample from after `slot` was rejected."""

    slot: int
    tokens: tuple[int, ...]
    probs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Readout:
    """A look on the way up that decided something; `taken` means the token left after `layer` layers."""

    slot: int
    layer: int
    token: int
    confidence: float
    threshold: float
    taken: bool


@dataclass(frozen=True, slots=True)
class Observed:
    """A look for the picture alone, off the clock: the plain readout of a slot after `layer` layers."""

    slot: int
    layer: int
    token: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Match:
    """One look-up of recent text: the last `length` tokens were seen `count` times in `source`.

    `score` is the number of tokens the drafter expected to be accepted from there.
    """

    source: str
    length: int
    count: int
    score: float
    chosen: bool


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Where the best match stands in `source`: `length` tokens that end before token number `end` of a text.

    `answer` 0 is this run's own text, prompt and answer; k is the k-th answer of the session, by whatever
    method, which this trace does not hold. `excerpt` is what stands there, around the match, from token `first` on.
    """

    source: str
    length: int
    answer: int
    end: int
    first: int
    excerpt: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SearchNode:
    """One node of ADED's search: the pair of tokens it stands for and what the search learned of it.

    `parent` is the place of an earlier node in the search, -1 for the root.
    """

    parent: int
    pair: tuple[int, int]
    prior: float
    visits: int
    value: float
    chosen: bool


@dataclass(frozen=True, slots=True)
class Search:
    """ADED's search over the tri-gram matrix: its nodes as they were reached, and where each iteration ended."""

    nodes: tuple[SearchNode, ...]
    ended: tuple[int, ...]

    @property
    def iterations(self) -> int:
        return len(self.ended)


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row of the tri-gram matrix: its heaviest successors and those just learned, by their weights now."""

    pair: tuple[int, int]
    tokens: tuple[int, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class MatrixUpdate:
    """What ADED learned from the newest text, the newest pair first."""

    rows: tuple[RowChange, ...]


@dataclass(frozen=True, slots=True)
class SkipPlan:
    """CLaSp's table of cosines, [layers + 1][skipped + 1], and the layers its path leaves out."""

    skipped: tuple[int, ...]
    similarity: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Rollback:
    """Early tokens taken back."""

    slots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """Ends every step: the slots that became text, oldest first, and how the last of them came to be.

    `draw` is the number drawn for the last token, 0 where none was (temperature 0, or an accepted draft).
    """

    slots: tuple[int, ...]
    tokens: tuple[int, ...]
    last: Last
    draw: float


Event = (
    LayerRun
    | Draft
    | Verdict
    | Residual
    | Readout
    | Observed
    | Match
    | Occurrence
    | Search
    | MatrixUpdate
    | SkipPlan
    | Rollback
    | Commit
)
Kind = TypeVar("Kind", bound=Event)


@dataclass(frozen=True, slots=True)
class Seconds:
    """Where a step's time went. `observe` is looking for the picture's sake and is in no speed."""

    draft: float
    verify: float
    other: float
    observe: float

    @property
    def total(self) -> float:
        """Seconds of decoding, without observing."""
        return self.draft + self.verify + self.other


@dataclass(frozen=True, slots=True)
class Step:
    """One round, ending in exactly one Commit. `pieces` holds the bytes of token ids first used here."""

    index: int
    events: tuple[Event, ...]
    pieces: dict[int, bytes]
    seconds: Seconds = field(compare=False)

    @property
    def commit(self) -> Commit:
        last = self.events[-1]
        assert isinstance(last, Commit)
        return last

    def of(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """The step's events of one kind, in order."""
        return tuple(event for event in self.events if isinstance(event, kind))


@dataclass(frozen=True, slots=True)
class ModelInfo:
    name: str
    fingerprint: str
    family: str
    num_layers: int
    dtype: str
    device: str
    threads: int
    backend: str
    invariant_rows: int | None = (
        None  # rows of a pass up to which each gets the bits it has alone; None: not measured
    )


@dataclass(frozen=True, slots=True)
class MethodInfo:
    name: str
    knobs: dict[str, Knob]


@dataclass(frozen=True, slots=True)
class SamplingInfo:
    temperature: float
    top_k: int
    top_p: float
    seed: int


@dataclass(frozen=True, slots=True)
class Limits:
    max_new_tokens: int
    stop: tuple[str, ...]
    chat: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a pass costs here: seconds of a pass over `rows[i]` tokens, and of one readout."""

    rows: tuple[int, ...]
    pass_seconds: tuple[float, ...]
    readout_seconds: float


@dataclass(frozen=True, slots=True)
class Header:
    """Enough to run it again. `warm` says whether the session had answered before the run started.

    `processors` are the logits processors that the model's own generation config asked for, by the config's field.
    `context` is how many tokens the model reads, prompt and answer together; None in traces older than the field.
    """

    schema: int
    model: ModelInfo
    method: MethodInfo
    draft_model: ModelInfo | None
    sampling: SamplingInfo
    limits: Limits
    prompt: Prompt
    warm: bool
    observe: Observe
    calibration: Calibration | None = field(compare=False)
    processors: dict[str, Knob] = field(default_factory=dict)
    context: int | None = None


@dataclass(frozen=True, slots=True)
class Parity:
    """Was it the text the model alone gives? `margin` is top-1 minus top-2 logit at the first divergence.

    `first_divergence` counts generated tokens from 0; both it and `margin` are None where texts are equal.
    """

    checked: bool
    equal: bool
    first_divergence: int | None
    margin: float | None


@dataclass(frozen=True, slots=True)
class Baseline:
    """The model's own autoregressive loop, measured in the same run: prompt, dtype and backend the same."""

    num_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Footer:
    """How it ended. `text` is the tokenizer's own decoding, cut at a stop string; `metrics` are measured."""

    finish_reason: FinishReason
    text: str
    parity: Parity
    baseline: Baseline | None = field(compare=False)
    metrics: dict[str, float] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Trace:
    """One run. Two traces are equal when all but their clocks is equal."""

    header: Header
    steps: tuple[Step, ...]
    footer: Footer

    @property
    def tokens(self) -> list[int]:
        """The generated token ids, the end token included where it was reached."""
        return [token for step in self.steps for token in step.commit.tokens]

    @property
    def text(self) -> str:
        return self.footer.text

    @property
    def finish_reason(self) -> FinishReason:
        return self.footer.finish_reason

    @property
    def metrics(self) -> dict[str, float]:
        return self.footer.metrics

    @property
    def pieces(self) -> dict[int, bytes]:
        """The bytes of every token id used."""
        return {token: piece for step in self.steps for token, piece in step.pieces.items()}

    def lines(self) -> Iterator[str]:
        """The trace as JSON lines: the header, a line per step, the footer."""
        from accel.codec import encode

        for part in (self.header, *self.steps, self.footer):
            yield json.dumps(encode(part), ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    def save(self, path: str | Path) -> None:
        """Write JSON lines in UTF-8. A file appears whole or not at all; a device or a pipe is written as it is."""
        path = Path(path)
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_text("".join(f"{line}\n" for line in self.lines()), encoding="utf-8")
            return
        partial = path.with_name(path.name + ".partial")
        try:
            with partial.open("w", encoding="utf-8", errors="strict") as file:
                file.writelines(line + "\n" for line in self.lines())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | Path, *, cut: bool = False) -> Trace:
        """Read a saved trace.

        Args:
            path: JSON lines in UTF-8 or UTF-16, also compressed with gzip.
            cut: Read a file that ends before its footer as far as it goes; the run then counts as cancelled.

        Raises:
            TraceError: It is not a trace; the message names line and field.
        """
        from accel.trace_reader import read

        return read(Path(path), cut=cut)

    @classmethod
    def from_lines(cls, lines: Iterable[str]) -> Trace:
        """The trace of these JSON lines. Raises TraceError, naming line and field, for anything else."""
        from accel.trace_reader import parse

        return parse(lines)
