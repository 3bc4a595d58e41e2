"""What a page holds after one visitor's afternoon: `python -m tests.page_memory`.

Serves `app.py` with the embedded model and presses, over its HTTP API, runs of three methods, a race, a sweep and
exports, three times over. Prints the megabytes that the server holds after each.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.public.serving import serving
from tests.public.visitors import Page, Visitor

METHODS = ("suffix", "aded", "autoregressive")
PROMPT = "Count from one to fifty in words. " * 8
FREE = {
    f"DRAFTSCOPE_{name}": "0" for name in ("RUNS_PER_MINUTE", "RUNS_AT_ONCE", "RUN_SECONDS")
}  # no such limit
AT_REST = 2.0  # seconds


def afternoon(visitor: Visitor) -> Iterator[str]:
    """Press the buttons one after the other; what was done, each time."""
    for method in METHODS:
        visitor.run(**{"Method": method, "Most new tokens": 48, "prompt": PROMPT})
        yield f"run of {method}"
    visitor.press("race-start", **{"race-prompt": "hello", "Tokens each": 32, "Rounds": 1})
    yield "race"
    visitor.press("measure")
    yield "sweep"
    for kind in ("trace", "html"):
        visitor.send(visitor.page.events[0], [None], event_data={"kind": kind, "slug": None})
        yield f"export of {kind}"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), **FREE) as server:
        print(f"{server.memory():6.0f} MB at the start", flush=True)
        with Visitor(Page(server.address), timeout=600) as visitor:
            for turn in range(1, 4):
                for done in afternoon(visitor):
                    print(f"{server.memory():6.0f} MB, turn {turn}: {done}", flush=True)
        time.sleep(AT_REST)
        print(f"{server.memory():6.0f} MB at rest", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
