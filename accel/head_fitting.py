"""Exit heads for a model that has none, fitted in a minute or two: ridge regression on a short course.

The embedded model takes 117 s on one core of a busy machine.
"""

from __future__ import annotations

from accel.head_lessons import Course
from accel.head_training import train
from accel.heads import find
from accel.heads_command import file_name
from accel.methods.adadecode import forget_heads, plain_layers
from accel.models.embedded import cache_root
from accel.models.model import Model
from accel.models.progress import Progress, silent

TOKENS = 6_000
ANSWERS, LONGEST = 16, 64  # small chunks: progress is told, and a stop is heard, between two of them


def layers_of_heads(model: Model) -> tuple[int, ...] | None:
    """After which layers this model has trained heads; None where it has none."""
    found = find(model)
    return None if found is None else found.layers


def fit_heads(model: Model, tell: Progress = silent) -> tuple[int, ...]:
    """Fit heads, and put them where `heads.find` looks; returns after which layers they look.

    What `tell` raises stops the fitting between two chunks; what was sampled is kept for another try.
    """
    course = Course(tuple(plain_layers(model)), TOKENS, seed=0, answers=ANSWERS, longest=LONGEST)
    heads = train(model, "ridge", course, steps=1, tell=tell)
    tell("saving", 1.0)
    heads.save(cache_root() / "heads" / f"{file_name(model)}.safetensors")
    forget_heads()
    return heads.layers
