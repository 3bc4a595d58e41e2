"""What drafters share: how much to draft, as a wider pass must win more tokens than its time costs, and how to say
where a guess was copied from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from accel.trace import Calibration, Occurrence

AROUND = 12  # tokens shown before a match, and after what is drafted from it


def pass_seconds(calibration: Calibration, rows: int) -> float:
    """Seconds of a target pass over `rows` tokens: between two measured points, a straight line."""
    measured, seconds = calibration.rows, calibration.pass_seconds
    at = bisect_left(measured, rows)
    if at < len(measured) and measured[at] == rows:
        return seconds[at]
    if at == 0:
        return seconds[0]
    at = min(at, len(measured) - 1)
    low, high = measured[at - 1], measured[at]
    slope = (seconds[at] - seconds[at - 1]) / (high - low)
    return max(seconds[at - 1] + slope * (rows - low), 0.0)


def worthwhile(calibration: Calibration | None, gains: Sequence[float], width: int = 1) -> int:
    """How many of these drafted levels to verify, in order: the count with the most tokens per second.

    `gains[i]` is the probability that a token of level i is accepted; a level adds `width` rows to the pass.
    Without a calibration, all of them.
    """
    if calibration is None:
        return len(gains)
    best, best_rate, expected = 0, 1.0 / pass_seconds(calibration, 1), 1.0
    for count, gain in enumerate(gains, 1):
        expected += gain
        rate = expected / pass_seconds(calibration, 1 + count * width)
        if rate > best_rate:
            best, best_rate = count, rate
    return best


def around(end: int, length: int, followed: int) -> tuple[int, int]:
    """From where to where a text is shown around `length` matched tokens and the `followed` drafted after them."""
    return max(0, end - length - AROUND), end + followed + AROUND


def occurrence_in(text: Sequence[int], source: str, end: int, length: int, followed: int) -> Occurrence:
    """A match in the run's own text, before token number `end`."""
    first, stop = around(end, length, followed)
    return Occurrence(source, length, 0, end, first, tuple(text[first:stop]))
