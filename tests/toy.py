"""A toy model whose logits are a fixed function of the path, and every way the dice can fall on it.

With these a method's output distribution is worked out exactly: no statistics, no flakiness.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from accel.decoding import decode, never
from accel.models.cache import Cache
from accel.models.layered import Rows, Tap
from accel.models.model import Model
from accel.request import check_request
from accel.run import Run
from accel.sampling import Dice
from accel.session import Session
from accel.trace import Calibration, ModelInfo, Step


@dataclass(frozen=True)
class Toy:
    """Two layers over `vocab_size` words. The state of a token is its whole path as one number: token t at
    position i counts t + 1 times (vocab + 1) ** i, so a wrong position, a sibling or a missing ancestor shows."""

    vocab_size: int = 3
    seed: int = 0
    sharpness: float = 1.5
    num_layers: int = 2
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def new_cache(self) -> Cache:
        return Cache(self.num_layers, 1, 1, dtype=torch.float64, device=self.device)

    def embed(self, tokens: Tensor, positions: Tensor) -> Tensor:
        return tokens[:, None].double()

    def run_layers(
        self, hidden: Tensor, first: int, last: int, rows: Rows, cache: Cache, tap: Tap | None = None
    ) -> Tensor:
        for layer in range(first, last):
            token = hidden[:, 0] if layer == 0 else self._newest(hidden[:, 0], rows.positions)
            worth = (token + 1) * float(self.vocab_size + 1) ** rows.positions
            cache.write(layer, rows.index, rows.start, torch.stack([worth, worth])[:, None, :, None])
            seen = cache.layer(layer)[0, 0, : rows.used, 0]  # [used]
            mask = torch.ones(len(token), rows.used) if rows.mask is None else rows.mask
            hidden = (mask.double() @ seen)[:, None]
            if tap is not None:
                tap(layer + 1, hidden)
        return hidden

    def _newest(self, codes: Tensor, positions: Tensor) -> Tensor:
        return torch.div(codes, float(self.vocab_size + 1) ** positions, rounding_mode="floor") - 1

    def norm(self, hidden: Tensor) -> Tensor:
        return hidden

    def head(self, normed: Tensor) -> Tensor:
        return torch.stack([self.logits_after(int(code)) for code in normed[:, 0].tolist()])

    def logits_after(self, code: int) -> Tensor:
        generator = torch.Generator().manual_seed(code * 7919 + self.seed)
        return torch.randn(self.vocab_size, generator=generator, dtype=torch.float64) * self.sharpness

    def code(self, path: Sequence[int]) -> int:
        return sum((token + 1) * (self.vocab_size + 1) ** i for i, token in enumerate(path))


def toy_model(
    toy: Toy | None = None, *, end_tokens: frozenset[int] = frozenset(), context: int = 64
) -> Model:
    toy = toy or Toy()
    info = ModelInfo("toy", f"toy-{toy.seed}", "toy", toy.num_layers, "float64", "cpu", 1, "toy")
    calibration = Calibration((1, 2, 4, 8), (1.0, 1.0, 1.0, 1.0), 0.1)
    return Model(info, toy, None, context, end_tokens, calibration, lambda: None)


class ScriptedDice(Dice):
    """Follows a script of choices; past its end it takes the first option and notes how many there were."""

    def __init__(self, script: Sequence[int]) -> None:
        self._script = list(script)
        self.taken: list[tuple[int, int]] = []  # (choice, number of options)
        self.prob = 1.0

    def pick(self, probs: Tensor) -> tuple[int, float]:
        options = [(token, p) for token, p in enumerate((probs / probs.sum()).tolist()) if p > 0]
        return self._choose(options), 0.5

    def guess(self, probs: Tensor) -> tuple[int, float, float]:
        token, _ = self.pick(probs)
        return token, probs[token].item(), probs.max().item()

    def accept(self, prob: float) -> tuple[bool, float]:
        options = [(answer, p) for answer, p in ((True, prob), (False, 1.0 - prob)) if p > 1e-12]
        accepted = self._choose(options)
        return accepted, prob / 2 if accepted else (1.0 + prob) / 2

    def _choose(self, options):
        at = len(self.taken)
        choice = self._script[at] if at < len(self._script) else 0
        self.taken.append((choice, len(options)))
        value, p = options[choice]
        self.prob *= p
        return value


def every_outcome(play: Callable[[Dice], object]) -> Iterator[tuple[float, object]]:
    """(probability, outcome) of every way the dice can fall in `play`, each once."""
    script: list[int] | None = []
    while script is not None:
        dice = ScriptedDice(script)
        outcome = play(dice)
        yield dice.prob, outcome
        script = _next_script(dice.taken)


def _next_script(taken: list[tuple[int, int]]) -> list[int] | None:
    for at in reversed(range(len(taken))):
        choice, options = taken[at]
        if choice + 1 < options:
            return [c for c, _ in taken[:at]] + [choice + 1]
    return None


def play_method(
    model: Model, prompt: list[int], dice: Dice, session: Session | None = None, **asked
) -> list[Step]:
    """The steps of one run with these dice."""
    terms = {
        "method": "autoregressive", "knobs": {}, "max_new_tokens": 3, "temperature": 1.0, "top_k": 0, "top_p": 1.0,
        "stop": (), "seed": 0, "observe": "full", "chat": False, "draft": None,
    }  # fmt: skip
    request = check_request(model, prompt, **{**terms, **asked})
    run = Run(model, request.terms, request.ending(model), session or Session(model), request.draft, dice)
    return list(decode(run, request, never))


def tokens_of(steps: Sequence[Step]) -> tuple[int, ...]:
    return tuple(token for step in steps for token in step.commit.tokens)


def outcome_probs(play: Callable[[Dice], tuple[int, ...]]) -> dict[tuple[int, ...], float]:
    """The exact distribution of what `play` returns."""
    probs: dict[tuple[int, ...], float] = defaultdict(float)
    for prob, outcome in every_outcome(play):
        probs[outcome] += prob
    return dict(probs)
