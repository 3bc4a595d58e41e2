"""What a benchmark's records come to: one row an arm and suite, as values and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import comb
from statistics import fmean, median

from accel.compare import BASELINE, LIBRARY

LOOKUP = "generate+lookup"


@dataclass(frozen=True, slots=True)
class Record:
    """One arm's answer to one prompt."""

    suite: str
    item: str
    round: int
    arm: str
    num_tokens: int
    num_steps: int | None
    seconds: float
    same_text: bool  # as our own loop's


@dataclass(frozen=True, slots=True)
class Row:
    """One arm on one suite. A ratio is of tokens per second, paired prompt by prompt; over rounds the median counts."""

    suite: str
    arm: str
    num_prompts: int
    tokens_per_second: float  # all tokens over all seconds
    mean: float  # of the ratios to our own loop
    total: float  # all tokens over all seconds, against our own loop's
    median: float
    low: float  # of the middle 95 % that the median is sure to lie in
    high: float
    over_library: float | None  # median
    over_lookup: float | None
    tokens_per_step: float | None
    same_text: float  # share of prompts


def rows(records: Sequence[Record]) -> list[Row]:
    """By suite and arm, in the order they come in."""
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        found.setdefault((record.suite, record.arm), []).append(record)
    rates = {key: _rates(group) for key, group in found.items()}
    return [_row(suite, arm, group, rates) for (suite, arm), group in found.items()]


def _rates(records: Sequence[Record]) -> dict[str, float]:
    """Tokens per second of each prompt, the median over rounds."""
    by_item: dict[str, list[float]] = {}
    for record in records:
        by_item.setdefault(record.item, []).append(record.num_tokens / record.seconds)
    return {item: median(values) for item, values in by_item.items()}


def _row(
    suite: str, arm: str, records: Sequence[Record], rates: Mapping[tuple[str, str], dict[str, float]]
) -> Row:
    own = rates[suite, arm]

    def ratios(other: str) -> list[float]:
        theirs = rates.get((suite, other), {})
        return [own[item] / theirs[item] for item in own if item in theirs]

    def middle(other: str) -> float | None:
        against = ratios(other)
        return median(against) if against else None

    to_loop = ratios(BASELINE)
    low, high = interval(to_loop)
    steps = [record.num_steps for record in records if record.num_steps]
    return Row(
        suite=suite,
        arm=arm,
        num_prompts=len(own),
        tokens_per_second=sum(r.num_tokens for r in records) / sum(r.seconds for r in records),
        mean=fmean(to_loop),
        total=_total(records, rates[suite, BASELINE]),
        median=median(to_loop),
        low=low,
        high=high,
        over_library=middle(LIBRARY),
        over_lookup=middle(LOOKUP),
        tokens_per_step=sum(r.num_tokens - 1 for r in records) / sum(steps) if steps else None,
        same_text=fmean(record.same_text for record in records),
    )


def _total(records: Sequence[Record], alone: Mapping[str, float]) -> float:
    """The seconds our own loop takes for these tokens over those taken."""
    return sum(r.num_tokens / alone[r.item] for r in records) / sum(r.seconds for r in records)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Where the median of what these were drawn from lies, 95 times of 100: two of the values (order statistics).

    With fewer than six values no two of them are that far apart: the lowest and the highest.
    """
    ordered, count = sorted(values), len(values)
    outside, inside = 0.0, 0
    while 2 * (outside := outside + comb(count, inside) / 2**count) <= 0.05:
        inside += 1
    at = max(inside - 1, 0)
    return ordered[at], ordered[count - 1 - at]


HEADS = {
    "suite": "suite",
    "arm": "arm",
    "num_prompts": "prompts",
    "tokens_per_second": "tokens/s",
    "mean": "x our loop, mean",
    "total": "by totals",
    "median": "median",
    "low": "95 % from",
    "high": "to",
    "over_library": "x `generate`",
    "over_lookup": "x its lookup",
    "tokens_per_step": "tokens/step",
    "same_text": "same text",
}


def markdown(found: Sequence[Row]) -> str:
    """The table, a line a row."""
    lines = ["| " + " | ".join(HEADS.values()) + " |", "|" + "---|" * len(HEADS)]
    for row in found:
        lines.append("| " + " | ".join(_cell(getattr(row, field.name)) for field in fields(row)) + " |")
    return "\n".join(lines) + "\n"


def _cell(value: str | int | float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
