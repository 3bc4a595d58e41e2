"""Methods against each other on one prompt: measured in alternation, in one process, after a warm-up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

from accel.decoding import Decoding, Stopping, never
from accel.models.library import library_greedy
from accel.models.model import Model
from accel.request import Request
from accel.trace import Observe, Trace

LIBRARY = "generate"  # the library's own greedy loop, beside our methods
BASELINE = "autoregressive"


@dataclass
class Arm:
    """One method's rounds. Seconds are wall time from the prompt to the last token, nothing observed."""

    name: str
    seconds: list[float] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    trace: Trace | None = None

    @property
    def tokens_per_second(self) -> float:
        return len(self.tokens) / median(self.seconds)


@dataclass(frozen=True)
class Row:
    """One line of the table. Ratios are medians over rounds of paired times; `low`, `high` are their extremes."""

    name: str
    num_tokens: int
    tokens_per_second: float
    speedup: float  # over our autoregressive loop
    low: float
    high: float
    over_library: float | None  # over the library's generate, where it ran
    mean_acceptance_length: float | None
    acceptance_rate: float | None
    layer_calls_per_token: float | None
    drafting_share: float | None  # of the time, in the watched round
    same_text: bool
    num_rounds: int


def compare(
    model: Model,
    requests: Sequence[Request],
    rounds: int,
    *,
    with_library: bool,
    tell: Callable[[str, float], None] = lambda stage, fraction: None,
    stopping: Stopping = never,
) -> list[Row]:
    """Run every request, our own loop first, `rounds` times in alternation; the first round is a warm-up.

    Each run starts cold. The library is compared at temperature 0 only. Where `stopping` has a reason, the round is
    dropped and the rows are of the rounds before it; there are none without a measured round.
    """
    arms = [Arm(request.method.name) for request in requests]
    library = Arm(LIBRARY) if with_library and requests[0].terms.sampling.is_greedy else None
    for number in range(rounds + 1):
        tell("measuring", number / (rounds + 1))
        answers = [
            _timed(partial(_decode, model, request, arm, number == 0, stopping))
            for arm, request in zip(arms, requests, strict=True)
            if stopping() is None
        ]
        if library is not None and stopping() is None:
            answers.append(_timed(partial(library_answer, model, requests[0])))
        if stopping() is not None:
            break
        for arm, (tokens, seconds) in zip([*arms, *([library] if library else [])], answers, strict=True):
            arm.tokens = tokens
            if number:
                arm.seconds.append(seconds)
    tell("measuring", 1.0)
    return list(_rows(arms, library)) if arms[0].seconds else []


def _timed(decode: Callable[[], list[int]]) -> tuple[list[int], float]:
    start = perf_counter()
    tokens = decode()
    return tokens, perf_counter() - start


def _decode(model: Model, request: Request, arm: Arm, watched: bool, stopping: Stopping) -> list[int]:
    """One cold run; the warm-up is watched, for the counters that need verdicts."""
    decoding = cold(model, request, "decisions" if watched else "none", stopping)
    tokens = [token for step in decoding for token in step.commit.tokens]
    if watched:
        arm.trace = decoding.trace()
    return tokens


def library_answer(model: Model, request: Request, **options: Any) -> list[int]:
    """The library's greedy tokens for a request, with room for as many as ours would have."""
    prompt = request.terms.prompt
    most = min(request.limits.max_new_tokens, model.context - len(prompt))
    return library_greedy(model, prompt, most, **options)


def cold(model: Model, request: Request, observe: Observe, stopping: Stopping = never) -> Decoding:
    """One run of a request by itself: nothing remembered from an earlier one, nothing else measured."""
    terms = replace(request.terms, observe=observe)
    return Decoding(model, replace(request, terms=terms), None, check=False, stopping=stopping)


def _rows(arms: list[Arm], library: Arm | None) -> Iterator[Row]:
    baseline = next(arm for arm in arms if arm.name == BASELINE)
    for arm in [*arms, *([library] if library else [])]:
        # Per token, since at temperature > 0 texts differ in length.
        ratios = [_ratio(baseline, arm, i) for i in range(len(arm.seconds))]
        found = arm.trace.metrics if arm.trace else {}
        yield Row(
            name=arm.name,
            num_tokens=len(arm.tokens),
            tokens_per_second=arm.tokens_per_second,
            speedup=median(ratios),
            low=min(ratios),
            high=max(ratios),
            over_library=median(_ratio(library, arm, i) for i in range(len(arm.seconds)))
            if library
            else None,
            mean_acceptance_length=found.get("mean_acceptance_length"),
            acceptance_rate=found.get("acceptance_rate"),
            layer_calls_per_token=found.get("layer_calls_per_token"),
            drafting_share=found.get("drafting_share"),
            same_text=arm.tokens == baseline.tokens,
            num_rounds=len(arm.seconds),
        )


def _ratio(slow: Arm, fast: Arm, number: int) -> float:
    """How many times as many tokens per second `fast` gave in this round."""
    return slow.seconds[number] / len(slow.tokens) / (fast.seconds[number] / len(fast.tokens))
