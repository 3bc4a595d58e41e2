"""What is refused by its configuration alone, before any weight is read."""

from __future__ import annotations

from typing import Any

from accel.models.errors import ModelRefused

ATTENTION = ("eager", "sdpa")  # the attention code that takes a mask of any shape

# The families whose configuration does not say it elsewhere.
STATEFUL = frozenset(
    "falcon_mamba jamba mamba mamba2 nemotron_h recurrent_gemma rwkv xlstm zamba zamba2 bamba falcon_h1 kimi_linear "
    "bailing_hybrid zaya minimax lfm2 lfm2_moe granitemoehybrid olmo_hybrid qwen3_next".split()
)
ALIBI = frozenset({"bloom", "mpt"})
SHARED_KEYS = ("gemma3n", "gemma4")  # and what begins so
LAYER_TYPES = ("full_attention", "sliding_attention")


def refuse_unsupported(config: Any) -> None:
    """Raises ModelRefused, with the reason, for a configuration whose layers cannot be run one by one on a tree."""
    reason = _reason(config)
    if reason is not None:
        raise ModelRefused(f"a model of type {config.model_type!r} is not supported: {reason}")


def text_config(config: Any) -> Any:
    """The configuration of the text decoder, where a model also sees or hears."""
    return config.get_text_config(decoder=True)


def _reason(config: Any) -> str | None:
    if getattr(config, "auto_map", None):
        return "its repository brings its own code (auto_map), and only the library's own code is run"
    attention = getattr(config, "_attn_implementation_internal", None)
    if attention is not None and attention not in ATTENTION:
        return f"it asks for {attention!r} attention; load it with one of {', '.join(ATTENTION)}"
    if getattr(config, "quantization_config", None):
        return "its weights are quantised"
    if config.is_encoder_decoder:
        return "it is an encoder-decoder"
    text = text_config(config)
    return _text_reason(text, {config.model_type, text.model_type})


def _text_reason(text: Any, families: set[str]) -> str | None:
    kinds = set(getattr(text, "layer_types", None) or ())
    if families & STATEFUL or kinds & {"linear_attention", "conv", "hybrid", "hybrid_sliding"}:
        return "it has state-space, linear-attention or convolution layers, whose state cannot branch"
    if families & ALIBI or getattr(text, "alibi", False):
        return "its attention is biased by distance (ALiBi), which its layers take from the order of the cache"
    if any(family.startswith(SHARED_KEYS) for family in families) or getattr(text, "num_kv_shared_layers", 0):
        return "some of its layers read the keys and values of others, so no layer can be skipped"
    if getattr(text, "use_bidirectional_attention", None):
        return "its tokens look at later tokens"
    if other := kinds - set(LAYER_TYPES):
        return f"it has layers of another kind ({', '.join(sorted(other))})"
    return None
