"""The README's table of figures: every method on the same prompts, measured in alternation: `make figures`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from statistics import geometric_mean

import accel
from accel.compare import LIBRARY, Row, compare
from accel.methods import METHODS
from accel.request import greedy_request
from tests.prompts import REPEAT, VARIED

README = Path(__file__).resolve().parent.parent / "README.md"
PROMPTS = (VARIED[0], VARIED[2], VARIED[6], REPEAT)  # chat, code, maths, repeating a text
TOKENS, ROUNDS = 48, 3
WHY = {
    "autoregressive": "what the others are measured against",
    "adadecode": "a seventh of the layer calls saved; passes over two tokens, and the looks, take half of that back",
    "suffix": "long right guesses where text repeats, few elsewhere",
    "aded": "pairs of tokens say little about what follows, but seldom nothing",
    "clasp": "so small a model can miss few layers, and drafting with the rest costs nearly a pass",
    "prompt_lookup": "copies whatever followed last time",
    "draft_model": "here the model drafts for itself, which only shows that nothing is lost",
    LIBRARY: "the library's own greedy loop",
}


def rows_of(model, prompt: str) -> list[Row]:
    requests = [
        greedy_request(
            model, prompt, name, max_new_tokens=TOKENS, draft=model if name == "draft_model" else None
        )
        for name in sorted(METHODS, key=lambda name: name != "autoregressive")
    ]
    return compare(model, requests, ROUNDS, with_library=True)


def table(model) -> str:
    by_name: dict[str, list[Row]] = {}
    for prompt in PROMPTS:
        for row in rows_of(model, prompt):
            by_name.setdefault(row.name, []).append(row)
    lines = [
        "| method | tokens a step | drafts kept | layer calls a token | drafting's share of time | x our loop "
        "| x `generate` | why |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, rows in by_name.items():
        cells = [
            _mean([row.mean_acceptance_length for row in rows]),
            _mean([row.acceptance_rate for row in rows]),
            _mean([row.layer_calls_per_token for row in rows], ".1f"),
            _mean([row.drafting_share for row in rows]),
            f"{geometric_mean([row.speedup for row in rows]):.2f}",
            f"{geometric_mean([row.over_library or 1.0 for row in rows]):.2f}",
        ]
        lines.append(f"| `{name}` | {' | '.join(cells)} | {WHY.get(name, '')} |")
    return "\n".join(lines)


def _mean(values: list[float | None], form: str = ".2f") -> str:
    known = [value for value in values if value is not None]
    return f"{sum(known) / len(known):{form}}" if known else "-"


def main() -> int:
    model = accel.load("smollm2-135m")
    made = table(model)
    print(made, file=sys.stderr)
    text = README.read_text(encoding="utf-8")
    text = re.sub(
        r"(<!-- figures -->\n).*?(<!-- /figures -->)", lambda m: m[1] + made + "\n" + m[2], text, flags=re.S
    )
    README.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
