"""Training of exit heads (Wei 2025, AdaDecode): by ridge regression in closed form, or by KL to the top layer's words.

Deviation from the paper: the head sees the state after the final norm, starts from the ridge fit, and reads a list
of frequent tokens with one logit for all others, so that its confidence stays honest about what it cannot say.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from accel.head_lessons import Course, Lessons, collect, folder_of
from accel.heads import ExitHeads, Kind, build, check_layers
from accel.models.model import Model
from accel.models.progress import Progress, silent

SHORT = 8192  # tokens a head can name
PRIOR = 0.05  # share of a text's mass that the ids alone say, when frequent tokens are chosen
BATCH = 256  # tokens of an Adam step
RATE = 1e-3  # of Adam at its height
WARM_UP = 0.03  # share of the steps in which the rate rises
RIDGE = 1e-3  # penalty, as a share of the states' mean square
SAVED_EVERY = 100  # steps between checkpoints


@dataclass(frozen=True, slots=True)
class Targets:
    """The teacher's words as columns of a readout: its own tokens, and last the column of all others."""

    columns: Tensor  # [tokens, TOP]
    probs: Tensor  # [tokens, TOP] of the tokens on the list, else 0
    rest: Tensor  # [tokens] the probability of everything else

    def kl(self, logits: Tensor, rest: Tensor, batch: Tensor) -> Tensor:
        """KL from the teacher to a readout [batch, short] and its rest [batch], in nats, [batch]."""
        probs, other = self.probs[batch], self.rest[batch]
        said = torch.cat((logits.float(), rest.float()[:, None]), -1).log_softmax(-1)
        cross = (said.gather(-1, self.columns[batch]) * probs).sum(-1) + said[:, -1] * other
        return torch.xlogy(probs, probs).sum(-1) + torch.xlogy(other, other) - cross


def train(
    model: Model, kind: Kind, course: Course, *, steps: int, short: int = SHORT, tell: Progress = silent
) -> ExitHeads:
    """Heads for the course's layers. What was collected and trained before an interruption is not done again."""
    check_layers(model, course.layers)
    lessons = collect(model, course, tell)
    listed = shortlist(lessons, model.layers.vocab_size, short)
    fits = [ridge(states, lessons.final) for states in lessons.normed]
    heads = _from_fits(model, kind, course, listed, fits)
    if kind != "kl":
        return heads
    targets = targets_of(lessons, heads.shortlist.cpu(), model.layers.vocab_size)
    for at, layer in enumerate(course.layers):
        kept = folder_of(model, course) / f"kl-{layer}-{len(lessons)}-{steps}-{len(listed)}.safetensors"
        fits[at] = fit(
            heads, at, lessons.normed[at], targets, steps=steps, seed=course.seed, kept=kept, tell=tell
        )
    return _from_fits(model, kind, course, listed, fits)


def shortlist(lessons: Lessons, vocab_size: int, short: int) -> Tensor:
    """The tokens the teacher expects most in all, rising ids [short].

    A little of the mass is spread over the vocabulary, thinner at higher ids: byte-pair tokens grow rarer with them.
    """
    expected = (
        PRIOR * len(lessons) * F.normalize(1 / torch.arange(2000, 2000 + vocab_size).double(), p=1, dim=0)
    )
    expected.index_add_(0, lessons.top_ids.long().flatten(), lessons.top_probs.double().flatten())
    order = expected.sort(descending=True, stable=True).indices
    return order[: min(short, vocab_size)].sort().values


def targets_of(lessons: Lessons, listed: Tensor, vocab_size: int) -> Targets:
    """The teacher's words for a shortlist. Its small probabilities beyond TOP count among the others."""
    column = torch.full((vocab_size,), len(listed))
    column[listed] = torch.arange(len(listed))
    columns = column[lessons.top_ids.long()]
    probs = lessons.top_probs.float().masked_fill(columns == len(listed), 0.0)
    return Targets(columns, probs, (1 - probs.sum(-1)).clamp_min(0.0))


def ridge(states: Tensor, final: Tensor) -> tuple[Tensor, Tensor]:
    """The map [dim, dim] and bias [dim] of least squares from states to final states, both [tokens, dim]."""
    dim = states.shape[-1]
    gram = torch.zeros(dim + 1, dim + 1, dtype=torch.float64)
    cross = torch.zeros(dim + 1, dim, dtype=torch.float64)
    for part, wanted in zip(torch.split(states, 4096), torch.split(final, 4096), strict=True):
        x = F.pad(part.float(), (0, 1), value=1.0)
        gram += x.T @ x
        cross += x.T @ wanted.float()
    penalty = RIDGE * gram.diagonal()[:dim].mean()
    gram.diagonal()[:dim] += penalty
    solved = torch.linalg.solve(gram, cross).float()
    return solved[:dim].T.contiguous(), solved[dim].contiguous()


