"""Which layers to leave out: CLaSp's dynamic programme over (layer, layers skipped) (Chen 2025).

State g(i, j) stands for a token after i layers of which j were skipped; of the two ways to get there, run layer i-1
on g(i-1, j) or pass g(i-1, j-1) on, it keeps the one whose cosine to the full model's state x_i is higher. This is
greedy, so not always the best set, but it costs about a pass of `count` rows where trying every set is hopeless.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

LayerOnce = Callable[[int, Tensor], Tensor]
"""(layer, states [states, dim]) -> the states after that one layer, all at once."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The layers to skip, and cosines[i][j] of g(i, j) with x_i: 0 where j > i, more than can be skipped."""

    skipped: tuple[int, ...]
    cosines: tuple[tuple[float, ...], ...]  # [layers + 1][count + 1]

    @property
    def predicted(self) -> float:
        """The cosine at the top of the model without these layers, for the token planned on."""
        return self.cosines[-1][-1]


def plan_skips(run_layer: LayerOnce, full: Tensor, count: int) -> Plan:
    """The plan that skips `count` layers, for the token with states `full` [layers + 1, dim].

    full[i] is its state after i layers of the whole model, each before the final norm (the library's last hidden
    state is after it). A tie runs the layer.
    """
    num_layers = len(full) - 1
    if not 0 <= count <= num_layers:
        raise ValueError(f"{count} of {num_layers} layers cannot be skipped")
    states = full[:1]  # g(i, 0), g(i, 1), ... up to g(i, min(i, count))
    cosines, runs = [_padded(_closeness(states, full[0]), count)], []
    for i in range(1, num_layers + 1):
        both = min(i - 1, count)  # j = 1..both can be reached either way; j = 0 and j = i in one
        ran = torch.ones(1, dtype=torch.bool, device=full.device)
        if both:
            run, passed = run_layer(i - 1, states[1 : both + 1]), states[:both]
            ran = torch.cat([ran, _closeness(run, full[i]) >= _closeness(passed, full[i])])
            chosen = torch.where(ran[1:, None], run, passed)
        else:
            chosen = full[:0]
        all_skipped = full[:1] if i <= count else full[:0]
        states = torch.cat([full[i : i + 1], chosen, all_skipped])
        cosines.append(_padded(_closeness(states, full[i]), count))
        runs.append(_padded(ran, count))
    choices = [row.to(cosines[0].dtype) for row in runs]
    table = torch.stack([*cosines, *choices]).tolist()  # one transfer from the device for all
    ran_at = table[num_layers + 1 :]  # [layers][count + 1]
    return Plan(_path(ran_at, count), tuple(tuple(row) for row in table[: num_layers + 1]))


def _path(ran: list[list[float]], count: int) -> tuple[int, ...]:
    """The layers skipped on the way to (layers, count), by the choices made, not by comparing states."""
    skipped = []
    for layer in reversed(range(len(ran))):
        if not ran[layer][count]:
            skipped.append(layer)
            count -= 1
    return tuple(reversed(skipped))


def _closeness(states: Tensor, full: Tensor) -> Tensor:
    """Cosines [states], in float32 or better, never above 1."""
    wide = torch.promote_types(states.dtype, torch.float32)
    return cosine_similarity(states.to(wide), full.to(wide)[None], dim=-1).clamp_max(1.0)


def _padded(row: Tensor, count: int) -> Tensor:
    return torch.cat([row, row.new_zeros(count + 1 - len(row))])
