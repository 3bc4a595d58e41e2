"""Products with fixed weights: plain, or with the weights laid out beforehand as the CPU's kernels want them.

A plain product has oneDNN order the weights anew at every call, which takes as long as the product itself while
only a few rows are multiplied. Packed once, when the model is loaded, one row takes half the time and a few rows
hardly more (docs/performance.md). The packing is what torch's own compiler does to linear layers on a CPU.
"""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ROWS = 8  # the layout is chosen for this many rows; from 1 to 64 none was found that does better
LONG = 1024  # inputs; beyond it oneDNN splits the sum of a single row
PACKED = frozenset({torch.float32, torch.bfloat16})


class Product(Protocol):
    """x @ weight.T + bias, where weight is [out, in]."""

    def of(self, x: Tensor) -> Tensor:
        """[rows, in] -> [rows, out]."""
        ...

    def onto(self, hidden: Tensor, x: Tensor) -> Tensor:
        """hidden [rows, out] plus the product of x [rows, in]; a new tensor."""
        ...


class Plain:
    """The library's own product."""

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        self._weight = weight
        self._bias = bias

    def of(self, x: Tensor) -> Tensor:
        return F.linear(x, self._weight, self._bias)

    def onto(self, hidden: Tensor, x: Tensor) -> Tensor:
        return hidden + F.linear(x, self._weight, self._bias)


class Packed:
    """oneDNN's product over packed weights; `is_packable` says where it is to be had.

    What a row gives does not depend on the rows beside it, to the bit, but for one row alone over long inputs, which
    oneDNN sums in another order: such a row is multiplied twice, which costs hardly more than once.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        self._is_long = weight.shape[1] > LONG
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), ROWS)
        self._bias = None if bias is None else bias.clone()

    def of(self, x: Tensor) -> Tensor:
        twice = self._is_long and len(x) == 1
        rows = torch.cat((x, x)) if twice else x
        made: Tensor = torch.ops.mkldnn._linear_pointwise(rows, self._weight, self._bias, "none", [], "")
        return made[:1] if twice else made

    def onto(self, hidden: Tensor, x: Tensor) -> Tensor:
        twice = self._is_long and len(x) == 1
        rows, under = (torch.cat((x, x)), torch.cat((hidden, hidden))) if twice else (x, hidden)
        made: Tensor = torch.ops.mkldnn._linear_pointwise.binary(rows, under, self._weight, self._bias, "add")
        return made[:1] if twice else made


def product_of(weight: Tensor, bias: Tensor | None = None) -> Product:
    """Packed where that can be, else plain."""
    return Packed(weight, bias) if is_packable(weight) else Plain(weight, bias)


def is_packable(weight: Tensor) -> bool:
    """Does this build of torch, on this machine, multiply packed weights of this dtype? Tried, not believed."""
    if weight.device.type != "cpu" or weight.dtype not in PACKED:
        return False
    try:
        if weight.dtype == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
            return False
        sample = torch.ones(16, 16, dtype=weight.dtype)
        return bool((Packed(sample).onto(sample, sample) == 17).all())
    except (RuntimeError, AttributeError):  # the operations are torch's inner ones
        return False


@torch.no_grad()
def packed_together(parts: list[nn.Linear]) -> Product:
    """Several maps of one input as one, in a layout of its own; the library's parameters stay as they are."""
    return Packed(*_cat(parts))


@torch.no_grad()
def joined(parts: list[nn.Linear]) -> Product:
    """Several maps of one input as one; the library's own parameters become views of the joined weight."""
    weight, bias = _cat(parts)
    start = 0
    for part in parts:
        end = start + part.weight.shape[0]
        part.weight = nn.Parameter(weight[start:end], requires_grad=False)
        if bias is not None:
            part.bias = nn.Parameter(bias[start:end], requires_grad=False)
        start = end
    return Plain(weight, bias)


def _cat(parts: list[nn.Linear]) -> tuple[Tensor, Tensor | None]:
    if len(parts) == 1:
        return parts[0].weight, parts[0].bias
    bias = None if parts[0].bias is None else torch.cat([part.bias for part in parts])
    return torch.cat([part.weight for part in parts]), bias
