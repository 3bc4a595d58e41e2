"""What tokens see of one another: by the library's kernel, or so that no row's result depends on the rows beside it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from accel.models.layered import Rows

WIDTH = 32  # keys that row-exact attention reads at a time; a cache's capacity is a multiple of it


def of_library(queries: Tensor, held: Tensor, used: int, mask: Tensor | None, scale: float) -> Tensor:
    """What queries [kv_heads, rows, head_dim] see of keys and values [2, kv_heads, capacity, head_dim]."""
    keys, values = held[:, None, :, :used]
    return F.scaled_dot_product_attention(queries[None], keys, values, attn_mask=mask, scale=scale)


def row_exact(queries: Tensor, held: Tensor, used: int, mask: Tensor | None, scale: float) -> Tensor:
    """The same in three products, where a row's result does not depend on what other rows are there, to the bit.

    With packed products, that makes a chain of drafts get exactly the states that its tokens would have got one by
    one, in bfloat16 too. The library's kernel, a little quicker for one row, groups its sums by how many rows and
    keys there are; here keys come in groups of WIDTH, and those masked add nothing (docs/decisions.md).
    """
    assert mask is not None
    keys, values = held[:, :, : _width(used)]
    scores = torch.baddbmm(mask, queries, keys.transpose(1, 2), alpha=scale)
    return torch.bmm(torch.softmax(scores, -1), values)


def all_seen(rows: Rows) -> Tensor:
    """The mask [slots, width] of what each token may look at, made where every token sees all."""
    seen = torch.zeros(len(rows.positions), _width(rows.used), dtype=torch.bool)
    seen[:, : rows.used] = True if rows.mask is None else rows.mask
    return seen


def _width(used: int) -> int:
    return -(-used // WIDTH) * WIDTH
