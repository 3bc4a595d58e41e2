"""Numbers made short for sending: six digits of a float, or two base64 digits of a share."""

from __future__ import annotations

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def compact(value: float) -> int | float:
    """Six significant digits, and no `.0`."""
    short = float(f"{value:.6g}")
    return int(short) if short.is_integer() and abs(short) < 2**53 else short


def two_digits(share: float) -> str:
    """A number from 0 to 1 in steps of 1/4095; the ends stand for exactly 0 and 1 only.

    >>> two_digits(0.0), two_digits(0.5), two_digits(1.0)
    ('AA', 'gA', '//')
    """
    level = _level(share)
    return _BASE64[level >> 6] + _BASE64[level & 63]


def _level(share: float) -> int:
    if share <= 0:
        return 0
    return 4095 if share >= 1 else min(4094, max(1, round(share * 4095)))


def counted(number: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "thread"), counted(2, "thread")
    ('1 thread', '2 threads')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
