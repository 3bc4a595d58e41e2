"""Speed bars, as ratios in one run on the embedded model in bf16: `make bars`. Never part of CI.

Each bar prints its figure beside the least (or most) it may be; the exit status is 1 if one is missed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from time import process_time
from urllib.request import urlopen

import accel
from accel.compare import Row, compare
from accel.request import greedy_request
from accel.run import Run
from tests.prompts import REPEAT, VARIED

ROUNDS = 7
ROOT = Path(__file__).resolve().parent.parent


def rows_for(model, prompt: str, methods: list[str], max_new_tokens: int) -> dict[str, Row]:
    requests = [greedy_request(model, prompt, method, max_new_tokens=max_new_tokens) for method in methods]
    return {row.name: row for row in compare(model, requests, ROUNDS, with_library=True)}


def watching_share(model) -> float:
    """Processor time of making and keeping events, over that of the whole run, at observe=decisions."""
    spent, emit, shown = 0.0, Run.emit, None
    from accel.verify import _Targets

    shown = _Targets.shown_probs

    def timed(work):
        def run(*args):
            nonlocal spent
            start = process_time()
            result = work(*args)
            spent += process_time() - start
            return result

        return run

    Run.emit, _Targets.shown_probs = timed(emit), timed(shown)
    try:
        start = process_time()
        accel.generate(model, REPEAT, method="suffix", max_new_tokens=96, observe="decisions")
        total = process_time() - start
    finally:
        Run.emit, _Targets.shown_probs = emit, shown
    return spent / total


def seconds_to_page() -> float:
    """From `python app.py` to a served page, the second time."""
    for _ in range(2):
        port = "7871"
        start = time.perf_counter()
        page = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env={**os.environ, "GRADIO_SERVER_PORT": port},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            while True:
                try:
                    urlopen(f"http://127.0.0.1:{port}/", timeout=5).read()
                    break
                except OSError:
                    time.sleep(0.05)
            taken = time.perf_counter() - start
        finally:
            page.terminate()
            page.wait(20)
    return taken


def main() -> int:
    model = accel.load("smollm2-135m", device="cpu", dtype="bfloat16")
    print(f"{model.info.name}, {model.info.dtype}, {model.info.threads} threads, {ROUNDS} rounds")
    chat = rows_for(model, VARIED[3], ["autoregressive"], 64)
    repeat = rows_for(model, REPEAT, ["autoregressive", "prompt_lookup", "suffix"], 96)
    bars = [
        ("our loop / generate, tokens per second", chat["autoregressive"].over_library, ">=", 1.3),
        ("suffix / our loop, repeating with an edit", repeat["suffix"].speedup, ">=", 2.0),
        ("events' share of processor time", watching_share(model), "<=", 0.03),
        ("seconds from `python app.py` to a page", seconds_to_page(), "<=", 8.0),
    ]
    missed = 0
    for name, figure, relation, bar in bars:
        met = figure >= bar if relation == ">=" else figure <= bar
        missed += not met
        print(f"{'met   ' if met else 'MISSED'}  {name}: {figure:.3f} ({relation} {bar})")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
