"""A benchmark: suites of prompts, methods and the library's decoding in alternation, prompt by prompt, in one process.

For every prompt all arms run one after another, each prompt beginning with another arm. Cold arms start with an
empty session every time; a warm arm keeps one through a suite, so that it knows its answers to the earlier,
different prompts. Tokens are counted by their ids; seconds run from the prompt to the last token.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from accel.bench_arms import Answer, Arm
from accel.bench_table import Record
from accel.compare import BASELINE
from accel.decoding import Stopping, never
from accel.errors import InputError
from accel.models.model import Model
from accel.request import Request, greedy_request
from accel.session import Session
from accel.suites import Item

WARM_UP_TOKENS = 16


Part = tuple[str, int]  # a suite and a round: the smallest piece that is measured whole, or again


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What is measured: of each suite, the prompts that the model can read."""

    prompts: Mapping[str, Sequence[tuple[Item, Request]]]
    rounds: int
    arms: Sequence[Arm]

    def parts(self) -> list[Part]:
        """In the order they are measured."""
        return [(suite, number) for number in range(self.rounds) for suite in self.prompts]

    def is_whole(self, part: Part, records: Sequence[Record]) -> bool:
        """Whether the records of a part are all there: a process can end while it writes them."""
        measured = {(record.item, record.arm) for record in records if (record.suite, record.round) == part}
        return len(measured) == len(self.prompts[part[0]]) * len(self.arms)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A prompt that is not measured, and why."""

    suite: str
    id: str
    reason: str


def readable_prompts(
    model: Model, suites: Mapping[str, Sequence[Item]], max_new_tokens: int
) -> tuple[dict[str, list[tuple[Item, Request]]], list[LeftOut]]:
    """Each suite's prompts as requests, and the prompts that this model cannot read.

    Raises InputError where no prompt is left, or where a request is wrong for another reason than its prompt.
    """
    prompts: dict[str, list[tuple[Item, Request]]] = {}
    left_out = []
    for suite, items in suites.items():
        for item in items:
            try:
                request = greedy_request(model, item.prompt, BASELINE, max_new_tokens=max_new_tokens)
            except InputError as error:
                if error.field != "prompt":
                    raise
                left_out.append(LeftOut(suite, item.id, str(error)))
            else:
                prompts.setdefault(suite, []).append((item, request))
    if not prompts:
        first = left_out[0]
        raise InputError("--suite", f"no prompt can be read; {first.suite}, {first.id}: {first.reason}")
    return prompts, left_out


def measure(
    model: Model,
    benchmark: Benchmark,
    parts: Sequence[Part],
    tell: Callable[[str, float], None],
    stopping: Stopping = never,
) -> Iterator[list[Record]]:
    """The records of each part, part by part. Where `stopping` has a reason, those of the part begun are dropped."""
    arms = benchmark.arms
    for at, (suite, number) in enumerate(parts):
        prompts = benchmark.prompts[suite]
        _warm_up(model, prompts[0][1], arms)
        sessions = {arm.name: Session(model) if arm.is_warm else None for arm in arms}
        records: list[Record] = []
        for place, (item, request) in enumerate(prompts):
            tell("measuring", (at + place / len(prompts)) / len(parts))
            first = (place + number) % len(arms)
            timed = {}
            for arm in [*arms[first:], *arms[:first]]:
                if stopping() is not None:
                    return
                timed[arm.name] = _timed(model, request, arm, sessions[arm.name])
            records += _records(suite, item, number, timed)
        yield records
    tell("measuring", 1.0)


def _warm_up(model: Model, request: Request, arms: Sequence[Arm]) -> None:
    short = replace(request, limits=replace(request.limits, max_new_tokens=WARM_UP_TOKENS))
    for arm in arms:
        arm.answer(model, short, None)


def _timed(model: Model, request: Request, arm: Arm, session: Session | None) -> tuple[Answer, float]:
    start = perf_counter()
    answer = arm.answer(model, request, session)
    return answer, perf_counter() - start


def _records(suite: str, item: Item, number: int, timed: dict[str, tuple[Answer, float]]) -> list[Record]:
    text = timed[BASELINE][0].tokens
    return [
        Record(
            suite, item.id, number, name, len(answer.tokens), answer.num_steps, seconds, answer.tokens == text
        )
        for name, (answer, seconds) in timed.items()
    ]
