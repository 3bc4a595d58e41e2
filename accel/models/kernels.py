"""What fused layers are made of on a device: how weights are kept, and the functions that want them so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from accel.models import norms
from accel.models.attention import Sight, as_given, of_library
from accel.models.layered import Rows
from accel.models.products import Product, is_packable, joined, packed_together
from accel.models.row_exact import row_exact, sight_of


@dataclass(frozen=True, slots=True)
class Kernels:
    """One choice for all layers of a model."""

    is_packed: bool  # nothing of the library's own weights is held
    join: Callable[[list[nn.Linear]], Product]
    keep: Callable[[Tensor], Tensor]  # any other weight
    keep_norm: Callable[[Tensor], Tensor]  # as `norm` wants it
    norm: Callable[[Tensor, Tensor, float], Tensor]
    sight: Callable[[Rows, int, torch.dtype], Sight]  # as `attend` wants it
    attend: Callable[[Tensor, Tensor, Sight, float], Tensor]


def kernels_for(weight: Tensor) -> Kernels:
    """The fastest for weights like this one; row-exact in bfloat16 where weights are packed."""
    if not is_packable(weight):
        return Kernels(False, joined, _as_is, _as_is, norms.plain, as_given, of_library)
    exact = weight.dtype == torch.bfloat16
    sight, attend = (sight_of, row_exact) if exact else (as_given, of_library)
    return Kernels(True, packed_together, _own, _doubled, norms.doubled, sight, attend)


def _as_is(weight: Tensor) -> Tensor:
    return weight


def _own(weight: Tensor) -> Tensor:
    """A copy: a view would keep the library's whole file in memory."""
    return weight.detach().clone()


def _doubled(weight: Tensor) -> Tensor:
    return torch.cat((weight, weight)).detach()
