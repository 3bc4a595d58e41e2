"""What exit heads learn from: a model's own answers, its states at the exits, and what its top layer says there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor

from accel.errors import InputError
from accel.head_prompts import prompts
from accel.lane import Lane
from accel.models.embedded import cache_root
from accel.models.library import sample_answers
from accel.models.model import Model
from accel.models.progress import Progress, silent
from accel.tensor_files import save_tensors
from accel.tree import TokenTree

TEMPERATURE = 0.7  # of the answers learnt from
ANSWERS = 64  # sampled together, a chunk
LONGEST = 128  # tokens of an answer
TOP = 48  # of the teacher's tokens that are kept at each place; the others count together
HELD_OUT_ANSWERS = 32
LONGEST_QUESTION = 48  # tokens of a question that the model asks itself
CURIOSITY = 0.9  # temperature of such questions


@dataclass(frozen=True, slots=True)
class Lessons:
    """One row per token to be guessed."""

    normed: Tensor  # [layers, tokens, dim] states at the exits, after the final norm
    final: Tensor  # [tokens, dim] the top layer's states, after the final norm
    top_ids: Tensor  # [tokens, TOP] int32, the teacher's likeliest tokens, best first
    top_probs: Tensor  # [tokens, TOP] float16, their probabilities at temperature 1

    def __len__(self) -> int:
        return len(self.final)


@dataclass(frozen=True, slots=True)
class Course:
    """All that decides which lessons are collected: the same course gives the same lessons."""

    layers: tuple[int, ...]
    tokens: int
    seed: int
    answers: int = ANSWERS
    longest: int = LONGEST


def folder_of(model: Model, course: Course) -> Path:
    """Where this model's lessons are kept, so that an interrupted training goes on where it stopped."""
    info = model.info
    layers = "-".join(map(str, course.layers))
    size = f"{course.answers}x{course.longest}"
    name = f"{info.fingerprint}-{info.dtype}-{info.device.split(':')[0]}-{layers}-{size}-seed{course.seed}"
    if asked := model.processors.values:  # they change the answers
        name += f"-{sha256(repr(sorted(asked.items())).encode()).hexdigest()[:8]}"
    return cache_root() / "heads" / "lessons" / name


def collect(model: Model, course: Course, tell: Progress = silent) -> Lessons:
    """Lessons of at least `course.tokens` tokens; chunks already in the cache are read, not made again."""
    stage, folder = "sampling answers and reading them", folder_of(model, course)
    chunks: list[Lessons] = []
    total = 0
    while total < course.tokens:
        tell(stage, total / course.tokens)
        chunk = _kept(folder / f"chunk-{len(chunks):04}.safetensors", model, course, len(chunks))
        if not len(chunk):
            raise InputError("model", "its answers are empty: there is nothing to learn from")
        chunks.append(chunk)
        total += len(chunk)
    tell(stage, 1.0)
    return joined(chunks)


def held_out(model: Model, course: Course, *, greedy: bool) -> Lessons:
    """Answers to prompts about subjects that no lesson mentions: sampled as the lessons, or greedy."""
    path = folder_of(model, course) / f"held-out-{'greedy' if greedy else 'sampled'}.safetensors"
    return _kept(path, model, course, None, greedy=greedy)


def _kept(path: Path, model: Model, course: Course, chunk: int | None, *, greedy: bool = False) -> Lessons:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return Lessons(**load_file(path))
    except (OSError, SafetensorError, TypeError):
        made = _chunk(model, course, chunk, greedy=greedy)
    # A chunk that bears its name is whole.
    save_tensors({field.name: getattr(made, field.name) for field in fields(Lessons)}, path)
    return made


def _chunk(model: Model, course: Course, chunk: int | None, *, greedy: bool) -> Lessons:
    """One batch of answers; `chunk` None: those to held-out prompts."""
    seed = course.seed * 100_003 + (0 if chunk is None else chunk + 1)
    asked = _asked(model, course, chunk, seed)
    temperature = 0.0 if greedy else TEMPERATURE
    answers = sample_answers(model, asked, course.longest, temperature=temperature, seed=seed)
    return joined([read(model, p, a, course.layers) for p, a in zip(asked, answers, strict=True) if a])


def _asked(model: Model, course: Course, chunk: int | None, seed: int) -> list[list[int]]:
    """Prompts as ids: ours in even chunks, in odd ones what the model itself expects a user to ask (Xu 2024, Magpie).

    Ours repeat their wording after a thousand or so; its own do not, and need no text from anywhere.
    """
    if chunk is None:
        return [_ids(model, text) for text in prompts(HELD_OUT_ANSWERS, seed=course.seed, held_out=True)]
    opening = model.tokenizer.opening() if model.tokenizer is not None else []
    if chunk % 2 and model.tokenizer is not None and opening:
        starts = [opening] * course.answers
        asked = sample_answers(model, starts, LONGEST_QUESTION, temperature=CURIOSITY, seed=seed)
        return [_ids(model, model.tokenizer.decode(ids)) for ids in asked]
    first = (chunk // 2 if opening else chunk) * course.answers
    return [_ids(model, text) for text in prompts(first + course.answers, seed=course.seed)[first:]]


def _ids(model: Model, prompt: str) -> list[int]:
    """Without a tokenizer, as the tests' tiny models are, the bytes of the prompt stand for tokens."""
    if model.tokenizer is None:
        return [byte % model.layers.vocab_size for byte in prompt.encode()[:16]]
    return model.tokenizer.encode(prompt, chat=True)


@torch.inference_mode()
def read(model: Model, prompt: Sequence[int], answer: Sequence[int], layers: Sequence[int]) -> Lessons:
    """One pass over a prompt and its answer: a row for every token of the answer, as seen from the one before."""
    text, first = [*prompt, *answer], len(prompt) - 1
    held: dict[int, Tensor] = {}

    def keep(slots: Sequence[int], layer: int, hidden: Tensor) -> None:
        if layer in layers:
            held[layer] = hidden[first:-1]

    tree = TokenTree(text)
    top = Lane("lessons", model.layers, tree, lambda run: None, keep).advance(tree.trunk)[first:-1]
    final = model.layers.norm(top)
    probs = model.layers.head(final).float().softmax(-1)
    best = probs.topk(min(TOP, probs.shape[-1]), dim=-1)
    normed = torch.stack([model.layers.norm(held[layer]) for layer in layers])
    kept = normed, final, best.indices.int(), best.values.half()
    return Lessons(*(tensor.cpu().contiguous() for tensor in kept))


def joined(parts: Sequence[Lessons]) -> Lessons:
    """The rows of all parts, in order."""
    return Lessons(
        normed=torch.cat([part.normed for part in parts], 1),
        final=torch.cat([part.final for part in parts]),
        top_ids=torch.cat([part.top_ids for part in parts]),
        top_probs=torch.cat([part.top_probs for part in parts]),
    )
