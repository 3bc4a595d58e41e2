"""Record the runs that the page opens with, on the embedded model: `make traces`. The first opens first."""

from __future__ import annotations

import sys
from pathlib import Path

import accel
from tests.prompts import REPEAT, VARIED

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "traces"
CATS = (
    "Rewrite this so that every cat becomes a dog: The cat sat on the mat. The cat ran to the door. "
    "The cat slept by the fire. The cat saw the moon and the cat sang to the moon."
)
# file name (its title follows the number), prompt, what is asked
RUNS = [
    ("1-Repeating-a-text-with-an-edit,-SuffixDecoding", REPEAT, {"method": "suffix", "max_new_tokens": 96}),
    ("2-A-draft-that-branches,-SuffixDecoding-as-a-tree", CATS, {
        "method": "suffix", "max_new_tokens": 64, "knobs": {"branching": True, "alpha": 2.0, "calibrated": False},
    }),
    ("3-Copying-from-the-prompt,-prompt-lookup", REPEAT, {"method": "prompt_lookup", "max_new_tokens": 96}),
    ("4-One-token-at-a-time,-the-model-alone", VARIED[0], {"method": "autoregressive", "max_new_tokens": 32}),
    ("5-Where-drafting-does-not-pay,-SuffixDecoding", VARIED[3], {"method": "suffix", "max_new_tokens": 64}),
    ("6-Sampled-at-temperature-0.8,-SuffixDecoding", REPEAT, {
        "method": "suffix", "max_new_tokens": 64, "temperature": 0.8, "seed": 7,
    }),
]  # fmt: skip


def main() -> int:
    model = accel.load("smollm2-135m")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.jsonl"):
        old.unlink()
    for name, prompt, asked in RUNS:
        trace = accel.generate(model, prompt, observe="full", check=True, **asked)
        trace.save(FOLDER / f"{name}.jsonl")
        size = (FOLDER / f"{name}.jsonl").stat().st_size
        print(f"{name}: {len(trace.tokens)} tokens, {len(trace.steps)} steps, {size / 1000:.0f} kB", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
