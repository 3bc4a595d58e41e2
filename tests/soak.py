"""Many visitors at once on the real page for some minutes: `python -m tests.soak --minutes 10 --sessions 50`.

Serves `app.py` with public limits on the loopback interface and plays sessions over its HTTP API: runs, cancels,
disconnects, floods, bad inputs, uploads. Tells memory after the warm-up and at the end, threads, open files and
temporary files left over; ends with 1 where a bar is missed. Bounded in time and in the number of calls.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from gradio_client import Client
from gradio_client.exceptions import AppError
from gradio_client.utils import QueueError

from tests.public.serving import Server, serving
from tests.public.tiny_cache import tiny_cache
from tests.public.visitors import Page, Visitor, status_of

GROWTH = 0.05  # of memory, from the warm-up to the end
SETTLING = 12.0  # seconds without visitors before what is held is counted
# Threads more than after the warm-up: the web server's pool grows with the crowd and shrinks when idle.
POOL = 4
MOST_CALLS = 50_000
LENGTH = "Most new tokens"
PROMPTS = ("the cat sat on the mat. the cat", "a list of ten words", "Why is the sea salty?", "zebra " * 40)
BAD: tuple[dict[str, Any], ...] = (
    {"prompt": ""}, {"prompt": "x" * 100_000}, {"method": {}}, {"Model": "/etc"}, {LENGTH: 10**9}, {"Seed": None},
    {"prompt": "<img src=x onerror=alert(1)>", LENGTH: 2}, {"prompt": "\ud83d\0\u202e", LENGTH: 2},
)  # fmt: skip


@dataclass
class Played:
    """What the sessions did, counted by several threads."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def did(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1

    def fault(self, what: str) -> None:
        with self._lock:
            self.faults.append(what[:300])

    @property
    def calls(self) -> int:
        with self._lock:
            return self.counts.total()


class Session:
    """One visitor, who does one thing after another by chance."""

    def __init__(self, page: Page, chance: random.Random, played: Played) -> None:
        self.page, self.chance, self.played = page, chance, played

    def turn(self) -> None:
        """One visit, of whatever kind."""
        kinds: dict[Callable[[Visitor], None], int] = {
            self.runs: 10, self.stops: 2, self.leaves: 2, self.errs: 3, self.uploads: 1, self.asks: 2, self.floods: 1,
        }  # fmt: skip
        kind = self.chance.choices(list(kinds), list(kinds.values()))[0]
        visitor = Visitor(self.page, timeout=120.0)
        try:
            kind(visitor)
            self.played.did(kind.__name__)
        except httpx.HTTPStatusError as error:
            if error.response.status_code == 503:
                self.played.did("  told: 503, the queue is full")
            else:
                self.played.fault(f"{kind.__name__}: {error!r}")
        except Exception as error:
            self.played.fault(f"{kind.__name__}: {error!r} after {json.dumps(visitor.last)}")
        finally:
            visitor.close()

    def asked(self) -> dict[str, Any]:
        methods = ("suffix", "prompt_lookup", "autoregressive", "adadecode", "clasp", "aded")
        return {
            "prompt": self.chance.choice(PROMPTS), "method": self.chance.choice(methods),
            LENGTH: self.chance.randint(2, 24), "Temperature (0 is greedy)": self.chance.choice((0, 0.8)),
        }  # fmt: skip

    def runs(self, visitor: Visitor) -> None:
        self.judge(visitor.run(**self.asked()))

    def judge(self, told: str) -> None:
        """Done, or refused in words that are expected of a full server."""
        ends = ("Done", "Stopped: time limit", "The server is full", "Too many requests")
        known = next((end for end in ends if end in told), None)
        self.played.did(f"  told: {known or 'something else'}")
        if known is None:
            self.played.fault(f"a run ended with: {told}")

    def stops(self, visitor: Visitor) -> None:
        visitor.join("run", **{**self.asked(), LENGTH: 256}).raise_for_status()
        with visitor.stream() as told:
            for at, message in enumerate(told):
                if message.get("msg") == "process_completed":
                    break
                if at == 3:
                    visitor.at_once("stop")

    def leaves(self, visitor: Visitor) -> None:
        """In the middle of a run, or of the wait for one."""
        visitor.join("run", **{**self.asked(), LENGTH: 256}).raise_for_status()
        with visitor.stream() as told:
            for _ in range(self.chance.randint(1, 5)):
                next(told, None)

    def floods(self, visitor: Visitor) -> None:
        """Twelve presses at once; the server may refuse any of them."""
        for _ in range(12):
            visitor.join("run", **{**self.asked(), LENGTH: 2})

    def errs(self, visitor: Visitor) -> None:
        last = visitor.press("run", **self.chance.choice(BAD))[-1]
        if "Traceback" in json.dumps(last) or "site-packages" in json.dumps(last):
            self.played.fault(f"the inside was shown: {status_of(last)}")

    def uploads(self, visitor: Visitor) -> None:
        sent = {"files": ("../t.jsonl", b"[" * 10_000)}
        visitor.http.post(f"{self.page.address}gradio_api/upload", files=sent)

    def asks(self, _: Visitor) -> None:
        """As a program does."""
        client = Client(self.page.address, verbose=False, analytics_enabled=False)
        try:
            client.predict("Hi", max_new_tokens=self.chance.choice((2, 8, -1)), api_name="/decode")
        except (AppError, QueueError) as error:
            if not any(words in str(error) for words in ("max_new_tokens", "full", "Too many")):
                self.played.fault(f"/decode: {error}")
        finally:
            with suppress(Exception):
                client.close()


