"""A benchmark: suites of prompts, methods and the library's decoding in alternation, prompt by prompt, in one process.

For every prompt all arms run one after another, each prompt beginning with another arm. Cold arms start with an
empty session every time; a warm arm keeps one through a suite, so that it knows its answers to the earlier,
different prompts. Tokens are counted by their ids; seconds run from the prompt to the last token.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from accel.bench_arms import Answer, Arm
from accel.bench_table import Record
from accel.compare import BASELINE
from accel.errors import InputError
from accel.models.model import Model
from accel.request import Request, greedy_request
from accel.session import Session
from accel.suites import Item, read_suite

WARM_UP_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What is measured."""

    suites: tuple[str, ...]
    most_prompts: int | None  # of each suite
    max_new_tokens: int
    rounds: int

    def parts(self) -> Iterator[tuple[str, int]]:
        """(suite, round): the smallest piece that is measured whole, or again."""
        for number in range(self.rounds):
            for suite in self.suites:
                yield suite, number


def measure(
    model: Model,
    benchmark: Benchmark,
    arms: Sequence[Arm],
    done: Sequence[Record],
    tell: Callable[[str, float], None],
) -> Iterator[list[Record]]:
    """The records of each part that is not done yet, part by part."""
    known = {(record.suite, record.round) for record in done}
    parts = [part for part in benchmark.parts() if part not in known]
    for at, (suite, number) in enumerate(parts):
        items = read_suite(suite, benchmark.most_prompts)
        requests = [_request(model, item, benchmark.max_new_tokens) for item in items]
        _warm_up(model, requests[0], arms)
        sessions = {arm.name: Session(model) if arm.is_warm else None for arm in arms}
        records: list[Record] = []
        for place, (item, request) in enumerate(zip(items, requests, strict=True)):
            tell("measuring", (at + place / len(items)) / len(parts))
            first = (place + number) % len(arms)
            order = [*arms[first:], *arms[:first]]
            timed = {arm.name: _timed(model, request, arm, sessions[arm.name]) for arm in order}
            records += _records(suite, item, number, timed)
        yield records
    tell("measuring", 1.0)


def _request(model: Model, item: Item, max_new_tokens: int) -> Request:
    return greedy_request(model, item.prompt, BASELINE, max_new_tokens=max_new_tokens)


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


class Log:
    """The records so far, in a file of JSON lines: the first says what is measured, and must not change."""

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        self._path = path
        self.records: list[Record] = []
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write([about])
            return
        try:
            head, *rest = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            self.records = [Record(**line) for line in rest]
        except (OSError, ValueError, TypeError) as error:
            raise InputError("out", f"{path} is damaged; remove it to begin anew") from error
        if head != json.loads(json.dumps(about)):
            raise InputError("out", f"{path} holds another benchmark; name another folder, or remove it")

    def add(self, records: Sequence[Record]) -> None:
        """A part at a time: an interrupted one is measured again."""
        self._write([asdict(record) for record in records])
        self.records += records

    def _write(self, lines: Sequence[dict[str, Any]]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(line) + "\n" for line in lines))
