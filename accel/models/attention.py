"""What tokens see of one another, by the library's kernel; how a call's tokens are told what they may look at."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from accel.models.layered import Rows


@dataclass(frozen=True, slots=True)
class Sight:
    """What the queries [slots x groups] of one call may look at, made once for all its layers."""

    used: int  # rows 0..used-1 of the cache are read
    mask: Tensor | None  # [slots x groups, keys] to add to the scores; None: every token sees all used rows


def of_library(queries: Tensor, held: Tensor, sight: Sight, scale: float) -> Tensor:
    """What queries [kv_heads, rows, head_dim] see of keys and values [2, kv_heads, capacity, head_dim]."""
    keys, values = held[:, None, :, : sight.used]
    return F.scaled_dot_product_attention(queries[None], keys, values, attn_mask=sight.mask, scale=scale)


def as_given(rows: Rows, groups: int, dtype: torch.dtype) -> Sight:
    return Sight(rows.used, None if rows.mask is None else additive(rows.mask, groups, dtype))


def additive(mask: Tensor, groups: int, dtype: torch.dtype) -> Tensor:
    """A mask [slots, keys] of truths as numbers to add to scores, [slots x groups, keys]."""
    added = torch.zeros(mask.shape, dtype=dtype, device=mask.device)
    added.masked_fill_(~mask, -torch.inf)
    return added.repeat_interleave(groups, 0)
