"""Random command lines, none of which may lose anything: `python -m tests.fuzz_command_line --count 1000 --seed 0`.

No traceback, no hang, an exit code that is known, one line that says why where it is not 0, and where it is 0 every
output there. A finding is printed with its number, by which it is played alone: `--only 137`.
"""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

from accel.trace import Trace
from tests.command_line import Ended, play
from tests.random_command_lines import Asked, Maker

BROKEN_PIPE = 141
CODES = (0, 1, 2, BROKEN_PIPE, *(128 + number for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)))
MOST_MEGABYTES = 1600  # beyond the some 400 that the forked process holds


def faults(asked: Asked, ended: Ended) -> list[str]:
    """What is wrong with how a call ended."""
    if -ended.code in dict(asked.call.signals) and not (ended.out or ended.err):
        return []  # the signal came before the command could take it: nothing was begun
    found = ["hangs"] if ended.is_hung else []
    found += [word for word in ("Traceback", "Exception ignored") if word in ended.err]
    if ended.megabytes > MOST_MEGABYTES:
        found.append(f"takes {ended.megabytes:.0f} MB")
    if ended.code not in CODES:
        found.append(f"exit code {ended.code}")
    said = [line for line in ended.err.splitlines() if line.startswith(("error: ", "stopped"))]
    is_readable = asked.call.errors == "file" and asked.call.largest_file is None
    if ended.code not in (0, BROKEN_PIPE) and is_readable and len(said) != 1:
        found.append(f"{len(said)} lines say why")
    if ended.code == 0:
        found += losses(asked, ended)
    return found + [f"leaves {path.name}" for path in asked.folder.rglob("*.part*")]


def losses(asked: Asked, ended: Ended) -> list[str]:
    """What is not there although the call ended well."""
    call = asked.call
    if call.output != "file":
        return ["ends well without standard output"]
    text = ended.out.decode(call.encoding)
    if "--help" in call.words:
        return [] if text else ["no help"]
    found = []
    if "--json" in call.words:
        try:
            json.loads(text)
        except ValueError:
            found.append("standard output is not JSON")
    elif not text:
        found.append("standard output is empty")
    if asked.trace is not None and not asked.trace.is_char_device():
        found += [] if asked.trace.is_file() and Trace.load(asked.trace).tokens else ["no trace"]
    if asked.out is not None:
        heads, bench = ("*.safetensors", "*.json"), ("records.jsonl", "bench.json", "bench.md")
        wanted = bench if call.words[0] == "bench" else heads
        found += [f"no {name}" for name in wanted if not any(asked.out.glob(name))]
    return found


def explore(count: int, seed: int, only: int | None = None) -> list[str]:
    """Play command lines; the faults found, a line each. Tells on standard error what they are and how calls ended."""
    found, ends = [], Counter[int]()
    with tempfile.TemporaryDirectory() as folder:
        maker = Maker(Path(folder))
        for number in range(count) if only is None else [only]:
            asked = maker.make(seed, number)
            ended = play(asked.call)
            ends[ended.code] += 1
            wrong = faults(asked, ended)
            if wrong or only is not None:
                line = shlex.join(word[:60] for word in asked.call.words)
                found += [f"{number}: {', '.join(wrong)}: {line}"] if wrong else []
                print(
                    f"{number}: {wrong}: {line!a}", asked.call, ended, sep="\n", file=sys.stderr, flush=True
                )
    print(f"{sum(ends.values())} calls, by exit code: {dict(sorted(ends.items()))}", file=sys.stderr)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, default=None)
    chosen = parser.parse_args()
    sys.exit(1 if explore(chosen.count, chosen.seed, chosen.only) else 0)
