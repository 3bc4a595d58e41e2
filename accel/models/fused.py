"""The fast path for Llama-shaped models: the same arithmetic in fewer, larger operations.

One product makes q, k and v, one makes gate and up; norms are `F.rms_norm`; keys and values go straight into the
run's own cache; grouped queries are folded into the row axis, so that keys are never repeated. Weights are packed
for the CPU where that can be (products.py), and the library's own are then let go (load.py); elsewhere the
library's parameters become views of the joined weights: either way nothing is held twice. It is used only where
its load-time parity with the library holds (selftest.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from accel.models.cache import Cache
from accel.models.layered import Rows, Tap
from accel.models.products import Packed, Plain, Product, is_packable

FAMILIES = frozenset({"llama", "mistral", "qwen2", "qwen3"})
ROPE_BLOCK = 2048  # positions whose rotations are tabled at a time
WIDTH = 32  # keys that row-exact attention reads at a time; a cache's capacity is a multiple of it


@dataclass(frozen=True, slots=True)
class _Layer:
    """Weights of one decoder layer."""

    norm: Tensor
    qkv: Product
    head_norms: tuple[Tensor, Tensor] | None  # of q and k (Qwen 3)
    out: Product
    mlp_norm: Tensor
    gate_up: Product
    down: Product


def is_fusible(library: Any) -> bool:
    """Is this a Llama-shaped model whose layers all look at the whole text, unquantised?"""
    config = library.config
    windows = getattr(config, "layer_types", None) or ["full_attention"]
    sliding = set(windows) != {"full_attention"} or (
        config.model_type == "mistral" and getattr(config, "sliding_window", None) is not None
    )
    return config.model_type in FAMILIES and not sliding and config.hidden_act == "silu"


class FusedModel:
    """A LayeredModel made of joined weights. See `LayeredModel` for what each method promises."""

    def __init__(self, library: Any) -> None:
        config = library.config
        self._rotary = library.model.rotary_emb
        self._heads: int = config.num_attention_heads
        self._kv_heads: int = config.num_key_value_heads
        self._head_dim: int = getattr(config, "head_dim", None) or config.hidden_size // self._heads
        self._eps: float = config.rms_norm_eps
        self._dim: int = config.hidden_size
        self.is_packed = is_packable(library.lm_head.weight)
        self._is_row_exact = self.is_packed and library.lm_head.weight.dtype == torch.bfloat16
        own = _own if self.is_packed else _as_is
        self._embedding: Tensor = own(library.model.embed_tokens.weight)
        self._final_norm: Tensor = own(library.model.norm.weight)
        self._head: Product = (Packed if self.is_packed else Plain)(library.lm_head.weight)
        self._vocab_size: int = library.lm_head.weight.shape[0]
        self._layers = [_joined(layer, self.is_packed) for layer in library.model.layers]
        self._scale = self._head_dim**-0.5
        self._cos, self._sin = self._rotations(ROPE_BLOCK)

    @property
    def num_layers(self) -> int:
        return len(self._layers)

    @property
    def vocab_size(self) -> int:
        return self._vocab_size

    @property
    def device(self) -> torch.device:
        return self._embedding.device

    def new_cache(self) -> Cache:
        return Cache(
            self.num_layers,
            self._kv_heads,
            self._head_dim,
            dtype=self._embedding.dtype,
            device=self._embedding.device,
        )

    def embed(self, tokens: Tensor, positions: Tensor) -> Tensor:
        return F.embedding(tokens, self._embedding)

    def norm(self, hidden: Tensor) -> Tensor:
        return F.rms_norm(hidden, (self._dim,), self._final_norm, self._eps)

    def head(self, normed: Tensor) -> Tensor:
        return self._head.of(normed)

    def run_layers(
        self, hidden: Tensor, first: int, last: int, rows: Rows, cache: Cache, tap: Tap | None = None
    ) -> Tensor:
        cos, sin = self._rotation(rows)
        mask = self._additive_mask(rows, hidden.dtype)
        for i in range(first, last):
            hidden = self._layer(self._layers[i], i, hidden, cos, sin, mask, rows, cache)
            if tap is not None:
                tap(i + 1, hidden)
        return hidden

    def _layer(
        self,
        weights: _Layer,
        layer: int,
        hidden: Tensor,
        cos: Tensor,
        sin: Tensor,
        mask: Tensor | None,
        rows: Rows,
        cache: Cache,
    ) -> Tensor:
        shape = (self._dim,)
        slots, heads, kv_heads, head_dim = hidden.shape[0], self._heads, self._kv_heads, self._head_dim
        x = F.rms_norm(hidden, shape, weights.norm, self._eps)
        qkv = weights.qkv.of(x).view(slots, heads + 2 * kv_heads, head_dim)
        qk = qkv[:, : heads + kv_heads]
        if weights.head_norms is not None:
            self._norm_heads(qkv, weights.head_norms)
        turned = qk.roll(head_dim // 2, -1)
        qk.mul_(cos).addcmul_(turned, sin)  # in place, so that k and v are written to the cache in one copy
        keys_values = qkv[:, heads:].view(slots, 2, kv_heads, head_dim).permute(1, 2, 0, 3)
        cache.write(layer, rows.index, rows.start, keys_values)
        grouped = qkv[:, :heads].view(slots, kv_heads, -1, head_dim).transpose(0, 1)
        queries = grouped.reshape(kv_heads, -1, head_dim)  # [kv_heads, slots x groups, head_dim]
        attend = _row_exact if self._is_row_exact else _library_attention
        seen = attend(queries, cache.layer(layer), rows.used, mask, self._scale)
        seen = seen.view(kv_heads, slots, -1, head_dim).transpose(0, 1).reshape(slots, -1)
        hidden = weights.out.onto(hidden, seen)
        x = F.rms_norm(hidden, shape, weights.mlp_norm, self._eps)
        gate, up = weights.gate_up.of(x).chunk(2, -1)
        return weights.down.onto(hidden, F.silu(gate).mul_(up))

    def _norm_heads(self, qkv: Tensor, norms: tuple[Tensor, Tensor]) -> None:
        heads, kv_heads = self._heads, self._kv_heads
        shape = (self._head_dim,)
        qkv[:, :heads] = F.rms_norm(qkv[:, :heads], shape, norms[0], self._eps)
        keys = qkv[:, heads : heads + kv_heads]
        qkv[:, heads : heads + kv_heads] = F.rms_norm(keys, shape, norms[1], self._eps)

    def _additive_mask(self, rows: Rows, dtype: torch.dtype) -> Tensor | None:
        """The mask [slots x groups, used] as numbers to add, made once for all layers.

        Row-exact attention wants one always, over all the rows it reads.
        """
        if self._is_row_exact:
            mask = torch.full((len(rows.positions), _width(rows.used)), -torch.inf, dtype=dtype)
            if rows.mask is None:
                mask[:, : rows.used] = 0.0
            else:
                mask[:, : rows.used].masked_fill_(rows.mask, 0.0)
        elif rows.mask is None:
            return None
        else:
            mask = torch.zeros(rows.mask.shape, dtype=dtype, device=rows.mask.device)
            mask.masked_fill_(~rows.mask, -torch.inf)
        return mask.repeat_interleave(self._heads // self._kv_heads, 0)

    def _rotation(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """cos and signed sin [slots, 1, head_dim] for these positions."""
        highest = rows.used  # no position lies beyond the rows in use
        if highest > len(self._cos):
            # Two runs may do this at once; both compute the same table, and either may stay.
            self._cos, self._sin = self._rotations(-(-highest // ROPE_BLOCK) * ROPE_BLOCK)
        cos, sin = self._cos, self._sin
        return cos[rows.positions, None], sin[rows.positions, None]

    def _rotations(self, length: int) -> tuple[Tensor, Tensor]:
        """The library's own rotary table, [positions, head_dim]; sin negated where rotate-half subtracts."""
        positions = torch.arange(length, device=self.device)[None]
        cos, sin = self._rotary(self._embedding[:1, None], positions)
        signed = sin[0].clone()
        signed[:, : self._head_dim // 2].neg_()
        return cos[0], signed


def _library_attention(queries: Tensor, held: Tensor, used: int, mask: Tensor | None, scale: float) -> Tensor:
    """What queries [kv_heads, rows, head_dim] see of keys and values [2, kv_heads, capacity, head_dim]."""
    keys, values = held[:, None, :, :used]
    return F.scaled_dot_product_attention(queries[None], keys, values, attn_mask=mask, scale=scale)


def _row_exact(queries: Tensor, held: Tensor, used: int, mask: Tensor | None, scale: float) -> Tensor:
    """The same in three products, where a row's result does not depend on what other rows are there, to the bit.

    With packed products, that makes a chain of drafts get exactly the states that its tokens would have got one by
    one, in bfloat16 too. The library's kernel, a little quicker for one row, groups its sums by how many rows and
    keys there are; here keys come in groups of WIDTH, and those masked add nothing (docs/decisions.md).
    """
    assert mask is not None
    keys, values = held[:, :, : _width(used)]
    scores = torch.baddbmm(mask, queries, keys.transpose(1, 2), alpha=scale)
    return torch.bmm(scores.softmax(-1), values)


def _width(used: int) -> int:
    return -(-used // WIDTH) * WIDTH


def _joined(layer: Any, packed: bool) -> _Layer:
    """A library layer's weights, joined."""
    attention, mlp = layer.self_attn, layer.mlp
    join = _packed if packed else _shared
    own = _own if packed else _as_is
    has_norms = hasattr(attention, "q_norm")
    norms = (own(attention.q_norm.weight), own(attention.k_norm.weight)) if has_norms else None
    return _Layer(
        norm=own(layer.input_layernorm.weight),
        qkv=join([attention.q_proj, attention.k_proj, attention.v_proj]),
        head_norms=norms,
        out=join([attention.o_proj]),
        mlp_norm=own(layer.post_attention_layernorm.weight),
        gate_up=join([mlp.gate_proj, mlp.up_proj]),
        down=join([mlp.down_proj]),
    )


def _own(weight: Tensor) -> Tensor:
    """A copy: a view would keep the library's whole file in memory."""
    return weight.detach().clone()


def _as_is(weight: Tensor) -> Tensor:
    return weight


@torch.no_grad()
def _packed(parts: list[nn.Linear]) -> Product:
    """A layout of its own; the library's parameters stay as they are, for as long as it is held."""
    return Packed(*_cat(parts))


@torch.no_grad()
def _shared(parts: list[nn.Linear]) -> Product:
    """The library's own parameters become views of the joined weight."""
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
