"""Record the runs that the page opens with, on the embedded model: `make traces`. The first opens first."""

from __future__ import annotations

import sys
from pathlib import Path

import accel
from tests.prompts import REPEAT, VARIED

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "traces"
FUNCTIONS = "Write Python functions add, subtract, multiply and divide, each with a docstring."
TABLE = "Write HTML for a table with four rows of fruit and their prices."
PEOPLE = "Write a JSON list of six people, each with name, age and city."
AGAIN = "Write the Python functions add and subtract, each with a docstring."
TREE = {"branching": True, "alpha": 3.0, "calibrated": False}

# file name (its title follows the number), prompt, what is asked; `after`: a prompt that the session answered before
RUNS = [
    ("01-Guesses-that-branch,-SuffixDecoding", FUNCTIONS, {"method": "suffix", "max_new_tokens": 96, "knobs": TREE}),
    ("02-Repeating-a-text,-SuffixDecoding", REPEAT, {"method": "suffix", "max_new_tokens": 96}),
    ("03-Where-guessing-does-not-pay,-SuffixDecoding", PEOPLE, {"method": "suffix", "max_new_tokens": 64}),
    ("04-Leaving-early-when-sure,-AdaDecode", FUNCTIONS, {
        "method": "adadecode", "max_new_tokens": 48, "observe": "decisions",
    }),
    ("05-Leaving-too-early,-AdaDecode-at-threshold-0.3", PEOPLE, {
        "method": "adadecode", "max_new_tokens": 32, "knobs": {"threshold": 0.3},
    }),
    ("06-A-search-that-pays,-ADED", FUNCTIONS, {
        "method": "aded", "max_new_tokens": 48, "knobs": {"mode": "best_first"},
    }),
    ("07-A-search-that-finds-little,-ADED-as-published", VARIED[1], {
        "method": "aded", "max_new_tokens": 32, "knobs": {"mode": "published"},
    }),
    ("08-Skipping-three-layers,-CLaSp", REPEAT, {
        "method": "clasp", "max_new_tokens": 40, "knobs": {"skip_share": 0.1, "calibrated": False},
    }),
    ("09-Skipping-too-many-layers,-CLaSp", VARIED[0], {
        "method": "clasp", "max_new_tokens": 24, "knobs": {"skip_share": 0.4, "calibrated": False},
    }),
    ("10-Copying-from-the-text,-prompt-lookup", TABLE, {"method": "prompt_lookup", "max_new_tokens": 96}),
    ("11-One-token-at-a-time,-the-model-alone", VARIED[0], {"method": "autoregressive", "max_new_tokens": 32}),
    ("12-Sampled-at-temperature-0.6,-SuffixDecoding", FUNCTIONS, {
        "method": "suffix", "max_new_tokens": 64, "temperature": 0.6, "seed": 7, "knobs": TREE,
    }),
    ("13-Remembering-an-earlier-answer,-SuffixDecoding", FUNCTIONS, {
        "method": "suffix", "max_new_tokens": 96, "after": AGAIN,
    }),
]  # fmt: skip


def main() -> int:
    """All of them, or those whose numbers are given."""
    model = accel.load("smollm2-135m")
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = [run for run in RUNS if not sys.argv[1:] or run[0][:2] in sys.argv[1:]]
    for old in FOLDER.glob("*.jsonl"):
        if old.stem in {name for name, _, _ in wanted} or old.stem not in {name for name, _, _ in RUNS}:
            old.unlink()
    for name, prompt, asked in wanted:
        session = accel.Session(model)
        if earlier := asked.pop("after", None):
            accel.generate(model, earlier, method="suffix", max_new_tokens=96, session=session)
        trace = accel.generate(
            model, prompt, **{"observe": "full", "check": True, "session": session, **asked}
        )
        trace.save(FOLDER / f"{name}.jsonl")
        size = (FOLDER / f"{name}.jsonl").stat().st_size
        print(
            f"{name}: {len(trace.tokens)} tokens, {len(trace.steps)} steps, {size / 1000:.0f} kB",
            file=sys.stderr,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
