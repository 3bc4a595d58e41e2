"""What the suffix tree costs on real text, beside arctic-inference's where that is installed."""

from __future__ import annotations

import random
import sysconfig
import tracemalloc
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import fmean, median
from time import perf_counter

from accel.arctic import is_installed
from accel.models import catalogue
from accel.models.tokenizer import load_tokenizer
from accel.speculation import LookUp
from accel.suffix_tree import SuffixTree

LENGTH, LOOK_UPS, DEPTH = 100_000, 2_000, 64


def text_of_python() -> list[int]:
    """Python's own standard library, as tokens."""
    tokenizer = load_tokenizer(catalogue.folder(catalogue.DEFAULT))
    assert tokenizer is not None
    text: list[int] = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        text += tokenizer.encode(path.read_text(encoding="utf-8", errors="replace"), chat=False)
        if len(text) >= LENGTH:
            break
    return text[:LENGTH]


def microseconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return (perf_counter() - start) * 1e6


def suffix_costs() -> str:
    """A row a tree: an update of one token, a look-up at depth 64, bytes held."""
    text = text_of_python()
    ends = random.Random(0).choices(range(1_000, len(text)), k=LOOK_UPS)
    lines = [
        f"| {len(text):,} tokens of Python source | update, us a token | look-up, us: median, mean | bytes a token |",
        "|---|---|---|---|",
    ]
    lines.append(_row("ours", *_ours(text, ends)))
    if is_installed():
        lines.append(_row("arctic-inference (C++)", *_arctic(text, ends), None))
    return "\n".join(lines)


def _row(name: str, update: float, look_ups: list[float], held: float | None) -> str:
    size = "-" if held is None else f"{held:.0f}"
    return f"| {name} | {update:.1f} | {median(look_ups):.0f}, {fmean(look_ups):.0f} | {size} |"


def _ours(text: list[int], ends: list[int]) -> tuple[float, list[float], float]:
    tree, asked = SuffixTree(DEPTH), LookUp(32)
    sequence = tree.start("text")
    update = microseconds(lambda: tree.extend(sequence, text)) / len(text)
    contexts = [text[end - DEPTH : end] for end in ends]
    look_ups = [microseconds(lambda c=context: tree.look_up(c, asked, every=False)) for context in contexts]
    tracemalloc.start()
    again = SuffixTree(DEPTH)
    again.extend(again.start("text"), text)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return update, look_ups, held / len(text)


def _arctic(text: list[int], ends: list[int]) -> tuple[float, list[float]]:
    cache = import_module("arctic_inference.suffix_decoding").SuffixDecodingCache(max_tree_depth=DEPTH)
    cache.start_request(0, text[:1])
    update = microseconds(lambda: cache.add_active_response(0, text[1:])) / len(text)
    contexts = [text[end - DEPTH : end] for end in ends]
    return update, [microseconds(lambda c=c: cache.speculate(0, c, max_spec_tokens=32)) for c in contexts]
