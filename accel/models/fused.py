"""The fast path for Llama-shaped models: the same arithmetic in fewer, larger operations.

One product makes q, k and v, one makes gate and up; norms are one kernel; keys and values go straight into the
run's own cache; grouped queries are folded into the row axis, so that keys are never repeated. Weights are packed
for the CPU where that can be (products.py), and the library's own are then let go (load.py); elsewhere the
library's parameters become views of the joined weights: either way nothing is held twice. It is used only where
its load-time parity with the library holds (selftest.py).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from accel.models.attention import Sight
from accel.models.cache import Cache
from accel.models.families import own_rotary, rescaled_after
from accel.models.kernels import Kernels, kernels_for
from accel.models.layered import Rows, Tap
from accel.models.products import Product, product_of

FAMILIES = frozenset({"llama", "mistral", "qwen2", "qwen3"})
ROPE_BLOCK = 2048  # positions whose rotations are tabled at a time


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


@dataclass(frozen=True, slots=True)
class Placed:
    """`Rows` as the layers want them, made once for all layers of a call, or kept and written to (graphs.py)."""

    index: Tensor  # [slots] the cache row each token writes
    start: int | None  # the first of them where they follow each other
    sight: Sight
    cos: Tensor  # [slots, 1, head_dim]
    sin: Tensor  # [slots, 1, head_dim], negated where rotate-half subtracts


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
        self._rotary: Any = own_rotary(library.model)
        self._heads: int = config.num_attention_heads
        self._kv_heads: int = config.num_key_value_heads
        self._head_dim: int = getattr(config, "head_dim", None) or config.hidden_size // self._heads
        self._eps: float = config.rms_norm_eps
        self._dim: int = config.hidden_size
        self._kernels = kernels_for(library.lm_head.weight)
        self._embedding: Tensor = self._kernels.keep(library.model.embed_tokens.weight)
        self._final_norm: Tensor = self._kernels.keep_norm(library.model.norm.weight)
        self._head = product_of(library.lm_head.weight)
        self._vocab_size: int = library.lm_head.weight.shape[0]
        self._layers = [_joined(layer, self._kernels) for layer in library.model.layers]
        self._scale = self._head_dim**-0.5
        self.groups = self._heads // self._kv_heads  # queries that share keys and values
        # A longer table would rescale the rows it already has, under keys that were rotated by them.
        self._table_limit = rescaled_after(config) or sys.maxsize
        self._rotations(1)  # a short text resets what an earlier use of the library may have left
        self._cos, self._sin = self._rotations(min(ROPE_BLOCK, self._table_limit))

    @property
    def is_packed(self) -> bool:
        """Is nothing of the library's own weights held?"""
        return self._kernels.is_packed

    @property
    def num_layers(self) -> int:
        return len(self._layers)

    @property
    def vocab_size(self) -> int:
        return self._vocab_size

    @property
    def device(self) -> torch.device:
        return self._embedding.device

    @property
    def dtype(self) -> torch.dtype:
        return self._embedding.dtype

    @property
    def dim(self) -> int:
        return self._dim

    @property
    def cache_shape(self) -> tuple[int, int, int]:
        """Layers, heads of keys and values, and their size."""
        return self.num_layers, self._kv_heads, self._head_dim

    def new_cache(self) -> Cache:
        return Cache(*self.cache_shape, dtype=self.dtype, device=self.device)

    def embed(self, tokens: Tensor, positions: Tensor) -> Tensor:
        return F.embedding(tokens, self._embedding)

    def norm(self, hidden: Tensor) -> Tensor:
        return self._kernels.norm(hidden, self._final_norm, self._eps)

    def head(self, normed: Tensor) -> Tensor:
        return self._head.of(normed)

    def run_layers(
        self, hidden: Tensor, first: int, last: int, rows: Rows, cache: Cache, tap: Tap | None = None
    ) -> Tensor:
        placed = self._placed(rows, hidden.dtype)
        for i in range(first, last):
            hidden = self.run_layer(i, hidden, placed, cache)
            if tap is not None:
                tap(i + 1, hidden)
        return hidden

    def run_layer(self, layer: int, hidden: Tensor, placed: Placed, cache: Cache) -> Tensor:
        """One layer on hidden [slots, dim]; a new tensor."""
        weights, kernels = self._layers[layer], self._kernels
        slots, heads, kv_heads, head_dim = hidden.shape[0], self._heads, self._kv_heads, self._head_dim
        x = kernels.norm(hidden, weights.norm, self._eps)
        qkv = weights.qkv.of(x).view(slots, heads + 2 * kv_heads, head_dim)
        qk = qkv[:, : heads + kv_heads]
        if weights.head_norms is not None:
            self._norm_heads(qkv, weights.head_norms)
        turned = qk.roll(head_dim // 2, -1)
        # In place, so that k and v are written to the cache in one copy.
        qk.mul_(placed.cos).addcmul_(turned, placed.sin)
        keys_values = qkv[:, heads:].view(slots, 2, kv_heads, head_dim).permute(1, 2, 0, 3)
        cache.write(layer, placed.index, placed.start, keys_values)
        grouped = qkv[:, :heads].view(slots, kv_heads, -1, head_dim).transpose(0, 1)
        queries = grouped.reshape(kv_heads, -1, head_dim)  # [kv_heads, slots x groups, head_dim]
        seen = kernels.attend(queries, cache.layer(layer), placed.sight, self._scale)
        seen = seen.view(kv_heads, slots, -1, head_dim).transpose(0, 1).reshape(slots, -1)
        hidden = weights.out.onto(hidden, seen)
        x = kernels.norm(hidden, weights.mlp_norm, self._eps)
        gate, up = weights.gate_up.of(x).chunk(2, -1)
        return weights.down.onto(hidden, F.silu(gate).mul_(up))

    def _norm_heads(self, qkv: Tensor, norms: tuple[Tensor, Tensor]) -> None:
        heads, kv_heads = self._heads, self._kv_heads
        shape = (self._head_dim,)
        qkv[:, :heads] = F.rms_norm(qkv[:, :heads], shape, norms[0], self._eps)
        keys = qkv[:, heads : heads + kv_heads]
        qkv[:, heads : heads + kv_heads] = F.rms_norm(keys, shape, norms[1], self._eps)

    def _placed(self, rows: Rows, dtype: torch.dtype) -> Placed:
        cos, sin = self.rotations(rows.used)  # no position lies beyond the rows in use
        sight = self._kernels.sight(rows, self.groups, dtype)
        at = rows.positions
        return Placed(rows.index, rows.start, sight, cos[at, None], sin[at, None])

    def rotations(self, length: int) -> tuple[Tensor, Tensor]:
        """cos and signed sin [positions, head_dim] of at least this many positions, if the model has so many."""
        wanted = min(-(-length // ROPE_BLOCK) * ROPE_BLOCK, self._table_limit)
        if wanted > len(self._cos):
            # Two runs may do this at once; both compute the same table, and either may stay.
            self._cos, self._sin = self._rotations(wanted)
        return self._cos, self._sin

    def _rotations(self, length: int) -> tuple[Tensor, Tensor]:
        """The library's own rotary table, [positions, head_dim]; sin negated where rotate-half subtracts."""
        positions = torch.arange(length, device=self.device)[None]
        cos, sin = self._rotary(self._embedding[:1, None], positions)
        signed = sin[0].clone()
        signed[:, : self._head_dim // 2].neg_()
        return cos[0], signed


def _joined(layer: Any, kernels: Kernels) -> _Layer:
    """A library layer's weights, joined."""
    attention, mlp, join = layer.self_attn, layer.mlp, kernels.join
    has_norms = hasattr(attention, "q_norm")
    return _Layer(
        norm=kernels.keep_norm(layer.input_layernorm.weight),
        qkv=join([attention.q_proj, attention.k_proj, attention.v_proj]),
        head_norms=(kernels.keep(attention.q_norm.weight), kernels.keep(attention.k_norm.weight))
        if has_norms
        else None,
        out=join([attention.o_proj]),
        mlp_norm=kernels.keep_norm(layer.post_attention_layernorm.weight),
        gate_up=join([mlp.gate_proj, mlp.up_proj]),
        down=join([mlp.down_proj]),
    )
