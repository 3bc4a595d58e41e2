"""Layer-level control of a loaded transformers model, by calling its own layer modules.

No configuration is changed, no hook is set and no model code is copied: a layer is called as the library
calls it, with a stand-in for the library's cache that writes into ours. What a family does around its layers
is in `families.py`; whether all this is right for a model is settled by `selftest.check` when it is loaded.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from accel.models.cache import Cache
from accel.models.errors import ModelRefused
from accel.models.families import context_limit, find_parts
from accel.models.layered import Rows, Tap
from accel.models.refusals import refuse_unsupported


class TransformersModel:
    """A transformers causal language model as a `LayeredModel`. Callers hold `torch.inference_mode()`."""

    def __init__(self, library: Any) -> None:
        refuse_unsupported(library.config)
        _refuse_state(library)
        self._parts = find_parts(library)
        self._device: torch.device = library.device
        self._additive = self._parts.config._attn_implementation != "sdpa"
        self.max_context = context_limit(library.config)  # positions a run may use; None: not limited
        with torch.inference_mode():
            keys = self._probe()
        self._cache_shape = (self.num_layers, keys.shape[1], keys.shape[3])
        self._cache_dtype = keys.dtype

    @property
    def num_layers(self) -> int:
        return len(self._parts.layers)

    @property
    def vocab_size(self) -> int:
        return self._parts.vocab_size

    @property
    def device(self) -> torch.device:
        return self._device

    def new_cache(self) -> Cache:
        """An empty cache for one run."""
        return Cache(*self._cache_shape, dtype=self._cache_dtype, device=self._device)

    def embed(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Token ids [slots] at positions [slots] as the input of layer 0, [slots, dim]."""
        return self._parts.embed(tokens[None], positions[None])[0]

    def run_layers(
        self, hidden: Tensor, first: int, last: int, rows: Rows, cache: Cache, tap: Tap | None = None
    ) -> Tensor:
        """Run layers first..last-1 on hidden [slots, dim]; writes the cache rows, returns [slots, dim]."""
        state = hidden[None]  # [1, slots, dim], the library's batch of one
        kinds = self._parts.kinds[first:last]
        masks = {window: self._mask(rows, window, state.dtype) for window in {kind.window for kind in kinds}}
        angles = {name: self._angles(state, rows, name) for name in {kind.rotary for kind in kinds}}
        view = _View(rows, cache)
        arguments = {
            kind: self._arguments(view, rows, masks[kind.window], angles[kind.rotary]) for kind in set(kinds)
        }
        for layer, kind in enumerate(kinds, first):
            output = self._parts.layers[layer](state, **arguments[kind])
            state = output[0] if isinstance(output, tuple) else output
            if tap is not None:
                tap(layer + 1, state[0])
        return state[0]

    def norm(self, hidden: Tensor) -> Tensor:
        """The final norm, [slots, dim]."""
        return self._parts.norm(hidden)

    def head(self, normed: Tensor) -> Tensor:
        """Logits [slots, vocab]."""
        return self._parts.logits(normed)

    def _arguments(self, past: Any, rows: Rows, mask: Tensor | None, angles: Any) -> dict[str, Any]:
        """The keyword arguments that all layers of a kind get in one call."""
        offered = {
            self._parts.cache_argument: past,
            "attention_mask": mask,
            "position_ids": rows.positions[None],
            "use_cache": True,
            "position_embeddings": angles,
            "alibi": None,  # Falcon's layers demand it by name, also where they use rotary angles
        }
        return {name: value for name, value in offered.items() if name in self._parts.accepted}

    def _angles(self, state: Tensor, rows: Rows, layer_type: str | None) -> Any:
        """cos and sin, [1, slots, rotary_dim] each; None where layers do not ask for them."""
        if self._parts.rotary is None:
            return None
        asked = {} if layer_type is None else {"layer_type": layer_type}
        return self._parts.rotary(state, rows.positions[None], **asked)

    def _mask(self, rows: Rows, window: int | None, dtype: torch.dtype) -> Tensor | None:
        """The mask [1, 1, slots, used] in the form that the attention code takes.

        Without one, sdpa assumes causal order for more than one token, and Falcon's eager code fails.
        """
        mask = rows.within(window)
        slots = len(rows.positions)
        if mask is None:
            if slots == 1 and not self._additive:
                return None
            mask = torch.ones(slots, rows.used, dtype=torch.bool, device=self._device)
        if self._additive:
            opened = torch.zeros(mask.shape, dtype=dtype, device=self._device)
            mask = opened.masked_fill_(~mask, torch.finfo(dtype).min)
        return mask[None, None]

    def _probe(self) -> Tensor:
        """Keys [1, kv_heads, 1, head_dim] of one token in layer 0: families count heads in many ways."""
        zero = torch.zeros(1, dtype=torch.long, device=self._device)
        alone = Rows(zero, 0, zero, 1, None, zero)
        seen = _Seen()
        try:
            state = self.embed(zero, zero)[None]
            mask = self._mask(alone, None, state.dtype)
            angles = self._angles(state, alone, self._parts.kinds[0].rotary)
            self._parts.layers[0](state, **self._arguments(seen, alone, mask, angles))
        except Exception as error:
            raise ModelRefused(
                f"a model of type {self._parts.config.model_type!r} is not supported: its layers cannot be called by "
                "themselves, with states, positions, a mask and a cache"
            ) from error
        if len(seen.shapes) != 1 or seen.keys.dim() != 4:
            raise ModelRefused(
                f"a model of type {self._parts.config.model_type!r} is not supported: its layers cache something else "
                "than keys and values of one shape"
            )
        return seen.keys


class _View:
    """What a layer takes for the library's cache: it writes this call's rows and gives back all in use."""

    def __init__(self, rows: Rows, cache: Cache) -> None:
        self._rows = rows
        self._cache = cache

    def update(
        self, keys: Tensor, values: Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Takes [1, kv_heads, slots, head_dim], gives [1, kv_heads, used, head_dim]."""
        self._cache.write(layer_idx, self._rows.index, self._rows.start, torch.cat((keys, values)))
        held = self._cache.layer(layer_idx)[:, :, : self._rows.used]
        return held[:1], held[1:]


class _Seen:
    """Remembers what a layer would have cached."""

    def __init__(self) -> None:
        self.keys = torch.empty(0)
        self.shapes: set[torch.Size] = set()

    def update(
        self, keys: Tensor, values: Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        self.keys = keys
        self.shapes |= {keys.shape, values.shape}
        return keys, values


def _refuse_state(library: Any) -> None:
    """Refuses a model that was loaded in a way that its layers cannot be called directly."""
    if library.training:
        raise ModelRefused("it is in training mode, where dropout makes every answer differ; call eval()")
    if len(set(getattr(library, "hf_device_map", {}).values())) > 1:
        raise ModelRefused("it is spread over several devices; load it on one")