def _from_fits(
    model: Model, kind: Kind, course: Course, listed: Tensor, fits: list[tuple[Tensor, Tensor]]
) -> ExitHeads:
    """Heads of these maps; one without the row of `rest` gets one that never speaks."""
    maps, biases = [], []
    for fitted, bias in fits:
        lacking = 1 + fitted.shape[-1] - len(fitted)
        maps.append(F.pad(fitted, (0, 0, 0, lacking)))
        biases.append(F.pad(bias, (0, lacking), value=-torch.inf))
    return build(model, kind, course.layers, listed, torch.stack(maps), torch.stack(biases))


def fit(
    heads: ExitHeads,
    at: int,
    states: Tensor,
    targets: Targets,
    *,
    steps: int,
    seed: int,
    kept: Path | None = None,
    tell: Progress = silent,
) -> tuple[Tensor, Tensor]:
    """Adam on head number `at` of the ridge heads: the map [dim + 1, dim] and bias [dim + 1] that it ends with.

    `kept` is its checkpoint: a run that was stopped goes on from it and ends with the same numbers.
    """
    device, dim = heads.maps.device, states.shape[-1]
    first = heads.biases[at].float().nan_to_num(neginf=0.0)
    weights = [heads.maps[at].float().clone().requires_grad_(), first.requires_grad_()]
    adam = torch.optim.Adam(weights, lr=RATE)
    done = _resume(kept, weights, adam)
    stage = f"training the head after layer {heads.layers[at]}"
    for step in range(done, steps):
        tell(stage, step / steps)
        batch = torch.randint(
            len(states), (BATCH,), generator=torch.Generator().manual_seed(seed * 1_000_003 + step)
        )
        said = _said(heads, weights, states[batch].to(device))
        adam.param_groups[0]["lr"] = rate(step, steps)
        adam.zero_grad()
        torch.autograd.backward(targets.kl(*said, batch).mean())
        adam.step()
        if kept is not None and ((step + 1) % SAVED_EVERY == 0 or step + 1 == steps):
            _keep(kept, weights, adam, step + 1)
    tell(stage, 1.0)
    assert weights[0].shape == (dim + 1, dim)
    return weights[0].detach(), weights[1].detach()


def rate(step: int, steps: int) -> float:
    """Adam's rate: up during the warm-up, then down along a cosine."""
    warm = max(1, round(WARM_UP * steps))
    return (
        RATE * (step + 1) / warm if step < warm else RATE * (1 + cos(pi * (step - warm) / (steps - warm))) / 2
    )


def _said(heads: ExitHeads, weights: list[Tensor], states: Tensor) -> tuple[Tensor, Tensor]:
    """Logits and rest with these weights, in the model's dtype, as `ExitHeads.of_normed` computes them."""
    like = heads.maps
    mapped = F.linear(states, weights[0].to(like.dtype), weights[1].to(like.dtype))
    state = mapped[:, :-1]
    if heads.rows is None:
        return heads.model.head(state)[:, heads.shortlist], mapped[:, -1]
    return F.linear(state, *heads.rows), mapped[:, -1]


def _keep(path: Path, weights: list[Tensor], adam: torch.optim.Adam, done: int) -> None:
    from safetensors.torch import save_file

    tensors = {"done": torch.tensor(done)}
    for i, weight in enumerate(weights):
        tensors[f"{i}.weight"] = weight.detach()
        tensors |= {f"{i}.{name}": value for name, value in adam.state[weight].items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    save_file(tensors, part)
    part.replace(path)


def _resume(path: Path | None, weights: list[Tensor], adam: torch.optim.Adam) -> int:
    """Put a checkpoint's numbers in place; how many steps it had done, 0 where there is none."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        held = load_file(path) if path is not None else {}
    except (OSError, SafetensorError):
        return 0
    if not held:
        return 0
    for i, weight in enumerate(weights):
        with torch.no_grad():
            weight.copy_(held.pop(f"{i}.weight"))
        adam.state[weight] = {
            name: held[f"{i}.{name}"].to(weight.device if name != "step" else "cpu")
            for name in ("step", "exp_avg", "exp_avg_sq")
        }
    return int(held["done"])
