"""Tiny random models of the library, wrapped as ours: real layers, no weights to fetch."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from typing import Any

from accel.models import library
from accel.models.load import from_library
from accel.models.model import Model
from accel.models.tokenizer import Tokenizer
from accel.trace import Calibration
from tests.families import FAMILIES

# What a pass costs is told here, not measured: passes of a tiny model are so short that a busy moment while it is
# loaded would make guessing look a loss to every test that follows.
COSTS = Calibration(
    rows=(1, 2, 4, 8, 16, 32), pass_seconds=(1.0, 1.05, 1.1, 1.2, 1.4, 1.8), readout_seconds=0.05
)


@cache
def tiny(family: str = "llama") -> Model:
    """The same model at every call; it is read-only."""
    model = from_library(FAMILIES[family](), None, name=f"tiny-{family}")
    return dataclasses.replace(model, calibration=COSTS)


def library_greedy(
    model: Model, prompt: list[int], count: int, end_tokens: frozenset[int] = frozenset()
) -> list[int]:
    """The library's own text, ended by these tokens."""
    return library.library_greedy(dataclasses.replace(model, end_tokens=end_tokens), prompt, count)


def save_tiny(folder: Path) -> str:
    """A tiny model with a tokenizer, as the library saves them; the folder's name."""
    FAMILIES["llama"]().save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return str(folder)


@cache
def tiny_tokenizer() -> Any:
    """A tokenizer of the library's for 99 ids: special ones, letters, pairs, bytes of longer characters."""
    from tokenizers import Tokenizer as Library
    from tokenizers import decoders, models
    from transformers import PreTrainedTokenizerFast

    letters = "abcdefghijklmnopqrstuvwxyz"
    signs = [*letters, *letters.upper(), *"0123456789 .,!?;:-\n", "th", "he", "e ", "!!", "a."]
    half = [f"<0x{byte:02X}>" for byte in (0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x98, 0x80)]
    words = ["<unk>", "<s>", "</s>", *half, *signs]
    words += [f"w{i}" for i in range(99 - len(words))]
    merges = [("t", "h"), ("h", "e"), ("e", " "), ("!", "!"), ("a", ".")]
    ids = {word: number for number, word in enumerate(words)}
    bpe = Library(models.BPE(ids, merges, unk_token="<unk>", byte_fallback=True))
    bpe.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    special = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    return PreTrainedTokenizerFast(tokenizer_object=bpe, **special)


@cache
def tiny_speaking() -> Model:
    """A tiny llama with a tokenizer, which speaks nonsense, parts of characters among it."""
    return from_library(FAMILIES["llama"](), Tokenizer(tiny_tokenizer()), name="tiny-speaking")