def play(server: Server, sessions: int, seconds: float, seed: int) -> Played:
    """So many sessions at once until the time is up; every one ends its last visit."""
    page, played, until = Page(server.address), Played(), time.monotonic() + seconds

    def live(number: int) -> None:
        session = Session(page, random.Random(f"{seed}-{number}"), played)
        while time.monotonic() < until and played.calls < MOST_CALLS:
            session.turn()

    threads = [threading.Thread(target=live, args=(number,)) for number in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return played


def settle(server: Server) -> None:
    """Wait without visitors, then ask for the page once: the web server lets idle workers go when one is next used."""
    time.sleep(SETTLING)
    httpx.get(server.address, timeout=60)
    time.sleep(1.0)


def soak(folder: Path, cache: Path, minutes: float, sessions: int, growth: float = GROWTH) -> list[str]:
    """Warm up for a fifth of the time, measure, play the rest, measure again. What was missed, in words."""
    missed: list[str] = []
    # Sessions are forgotten as fast as they come, so that nothing but a leak can grow.
    allowed = {
        "DRAFTSCOPE_SESSIONS": "20",
        "DRAFTSCOPE_SESSION_MINUTES": "1",
        "DRAFTSCOPE_RUNS_PER_MINUTE": "1000",
        "DRAFTSCOPE_RUNS_AT_ONCE": "0",
    }
    with serving(folder, DRAFTSCOPE_CACHE=str(cache), **allowed) as server:
        print(f"warm-up: {dict(play(server, sessions, minutes * 12, 1).counts)}")
        settle(server)
        before, files, threads = server.memory(), server.open_files(), server.threads()
        played = play(server, sessions, minutes * 48, 2)
        # Where the machine is slow, the last runs end late, and their workers are idle later.
        for _ in range(4):
            settle(server)
            if server.threads() <= threads + POOL:
                break
        after = server.memory()
        print(f"played:  {dict(played.counts)}")
        print(
            f"memory:  {before:.0f} MB after the warm-up, {after:.0f} MB at the end ({after / before - 1:+.1%})"
        )
        print(f"threads: {threads} -> {server.threads()}; open files: {files} -> {server.open_files()}")
        missed += [f"fault: {fault}" for fault in played.faults[:10]]
        if after > before * (1 + growth):
            missed.append(f"memory grew by {after / before - 1:.1%}, more than {growth:.0%}")
        if server.threads() > threads + POOL:
            missed.append(f"{server.threads() - threads} threads more than after the warm-up")
        if server.open_files() > files + 5:
            missed.append(f"{server.open_files() - files} files more are open")
        if server.stop() != 0:
            missed.append("the server did not end cleanly")
        left = server.files()
        print(f"temporary files left over: {len(left)}")
        if left:
            missed.append(f"{len(left)} temporary files are left, such as {left[0].name}")
        if "unexpected error" in server.said():
            missed.append("something unexpected is in the log")
    return missed


def main() -> int:
    read = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    read.add_argument("--minutes", type=float, default=10.0)
    read.add_argument("--sessions", type=int, default=50)
    read.add_argument(
        "--embedded", action="store_true", help="the embedded model instead of a small random one"
    )
    asked = read.parse_args()
    if not (0 < asked.minutes <= 120 and 1 <= asked.sessions <= 500):
        read.error("--minutes up to 120 and --sessions up to 500")
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        own = os.environ.get("DRAFTSCOPE_CACHE", str(Path.home() / ".cache" / "draftscope"))
        cache = Path(own) if asked.embedded else tiny_cache(folder / "cache")
        missed = soak(folder / "server", cache, asked.minutes, asked.sessions)
    for what in missed:
        print(f"MISSED: {what}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
