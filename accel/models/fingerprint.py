"""What tells one model's weights from another's: heads and traces name it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

SAMPLES = 64  # values looked at in each tensor
OUTPUT_HEADS = ("lm_head.weight", "embed_out.weight")
ESSENTIALS = (  # what changes the logits though no tensor's shape shows it
    "model_type",
    "num_attention_heads",
    "n_head",
    "num_key_value_heads",
    "head_dim",
    "hidden_act",
    "hidden_activation",
    "activation_function",
    "rope_parameters",
    "partial_rotary_factor",
    "sliding_window",
    "layer_types",
    "final_logit_softcapping",
    "attn_logit_softcapping",
    "query_pre_attn_scalar",
    "logits_scaling",
    "logit_scale",
)


def fingerprint(tensors: Mapping[str, Tensor], config: Mapping[str, object]) -> str:
    """Sixteen hex digits from a model's `state_dict()` and `config.to_dict()`.

    A sample of every tensor is read, so a fine-tuned copy differs, but an edit of a few values may not.
    Values count as fp32: a bf16 file has one fingerprint whether it is loaded as bf16 or as fp32. An output
    head that is the embedding again does not count, so it may be listed or not.
    """
    import torch

    floats = {name: tensor.detach() for name, tensor in sorted(tensors.items()) if tensor.is_floating_point()}
    sampled = {name: _sample(tensor) for name, tensor in floats.items()}
    kept = [name for name in floats if not _tied(name, floats, sampled)]
    digest = hashlib.sha256()
    essentials = {key: config[key] for key in ESSENTIALS if config.get(key) is not None}
    digest.update(json.dumps(essentials, sort_keys=True).encode())
    for name in kept:
        digest.update(f"\n{name} {list(floats[name].shape)}".encode())
    if kept:
        values = torch.cat([sampled[name].float() for name in kept]).cpu()  # one transfer from a GPU
        digest.update(values.numpy().tobytes())
    return digest.hexdigest()[:16]


def _sample(tensor: Tensor) -> Tensor:
    """SAMPLES values spread over all rows and columns; an even stride would stay within a few columns."""
    import torch

    # Knuth's multiplicative hashing: neighbouring i land far apart
    index = torch.arange(SAMPLES) * 2_654_435_761 % tensor.numel()
    return tensor.reshape(-1)[index.to(tensor.device)]


def _tied(name: str, tensors: Mapping[str, Tensor], sampled: Mapping[str, Tensor]) -> bool:
    """Whether an output head is the embedding again."""
    import torch

    return name in OUTPUT_HEADS and any(
        other != name and tensor.shape == tensors[name].shape and torch.equal(sampled[other], sampled[name])
        for other, tensor in tensors.items()
    )
