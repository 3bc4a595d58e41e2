"""Record the races that the page opens with, on the embedded model: `make races`, on a quiet machine."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import accel
from accel.race import Race
from accel.request import greedy_request
from tests.prompts import REPEAT, VARIED

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "races"
ROUNDS = 5

# folder (its title follows the number), number format, prompt, tokens, methods
RACES = [
    ("01-Repeating-a-text-with-one-change", "float32", REPEAT, 80,
     ("autoregressive", "adadecode", "suffix", "prompt_lookup")),
    ("02-A-question-with-little-to-copy", "float32", VARIED[0], 32, ("autoregressive", "suffix", "aded", "clasp")),
    ("03-A-near-tie-falls-the-other-way,-bfloat16", "bfloat16", VARIED[0], 48, ("autoregressive", "suffix")),
]  # fmt: skip


def record(model, prompt: str, num_tokens: int, methods: tuple[str, ...], folder: Path) -> None:
    requests = [
        greedy_request(model, prompt, name, max_new_tokens=num_tokens, observe="decisions")
        for name in methods
    ]
    race = Race(model, requests, ROUNDS)
    for _ in race:
        pass
    folder.mkdir(parents=True)
    for number, trace in enumerate(race.traces(), 1):
        path = folder / f"{number}-{trace.header.method.name}.jsonl"
        trace.save(path)
        speedup, size = trace.metrics["speedup_measured"], path.stat().st_size / 1000
        print(
            f"{path.stem}: {len(trace.tokens)} tokens in {trace.metrics['seconds']:.2f} s, {speedup:.2f}x, "
            f"same text: {trace.footer.parity.equal}, {size:.0f} kB",
            file=sys.stderr,
        )


def main() -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, dtype, prompt, num_tokens, methods in RACES:
        print(name, file=sys.stderr)
        record(accel.load("smollm2-135m", dtype=dtype), prompt, num_tokens, methods, FOLDER / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
