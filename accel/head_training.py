"""Training of exit heads (Wei 2025, AdaDecode): by ridge regression in closed form, or by KL to the top layer's words.

Deviation from the paper: the head sees the state after the final norm, starts from the ridge fit, and reads a list
of frequent tokens with one logit for all others, so that its confidence stays honest about what it cannot say.
Parts of the state are left out at random while it learns.
"""

from __future__ import annotations

from math import cos, pi
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from accel.head_lessons import Course, Lessons, collect, folder_of
from accel.head_targets import Targets, shortlist, targets_of
from accel.heads import ExitHeads, Kind, build, check_layers
from accel.models.model import Model
from accel.models.progress import Progress, silent
from accel.readout import Readout
from accel.tensor_files import save_tensors

SHORT = 8192  # tokens a head can name
BATCH = 256  # tokens of an Adam step
RATE = 1e-3  # of Adam at its height
WARM_UP = 0.03  # share of the steps in which the rate rises
DROPPED = 0.1  # share of a state's numbers left out at each step
RIDGE = 1e-3  # penalty, as a share of the states' mean square
SAVED_EVERY = 100  # steps between checkpoints
KEPT_BACK = 0.1  # share of the lessons that is not learnt from, but decides how far a head trusts itself
SURE, RIGHT = (
    0.75,
    0.975,
)  # where its confidence exceeds the one, this share of its words must be the top layer's
COOLER = tuple(1 + step / 20 for step in range(41))  # what its logits may be divided by for that


def train(
    model: Model, kind: Kind, course: Course, *, steps: int, short: int = SHORT, tell: Progress = silent
) -> ExitHeads:
    """Heads for the course's layers. What was collected and trained before an interruption is not done again."""
    check_layers(model, course.layers)
    lessons = collect(model, course, tell)
    learnt = round(len(lessons) * (1 - KEPT_BACK))
    listed = shortlist(lessons, model.layers.vocab_size, short)
    fits = [ridge(states[:learnt], lessons.final[:learnt]) for states in lessons.normed]
    heads = _from_fits(model, kind, course, listed, fits)
    if kind == "kl":
        targets = targets_of(lessons, heads.shortlist.cpu(), model.layers.vocab_size)
        settings = f"{learnt}-{steps}-{len(listed)}-{BATCH}-{RATE:g}-{DROPPED:g}"
        for at, layer in enumerate(course.layers):
            kept = folder_of(model, course) / f"kl-{layer}-{settings}.safetensors"
            states = lessons.normed[at, :learnt]
            fits[at] = fit(heads, at, states, targets, steps=steps, seed=course.seed, kept=kept, tell=tell)
        heads = _from_fits(model, kind, course, listed, fits)
    coolings = [cooling(heads, at, lessons, learnt) for at in range(len(course.layers))]
    cooled = [(fitted / by, bias / by) for (fitted, bias), by in zip(fits, coolings, strict=True)]
    return _from_fits(model, kind, course, listed, cooled)


def cooling(heads: ExitHeads, at: int, lessons: Lessons, first: int) -> float:
    """The least divisor of a head's logits at which it is RIGHT where it is SURE, on lessons from row `first` on.

    A head that learnt from a short text is surer than it should be (temperature scaling, Guo 2017).
    """
    said = heads.of_normed(at, lessons.normed[at, first:].to(heads.shortlist.device))
    correct = said.tokens().cpu() == lessons.top_ids[first:, 0]
    for by in COOLER:
        sure = Readout(said.logits.float() / by, said.rest.float() / by, said.ids).confidence().cpu() > SURE
        if not bool(sure.any()) or correct[sure].float().mean().item() >= RIGHT:
            return by
    return COOLER[-1]


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
        dice = torch.Generator().manual_seed(seed * 1_000_003 + step)
        batch = torch.randint(len(states), (BATCH,), generator=dice)
        said = _said(heads, weights, _thinned(states[batch], dice).to(device))
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


def _thinned(states: Tensor, dice: torch.Generator) -> Tensor:
    """Dropout that the seed decides: a map has more numbers than a short text can settle."""
    kept = torch.rand(states.shape, generator=dice) >= DROPPED
    return states * kept / (1 - DROPPED)


def _said(heads: ExitHeads, weights: list[Tensor], states: Tensor) -> tuple[Tensor, Tensor]:
    """Logits and rest with these weights, in the model's dtype, as `ExitHeads.of_normed` computes them."""
    like = heads.maps
    mapped = F.linear(states, weights[0].to(like.dtype), weights[1].to(like.dtype))
    state = mapped[:, :-1]
    if heads.rows is None:
        return heads.model.head(state)[:, heads.shortlist], mapped[:, -1]
    return F.linear(state, *heads.rows), mapped[:, -1]


def _keep(path: Path, weights: list[Tensor], adam: torch.optim.Adam, done: int) -> None:
    tensors = {"done": torch.tensor(done)}
    for i, weight in enumerate(weights):
        tensors[f"{i}.weight"] = weight.detach()
        tensors |= {f"{i}.{name}": value for name, value in adam.state[weight].items()}
    save_tensors(tensors, path)


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
