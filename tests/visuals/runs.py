"""Hand-made runs, small enough to check by eye. Every distinct piece of text is a token of its own."""

from __future__ import annotations

from dataclasses import replace

from accel.trace import (
    SCHEMA,
    Baseline,
    Calibration,
    Commit,
    Draft,
    Event,
    Footer,
    Header,
    Last,
    LayerRun,
    Limits,
    MethodInfo,
    ModelInfo,
    Observe,
    Parity,
    Prompt,
    SamplingInfo,
    Seconds,
    Step,
    Trace,
    Verdict,
)

NUM_LAYERS = 4
MODEL = ModelInfo("toy", "0123", "llama", NUM_LAYERS, "float32", "cpu", 1, "plain")
SECONDS = Seconds(draft=0.25, verify=0.5, other=0.25, observe=3.0)


def header(prompt: tuple[int, ...] = (0, 1, 2), observe: Observe = "decisions") -> Header:
    return Header(
        schema=SCHEMA,
        model=MODEL,
        method=MethodInfo("suffix", {"alpha": 2.0}),
        draft_model=None,
        sampling=SamplingInfo(0.0, 0, 1.0, 0),
        limits=Limits(8, (), False),
        prompt=Prompt(prompt),
        warm=False,
        observe=observe,
        calibration=Calibration((1, 2), (0.8, 1.0), 0.01),
    )


class RunBook:
    """Writes a run step by step: hands out slots and token ids, and keeps the contract."""

    def __init__(
        self, *, observe: Observe = "decisions", prompt: tuple[str, ...] = ("a", " b", " c")
    ) -> None:
        self.ids: dict[bytes, int] = {}
        tokens = tuple(self.token(piece) for piece in prompt)
        self.header = header(tokens, observe)
        self.steps: list[Step] = []
        self.num_slots = len(tokens)
        self.tip = self.num_slots - 1
        self._named: set[int] = set()
        self._events: list[Event] = []
        self._branch: dict[int, int] = {}  # drafted slot of this step -> token

    def token(self, piece: str | bytes) -> int:
        key = piece.encode() if isinstance(piece, str) else piece
        return self.ids.setdefault(key, len(self.ids))

    def draft(self, parent: int, piece: str | bytes, prob: float = 0.5) -> int:
        slot, token = self.num_slots, self.token(piece)
        self._events.append(Draft(slot, parent, token, prob, "text"))
        self._branch[slot] = token
        self.num_slots += 1
        return slot

    def log(self, *events: Event) -> None:
        self._events += events

    def run(self, *slots: int, lane: str = "target", first: int = 0, last: int = NUM_LAYERS) -> None:
        self.log(LayerRun(lane, first, last, slots))

    def judge(self, slot: int, accepted: bool, prob: float = 0.9) -> None:
        self.log(Verdict(slot, "greedy", prob, float(accepted), 0.0, accepted))

    def commit(self, path: tuple[int, ...], piece: str | bytes | None, last: Last) -> Step:
        slots, tokens = list(path), [self._branch[slot] for slot in path]
        if piece is not None:
            slots.append(self.num_slots)
            tokens.append(self.token(piece))
            self.num_slots += 1
        self.log(Commit(tuple(slots), tuple(tokens), last, 0.0))
        fresh = {token: piece for piece, token in self.ids.items() if token not in self._named}
        self._named |= set(fresh)
        step = Step(len(self.steps), tuple(self._events), fresh, SECONDS)
        self.steps.append(step)
        self.tip, self._events, self._branch = slots[-1], [], {}
        return step

    def prefill(self, piece: str | bytes = " d") -> Step:
        self.run(*range(self.num_slots))
        return self.commit((), piece, "plain")

    def trace(self, text: str = "", *, measured: bool = False) -> Trace:
        baseline = Baseline(10, 9.0) if measured else None
        footer = Footer("length", text, Parity(measured, True, None, None), baseline, {})
        trace = Trace(self.header, tuple(self.steps), footer)
        return Trace.from_lines(list(trace.lines()))  # as checked as a file from anyone


def chain() -> RunBook:
    """Prefill, then two drafts both kept with a bonus, then one draft rejected and its token recovered."""
    book = RunBook()
    book.prefill()
    one = book.draft(book.tip, " e")
    two = book.draft(one, " f")
    book.run(book.tip, one, two)
    book.judge(one, True)
    book.judge(two, True)
    book.commit((one, two), " g", "bonus")
    lost = book.draft(book.tip, " x")
    book.run(book.tip, lost)
    book.judge(lost, False, 0.125)
    book.commit((), " h", "recovered")
    return book


def tree() -> RunBook:
    """Three children of the tip: one rejected, with a child; one kept, with a child; one unreached."""
    book = RunBook()
    book.prefill()
    root = book.tip
    wrong = book.draft(root, " x")  # slot 4
    below = book.draft(wrong, " y")  # 5
    right = book.draft(root, " e")  # 6
    after = book.draft(right, " f")  # 7
    other = book.draft(root, " z")  # 8: an elder sibling was kept
    book.run(root, wrong, below, right, after, other)
    book.judge(wrong, False, 0.1)
    book.judge(right, True)
    book.judge(after, True)
    book.commit((right, after), " g", "bonus")
    return book


def without_verdicts(trace: Trace) -> Trace:
    """The same run as `observe=none` would have recorded it."""
    steps = tuple(
        replace(step, events=tuple(e for e in step.events if not isinstance(e, Verdict)))
        for step in trace.steps
    )
    return replace(trace, header=replace(trace.header, observe="none"), steps=steps)
