"""The tables of docs/performance.md, measured on the embedded model in bf16: `make costs`. Never part of CI."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import torch
import torch.nn.functional as F

import accel
from accel.compare import cold
from accel.lane import Lane
from accel.models.fused import FusedModel
from accel.models.library import library_greedy
from accel.models.model import Model
from accel.models.products import Packed
from accel.request import Request, greedy_request
from accel.tree import TokenTree
from tests.measure_suffix import suffix_costs
from tests.prompts import VARIED
from visuals.page.component import whole_scene
from visuals.scene import packed

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
ROUNDS, TOKENS = 7, 64
LONG = "Write a long story about a lighthouse keeper, in at least twenty paragraphs."  # 512 tokens and more
PARTS = {
    "products with weights": (Packed, ("of", "onto")),
    "attention": (torch, ("baddbmm", "softmax", "bmm")),
    "norms": (F, ("layer_norm",)),
    "all layers": (FusedModel, ("run_layers",)),
    "head": (FusedModel, ("head",)),
}


def request_for(model: Model, prompt: str, tokens: int, method: str = "autoregressive") -> Request:
    return greedy_request(model, prompt, method, max_new_tokens=tokens)


def milliseconds(work: Callable[[], object], times: int = 1) -> float:
    start = perf_counter()
    for _ in range(times):
        work()
    return (perf_counter() - start) / times * 1000


@contextmanager
def clocked() -> Iterator[dict[str, float]]:
    """Milliseconds spent in each part, while it lasts."""
    spent = dict.fromkeys(PARTS, 0.0)
    kept: list[tuple[Any, str, Any]] = []

    def timed(part: str, work: Any) -> Any:
        def run(*args: Any, **options: Any) -> Any:
            start = perf_counter()
            result = work(*args, **options)
            spent[part] += (perf_counter() - start) * 1000
            return result

        return run

    for part, (owner, names) in PARTS.items():
        for name in names:
            kept.append((owner, name, getattr(owner, name)))
            setattr(owner, name, timed(part, getattr(owner, name)))
    try:
        yield spent
    finally:
        for owner, name, work in kept:
            setattr(owner, name, work)


def per_token(model: Model, request: Request) -> float:
    """Milliseconds of a step of our loop, the prompt apart."""
    steps = iter(cold(model, request, "none"))
    next(steps)
    start = perf_counter()
    count = sum(1 for _ in steps)
    return (perf_counter() - start) / count * 1000


def parts_of_token(model: Model, request: Request) -> dict[str, float]:
    """Milliseconds of each part of a step; the clock itself takes some of them."""
    steps = iter(cold(model, request, "none"))
    next(steps)
    with clocked() as spent:
        count = sum(1 for _ in steps)
    return {part: value / count for part, value in spent.items()}


def per_token_of_library(model: Model, request: Request) -> float:
    tokens: list[int] = []
    prompt = milliseconds(lambda: library_greedy(model, request.terms.prompt, 1))
    whole = milliseconds(lambda: tokens.extend(library_greedy(model, request.terms.prompt, TOKENS)))
    return (whole - prompt) / max(len(tokens) - 1, 1)


def weights(model: Model) -> list[torch.Tensor]:
    """Every matrix that a token is multiplied with, joined as the fast path joins them."""
    library = model.library
    found = []
    for layer in library.model.layers:
        attention, mlp = layer.self_attn, layer.mlp
        for parts in (
            (attention.q_proj, attention.k_proj, attention.v_proj), (attention.o_proj,), (mlp.gate_proj, mlp.up_proj),
            (mlp.down_proj,),
        ):  # fmt: skip
            found.append(torch.cat([part.weight for part in parts]))
    return [*found, library.lm_head.weight]


@torch.inference_mode()
def a_token(model: Model) -> str:
    """Where the milliseconds of a token go, against the floor; medians of rounds that alternate."""
    request, plain = request_for(model, VARIED[3], TOKENS), weights(model)
    packs = [Packed(weight) for weight in plain]
    rows = {weight.shape[1]: torch.randn(1, weight.shape[1], dtype=weight.dtype) for weight in plain}
    big = torch.ones(64_000_000)
    held = sum(weight.numel() * weight.element_size() for weight in plain)
    found: dict[str, list[float]] = {}
    for number in range(ROUNDS + 1):
        spent = parts_of_token(model, request)
        sample = {
            "reading the weights once, at the bandwidth measured": held
            / (big.numel() * 4 / milliseconds(big.sum)),
            "products alone, plain": milliseconds(lambda: [F.linear(rows[w.shape[1]], w) for w in plain]),
            "products alone, packed": milliseconds(
                lambda: [p.of(rows[w.shape[1]]) for p, w in zip(packs, plain, strict=True)]
            ),
            "our loop": per_token(model, request),
            "`generate`": per_token_of_library(model, request),
            **{f"of our loop: {part}": spent[part] for part in PARTS},
        }
        for name, value in sample.items() if number else ():
            found.setdefault(name, []).append(value)
    ours, floor, library = found["our loop"], found["products alone, plain"], found["`generate`"]
    lines = ["| a token, one row, about 100 tokens of context | milliseconds |", "|---|---|"]
    lines += [f"| {name} | {median(values):.2f} |" for name, values in found.items()]
    for name, over, under in (
        ("our loop over `generate`, tokens per second", library, ours),
        ("our loop's time over the plain products'", ours, floor),
        ("our loop's time over the packed products'", ours, found["products alone, packed"]),
    ):
        lines.append(f"| {name} | {median(a / b for a, b in zip(over, under, strict=True)):.2f}x |")
    return "\n".join(lines)


@torch.inference_mode()
def by_context(model: Model) -> str:
    """What a pass costs as the text grows: one row, and eight drafted."""
    lines = [
        "| tokens before it | one row, ms | a chain of 8, ms | against the first line |",
        "|---|---|---|---|",
    ]
    first: list[float] = []
    for held in (250, 500, 1000, 2000, 4000, 8000):
        tree = TokenTree([7] * held)
        lane = Lane("costs", model.layers, tree, lambda run: None)
        for end in range(256, held + 256, 256):
            lane.advance([min(end, held) - 1])
        one, eight = (median(chain(lane, tree, count) for _ in range(ROUNDS)) for count in (1, 8))
        first = first or [one, eight]
        lines.append(
            f"| {held:,} | {one:.1f} | {eight:.1f} | {one / first[0]:.2f}x, {eight / first[1]:.2f}x |"
        )
    return "\n".join(lines)


def chain(lane: Lane, tree: TokenTree, count: int) -> float:
    """Milliseconds of a pass over `count` drafted tokens in a row."""
    slots = [tree.add(tree.tip, 7)]
    while len(slots) < count:
        slots.append(tree.add(slots[-1], 7))
    taken = milliseconds(lambda: lane.logits(slots))
    lane.commit([])
    return taken


def a_trace(model: Model) -> str:
    """How large a long run is that observed everything."""
    trace = accel.generate(model, LONG, method="suffix", max_new_tokens=512, observe="full")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        trace.save(path)
        kept = path.read_bytes()
    made = {"on disk, JSON lines": kept, "to the page, as its scene": packed(whole_scene(trace)).encode()}
    lines = [
        f"| {len(trace.tokens)} tokens, all {trace.header.model.num_layers} layers observed | kB | gzipped |"
    ]
    lines.append("|---|---|---|")
    for name, data in made.items():
        lines.append(f"| {name} | {len(data) / 1000:.0f} | {len(gzip.compress(data)) / 1000:.0f} |")
    return "\n".join(lines)


MEMORY = """
import accel
model = accel.load("smollm2-135m", device="cpu", dtype="bfloat16")
accel.generate(model, [7] * 1900, method="suffix", max_new_tokens=100)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def memory() -> str:
    made = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    held = int(made.stdout) / 1e6
    return f"Peak memory of a process that loads the model and decodes at 2,000 tokens of context: {held:.2f} GB."


def main() -> int:
    model = accel.load("smollm2-135m", device="cpu", dtype="bfloat16")
    about = f"{date.today()}, {model.info.dtype}, {model.info.threads} threads, medians of {ROUNDS} rounds."
    made = "\n\n".join([about, a_token(model), by_context(model), suffix_costs(), a_trace(model), memory()])
    print(made)
    text = PAGE.read_text(encoding="utf-8")
    marked = r"(<!-- costs -->\n).*?(<!-- /costs -->)"
    PAGE.write_text(re.sub(marked, lambda m: m[1] + made + "\n" + m[2], text, flags=re.S), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
