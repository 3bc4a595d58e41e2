"""SuffixDecoding replayed over stored texts, with no model: what would it have drafted, and how much been kept?

At temperature 0 this is exact: a draft depends on the text before it alone, and is accepted as far as it is the text.
The report is the field's own (accepted, drafted, rate, request speed-up). Standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Protocol

from accel.errors import InputError
from accel.speculation import LookUp
from accel.suffix_drafter import TREES, Answers, Plan, SuffixDrafter
from accel.trace import Calibration


class Encodes(Protocol):
    """A tokenizer, as far as this needs one."""

    def encode(self, text: str, *, chat: bool) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class Knobs:
    """What SuffixDecoding is asked for; the defaults are the method's own."""

    alpha: float = 1.0
    offset: float = 0.0
    min_prob: float = 0.1
    num_draft_tokens: int = 32
    branching: bool = False
    memory: str = "both"

    @property
    def trees(self) -> tuple[str, ...]:
        return TREES if self.memory == "both" else (self.memory,)


@dataclass(frozen=True, slots=True)
class Round:
    """One step after the first token: how many tokens were drafted and accepted."""

    drafted: int
    accepted: int


@dataclass(frozen=True, slots=True)
class Report:
    """Over all requests, in order, the session's tree learning each answer."""

    num_requests: int
    num_tokens: int  # answered
    num_steps: int  # after each answer's first token
    drafted: float  # tokens a step
    accepted: float  # tokens a step
    rate: float  # accepted over drafted
    request_speedup: float  # mean over requests of tokens over steps
    look_up_microseconds: float  # a step
    update_microseconds: float  # a token, prompts included


def read_pairs(path: Path, tokenizer: Callable[[], Encodes]) -> list[tuple[list[int], list[int]]]:
    """Pairs from JSON lines of {"prompt", "answer"}, each token ids, or text for the tokenizer.

    Raises InputError naming the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError("pairs", f"{str(path)[:200]} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError("pairs", f"{str(path)[:200]} is not UTF-8 text (byte {error.start})") from error
    # Not splitlines, which also splits at signs that JSON allows inside a string, such as U+2028.
    lines = text.split("\n")
    pairs, known = [], None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            parts = [entry["prompt"], entry["answer"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            if number == len(lines) and not line.rstrip().endswith("}"):
                raise InputError(
                    "pairs", f"line {number}, the last, is cut off; complete or remove it"
                ) from error
            raise InputError("pairs", f'line {number} is not {{"prompt": ..., "answer": ...}}') from error
        if any(isinstance(part, str) for part in parts):
            known = known or tokenizer()
            parts = [known.encode(part, chat=False) if isinstance(part, str) else part for part in parts]
        if not all(isinstance(part, list) and all(type(token) is int for token in part) for part in parts):
            raise InputError("pairs", f"line {number}: expected text or a list of token ids")
        pairs.append((parts[0], parts[1]))
    return pairs


def replay(pairs: Sequence[tuple[Sequence[int], Sequence[int]]], knobs: Knobs) -> Report:
    """Replay (prompt, answer) pairs of token ids as one session."""
    answers, clocks = Answers(), _Clocks()
    rounds = [
        list(rounds_of(prompt, answer, knobs, answers, None, clocks)) for prompt, answer in pairs if answer
    ]
    flat = [step for request in rounds for step in request]
    lengths = [sum(step.accepted + 1 for step in request) for request in rounds]
    drafted, accepted = sum(step.drafted for step in flat), sum(step.accepted for step in flat)
    tokens = sum(len(prompt) + len(answer) for prompt, answer in pairs)
    ratios = [length / len(request) for length, request in zip(lengths, rounds, strict=True) if request]
    return Report(
        num_requests=len(rounds),
        num_tokens=sum(len(answer) for _, answer in pairs),
        num_steps=len(flat),
        drafted=drafted / max(len(flat), 1),
        accepted=accepted / max(len(flat), 1),
        rate=accepted / max(drafted, 1),
        request_speedup=fmean(ratios) if ratios else 1.0,
        look_up_microseconds=1e6 * clocks.look_up / max(len(flat), 1),
        update_microseconds=1e6 * clocks.update / max(tokens, 1),
    )


@dataclass
class _Clocks:
    """Seconds spent looking up and learning."""

    look_up: float = 0.0
    update: float = 0.0

    @contextmanager
    def looking_up(self) -> Iterator[None]:
        start = perf_counter()
        yield
        self.look_up += perf_counter() - start

    @contextmanager
    def updating(self) -> Iterator[None]:
        start = perf_counter()
        yield
        self.update += perf_counter() - start


def rounds_of(
    prompt: Sequence[int],
    answer: Sequence[int],
    knobs: Knobs,
    answers: Answers,
    calibration: Calibration | None,
    clocks: _Clocks | None = None,
    *,
    limit: int | None = None,
) -> Iterator[Round]:
    """The steps in which this answer would have been decoded; the prefill gives its first token.

    `limit` is how many tokens it could have had, which bounds the drafts at its end; None: as many as it has.
    """
    clocks = clocks or _Clocks()
    limit = len(answer) if limit is None else limit
    drafter = SuffixDrafter(answers)
    with clocks.updating():
        drafter.learn(prompt, answer=False)
    done, at = 0, 1  # tokens of the answer that the trees know, and that are decoded
    while at < len(answer):
        with clocks.updating():
            drafter.learn(answer[done:at], answer=True)
        most = min(knobs.num_draft_tokens, limit - at - 1)
        with clocks.looking_up():
            look_up = LookUp(most, knobs.alpha, knobs.offset, knobs.min_prob, knobs.branching)
            plan = drafter.plan(look_up, knobs.trees, calibration)
        accepted = _accepted(plan, answer[at:])
        yield Round(plan.num_nodes, accepted)
        done, at = at, at + accepted + 1
    drafter.learn(answer[done:], answer=True)


def _accepted(plan: Plan, text: Sequence[int]) -> int:
    """How far down the draft the text goes."""
    node, depth = -1, 0
    children: dict[tuple[int, int], int] = {}
    for index, (token, parent, _) in enumerate(plan.nodes):
        children[parent, token] = index
    while depth < len(text) and (node, text[depth]) in children:
        node = children[node, text[depth]]
        depth += 1
    return depth
