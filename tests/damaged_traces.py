"""Damaged and hostile traces from a seed, made from recorded ones: each is refused in words or works everywhere.

    python -m tests.damaged_traces --count 1000 --seed 0

Every case has a seed of its own, so that one that fails can be made again: `--count 1 --seed N`.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from accel.metrics import metrics
from accel.trace import Trace, TraceCut, TraceError
from tests.trace_damage import damaged
from visuals import VIEWS
from visuals.export import EXPORTS
from visuals.race import pair, race
from visuals.reading import read
from visuals.scene import packed, scene

SECONDS = 5.0  # of processor time, for reading a case and for each use of it
HANG = 60  # seconds on the clock
REFUSAL = re.compile(r"(line \d+|step \d+|not a trace|the trace has|the file is larger|pieces: )")


@dataclass
class Result:
    """What came of a case; `failure` says what must not be."""

    outcome: str
    slowest: float
    failure: str = ""


def views(trace: Trace) -> None:
    """Every figure that the trace has something for: of the run, and of its last step."""
    last = len(trace.steps) - 1
    for view in VIEWS.values():
        if view.fits(trace, None if view.of == "run" else last):
            view.draw(trace, last)


USES: dict[str, Callable[[Trace], Any]] = {
    "metrics": metrics,
    "rows": read,
    "scene": lambda trace: packed(scene(trace)),
    "race": lambda trace: packed(race([trace, trace], run="r")),
    "pair": lambda trace: packed(pair(trace, trace, run="p", names=("one", "other"))),
    **{f"export {name}": export.text for name, export in EXPORTS.items()},
}


class TookTooLong(Exception):
    """A case that had to be broken off."""


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    def give_up(*_: Any) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run_case(seed: int, path: Path) -> Result:
    """Damage a trace by this seed, read it, and use it in every way."""
    rng = Random(seed)
    path.write_bytes(damaged(rng))
    slowest, doing = 0.0, "reading"
    try:
        with at_most(HANG):
            began = time.process_time()
            try:
                trace = load(path)
            except TraceError as error:
                return Result("refused", time.process_time() - began, _bad_words(str(error)))
            slowest = time.process_time() - began
            uses = dict(USES, views=views) if seed % 20 == 0 else USES
            for doing, use in uses.items():  # noqa: B007  # the name of what failed
                began = time.process_time()
                use(trace)
                slowest = max(slowest, time.process_time() - began)
            doing = "saving"
            assert Trace.from_lines(trace.lines()) == trace
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__}: {str(error)[:200]} ({where.filename}:{where.lineno})"
        return Result("failed", slowest, f"{doing}: {said}")
    slow = f"took {slowest:.1f} s" if slowest > SECONDS else ""
    return Result("opened", slowest, slow)


def load(path: Path) -> Trace:
    """As the page does: a file that was cut off is read as far as it goes."""
    try:
        return Trace.load(path)
    except TraceCut:
        return Trace.load(path, cut=True)


def _bad_words(said: str) -> str:
    if not REFUSAL.match(said):
        return f"names no place: {said[:200]}"
    if "\n" in said or len(said) > 400:
        return f"more than a line: {said[:200]}"
    said.encode()
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    outcomes: Counter[str] = Counter()
    slowest, failures = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(asked.seed, asked.seed + asked.count):
            result = run_case(seed, Path(folder) / "trace.jsonl")
            outcomes[result.outcome] += 1
            slowest = max(slowest, result.slowest)
            if result.failure:
                failures += 1
                print(f"seed {seed}: {result.failure}", flush=True)
    told = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()))
    print(f"{told}; the slowest use took {slowest:.2f} s; {failures} failures")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
