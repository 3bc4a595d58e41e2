"""Make the shipped tri-gram matrix of the embedded model: `python -m tests.make_trigrams`.

Learned from Python's standard library and its help texts (PSF licence), and from the model's own greedy and sampled
answers to our prompts, those of `tests/prompts.py` left out. Answers weigh more: they are what is to be guessed.
They are kept in the cache folder, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import json
import platform
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
from safetensors.numpy import save_file

import accel
from accel.head_prompts import prompts
from accel.models.embedded import NAME, cache_root
from accel.models.library import sample_answers
from accel.trigrams import FOLDER, SUCCESSORS
from tests.prompts import REPEAT, VARIED

LEFT_OUT = {
    "test",
    "tests",
    "idlelib",
    "encodings",
    "site-packages",
    "lib2to3",
    "turtledemo",
    "ensurepip",
    "msilib",
}
SEED, CHUNK, LONGEST = 11, 32, 128  # answers sampled together, tokens of an answer
ANSWER_WEIGHT = 8  # of a tri-gram in an answer, to one in the library
RAREST = 6  # pairs seen less than this, so weighted, are not shipped
RAREST_SUCCESSOR = 2
VOCAB = 1 << 16  # room for an id in a packed number


def library_texts() -> Iterator[str]:
    root = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(root.rglob("*.py")):
        if not LEFT_OUT & set(path.relative_to(root).parts) and path.parent.name != "pydoc_data":
            yield path.read_text(encoding="utf-8", errors="replace")
    yield from (topics[name] for name in sorted(topics))


def answers(model: accel.models.model.Model, count: int) -> Iterator[list[int]]:
    """Prompts with their answers, chunk by chunk; every second chunk is sampled."""
    folder = cache_root() / "trigrams" / f"{model.info.fingerprint}-seed{SEED}"
    folder.mkdir(parents=True, exist_ok=True)
    asked = [prompt for prompt in prompts(count, seed=SEED) if prompt not in {*VARIED, REPEAT}]
    for first in range(0, len(asked), CHUNK):
        path = folder / f"{first:05}.json"
        if not path.is_file():
            ids = [model.tokenizer.encode(prompt, chat=True) for prompt in asked[first : first + CHUNK]]
            heat = 0.7 if first // CHUNK % 2 else 0.0
            given = sample_answers(model, ids, LONGEST, temperature=heat, seed=first)
            path.write_text(json.dumps([prompt + answer for prompt, answer in zip(ids, given, strict=True)]))
            print(f"answers: {min(first + CHUNK, len(asked))} of {len(asked)}", file=sys.stderr)
        yield from json.loads(path.read_text())


def count(documents: list[list[int]], weight: int) -> tuple[np.ndarray, np.ndarray]:
    """Each tri-gram, packed into one number, and how often it was seen."""
    packed = [
        (ids[:-2] * VOCAB + ids[1:-1]) * VOCAB + ids[2:]
        for ids in (np.array(document, np.int64) for document in documents)
        if len(ids) > 2
    ]
    trigrams, seen = np.unique(np.concatenate(packed), return_counts=True)
    return trigrams, seen * weight


def matrix(counts: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, np.ndarray]:
    """Rows normalised to sum to 1, then cut to the heaviest successors."""
    trigrams, where = np.unique(np.concatenate([found for found, _ in counts]), return_inverse=True)
    seen = np.bincount(where, weights=np.concatenate([times for _, times in counts]))
    pairs, row = np.unique(trigrams // VOCAB, return_inverse=True)
    totals = np.bincount(row, weights=seen)
    order = np.lexsort((trigrams, -seen, row))
    rank = np.arange(len(order)) - np.searchsorted(row[order], row[order])
    kept = order[(rank < SUCCESSORS) & (totals[row[order]] >= RAREST) & (seen[order] >= RAREST_SUCCESSOR)]
    pairs, lengths = np.unique(pairs[row[kept]], return_counts=True)
    return {
        "pairs": np.stack([pairs // VOCAB, pairs % VOCAB], axis=1).astype(np.int32),
        "starts": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32),
        "tokens": (trigrams[kept] % VOCAB).astype(np.int32),
        "weights": (seen[kept] / totals[row[kept]]).astype(np.float16),
    }


def main(count_of_answers: int = 192) -> int:
    model = accel.load(NAME, dtype="float32")  # for the library in batches far faster than bf16
    texts = [model.tokenizer.encode(text, chat=False) for text in library_texts()]
    own = list(answers(model, count_of_answers))
    arrays = matrix([count(texts, 1), count(own, ANSWER_WEIGHT)])
    FOLDER.mkdir(parents=True, exist_ok=True)
    about = {
        "tokenizer": model.tokenizer.fingerprint,
        "model": f"{NAME} {model.info.fingerprint}",
        "source": f"standard library of Python {platform.python_version()} ({sum(map(len, texts))} tokens); "
        f"{len(own)} answers of the model itself with their prompts ({sum(map(len, own))} tokens), seed {SEED}",
        "licence": "PSF-2.0 for the standard library; the model is Apache-2.0",
        "command": f"python -m tests.make_trigrams {count_of_answers}",
    }
    save_file(arrays, FOLDER / f"{NAME}.safetensors", about)
    size = (FOLDER / f"{NAME}.safetensors").stat().st_size
    print(
        f"{len(arrays['pairs'])} pairs, {len(arrays['tokens'])} tri-grams, {size / 1e6:.2f} MB",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
