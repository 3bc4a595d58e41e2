"""Speed bars on a CUDA device, in bf16: `make bench-gpu`, which writes docs/performance-gpu.md. Never part of CI.

Our loop against the library's, eager and compiled, on the embedded model; what a pass costs by its rows and by the
layers left out, there and in the shapes of larger models. Those have random weights: for cost only.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import torch

import accel
from accel.compare import cold
from accel.lane import Lane
from accel.models.fused import FusedModel
from accel.models.graphs import BUCKETS, GraphedModel, cuda_capture
from accel.models.layered import LayeredModel
from accel.models.library import BASELINES, library_greedy
from accel.models.model import Model
from accel.request import greedy_request
from accel.sampling import top_tokens
from accel.tree import TokenTree
from tests.prompts import VARIED

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "performance-gpu.md"
ROUNDS, REPEATS, TEXT = 7, 25, 200  # TEXT: tokens in the cache when a pass is timed
SHAPES = {
    "1B": {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16},
    "8B": {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32},
}
HEADS = {"num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256}
Bar = tuple[str, float, str, float]  # what, the figure, its relation, the bar


def settled(device: torch.device) -> float:
    """Now, with nothing left to do on the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return perf_counter()


def loops(model: Model, prompt: str | list[int], count: int) -> tuple[list[str], list[Bar]]:
    """Tokens per second of our loop and of the library's, in alternation."""
    request = greedy_request(
        model, prompt, "autoregressive", max_new_tokens=count, chat=isinstance(prompt, str)
    )

    def ours() -> int:
        return sum(len(step.commit.tokens) for step in cold(model, request, "none"))

    def library(name: str) -> int:
        return len(library_greedy(model, request.terms.prompt, count, **BASELINES[name](model)))

    names = ("generate", "generate+compiled")
    arms: dict[str, Callable[[], int]] = {"our loop": ours} | {name: partial(library, name) for name in names}
    rates: dict[str, list[float]] = {name: [] for name in arms}
    for number in range(ROUNDS + 2):  # two to warm up: graphs are captured, the library compiles
        for name, decode in arms.items():
            start = settled(model.layers.device)
            tokens = decode()
            if number >= 2:
                rates[name].append(tokens / (settled(model.layers.device) - start))
    lines = ["| loop | tokens per second |", "|---|---|"]
    lines += [f"| {name} | {median(found):.0f} |" for name, found in rates.items()]
    over = [median(a / b for a, b in zip(rates["our loop"], rates[name], strict=True)) for name in names]
    bars = zip(names, over, (8.0, 1.5), strict=True)
    return lines, [(f"our loop over `{name}`", figure, ">=", bar) for name, figure, bar in bars]


@torch.inference_mode()
def passes(layers: LayeredModel) -> tuple[list[str], list[Bar]]:
    """Milliseconds of a pass, with its readout, by rows and by layers left out."""
    tree = TokenTree([token % layers.vocab_size for token in range(1, TEXT + 1)])
    lane = Lane("target", layers, tree, lambda run: None)
    lane.logits([tree.tip])

    def spent(make: Callable[[], tuple[Lane, list[int]]]) -> float:
        seconds = []
        for _ in range(REPEATS + 3):
            on, slots = make()
            start = settled(layers.device)
            top_tokens(on.logits(slots))
            seconds.append(settled(layers.device) - start)
            lane.commit([])  # forget them
        return 1000 * median(seconds[3:])

    def chain(count: int) -> tuple[Lane, list[int]]:
        slots = [tree.tip]
        for _ in range(count):
            slots.append(tree.add(slots[-1], 7))
        return lane, slots[1:]

    def without(count: int) -> tuple[Lane, list[int]]:
        num = layers.num_layers
        spread = {int((i + 0.5) * num / count) for i in range(count)} if count else set()
        return lane.skipping("draft", spread), [tree.add(tree.tip, 7)]

    by_rows = {count: spent(partial(chain, count)) for count in BUCKETS}
    by_skipped = [spent(partial(without, count)) for count in range(layers.num_layers)]
    state = lane.advance([tree.add(tree.tip, 7)])
    readout = _readout(layers, state)
    lines = ["| rows | ms | over one row |", "|---|---|---|"]
    lines += [f"| {count} | {ms:.3f} | {ms / by_rows[1]:.2f} |" for count, ms in by_rows.items()]
    each = (by_skipped[0] - readout) / layers.num_layers
    saved = [(by_skipped[0] - ms) / (each * count) for count, ms in enumerate(by_skipped) if count]
    lines += ["", "| layers left out | ms | of their share saved |", "|---|---|---|"]
    lines += [f"| {i + 1} | {by_skipped[i + 1]:.3f} | {share:.2f} |" for i, share in enumerate(saved)]
    lines += ["", f"A readout is {readout:.3f} ms of each."]
    third = layers.num_layers // 3
    name = f"{third} layers left out, saved of their share"
    bars = [("16 rows over one", by_rows[16] / by_rows[1], "<=", 1.15), (name, saved[third - 1], ">=", 0.8)]
    return lines, bars


def _readout(layers: LayeredModel, state: torch.Tensor) -> float:
    seconds = []
    for _ in range(REPEATS):
        start = settled(layers.device)
        top_tokens(layers.head(layers.norm(state)))
        seconds.append(settled(layers.device) - start)
    return 1000 * median(seconds)


def random_shape(name: str, device: str) -> LayeredModel:
    """A Llama of this shape with random weights in bf16."""
    from transformers import AutoModelForCausalLM, LlamaConfig

    with torch.device(device):
        config = LlamaConfig(**SHAPES[name], **HEADS)
        library = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    fused = FusedModel(library.eval().requires_grad_(False))
    return GraphedModel(fused, cuda_capture(fused.device))


def told(bars: list[Bar]) -> list[str]:
    lines = ["| bar | figure | met |", "|---|---|---|"]
    for name, figure, relation, bar in bars:
        met = figure >= bar if relation == ">=" else figure <= bar
        lines.append(f"| {name} {relation} {bar:g} | {figure:.2f} | {'yes' if met else '**no**'} |")
    return lines


def main() -> int:
    if not torch.cuda.is_available():
        print("no CUDA device here: nothing was measured, docs/performance-gpu.md is left as it is")
        return 2
    device = torch.cuda.get_device_name()
    model = accel.load("smollm2-135m", device="cuda", dtype="bfloat16")
    about = f"{device}, {date.today()}, torch {torch.__version__}, bf16, backend `{model.info.backend}`"
    lines = [
        "# Performance on a GPU",
        "",
        f"{about}. Made by `make bench-gpu`; medians of {REPEATS} passes",
        "",
    ]
    lines[2] += f" and of {ROUNDS} rounds."
    loop_lines, bars = loops(model, VARIED[3], 128)
    pass_lines, more = passes(model.layers)
    bars += more
    lines += [*told(bars), "", f"## {model.info.name}", "", *loop_lines, "", *pass_lines]
    for name in SHAPES:
        layers = random_shape(name, "cuda")
        lines += ["", f"## The shape of {name}, random weights", "", *passes(layers)[0]]
        del layers
    text = "\n".join(lines) + "\n"
    DOCUMENT.write_text(text, encoding="utf-8")
    print(text)
    return 1 if "**no**" in text else 0


if __name__ == "__main__":
    sys.exit(main())
