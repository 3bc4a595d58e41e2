"""How often one address may begin a run: a bucket of tokens for each, in this process alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from threading import Lock
from time import monotonic
from typing import Any

import gradio as gr

from visuals.page import words
from visuals.page.limits import limits

ADDRESSES = 10_000  # remembered; the one that was quiet longest goes first


class TooOften(RuntimeError):
    """An address began too many runs; the message says when the next may begin."""


class Rate:
    """Buckets that hold a minute's runs and fill up steadily."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # address: runs left, when
        self._lock = Lock()

    def take(self, address: str, per_minute: int) -> None:
        """One run for this address. Raises TooOften where its bucket is empty; 0 a minute is no limit."""
        if not per_minute:
            return
        now = self._clock()
        with self._lock:
            left, then = self._buckets.pop(address, (float(per_minute), now))
            left = min(per_minute, left + (now - then) * per_minute / 60)
            self._buckets[address] = (left - 1 if left >= 1 else left, now)
            while len(self._buckets) > ADDRESSES:
                self._buckets.popitem(last=False)
        if left < 1:
            seconds = ceil((1 - left) * 60 / per_minute)
            raise TooOften(words.TOO_OFTEN.format(runs=per_minute, seconds=seconds))

    def __len__(self) -> int:
        return len(self._buckets)


RATE = Rate()


def address_of(request: Any) -> str:
    """Whose address a request of gradio's or of the web server came from, as `subscriber` tells them apart."""
    client = None if request is None else request.client
    return subscriber(client.host) if client else ""


def count_run(request: gr.Request | None) -> None:
    """One more run for whoever asked. Raises TooOften."""
    RATE.take(address_of(request), limits().runs_per_minute)


def subscriber(host: str) -> str:
    """Whose address it is: itself, or for IPv6 its /64, since whoever has one of those has them all."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:  # a socket without addresses, or a proxy's own name for a client
        return host
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or IPv6Network((address, 64), strict=False))
    return str(address)
