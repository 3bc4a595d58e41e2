"""What is refused by its configuration alone, before any weight is read."""

from __future__ import annotations

from typing import Any

from accel.models.errors import ModelRefused

ATTENTION = ("eager", "sdpa")  # the attention code that takes a mask of any shape
EXPERTS = ("eager", "batched_mm", "grouped_mm")  # the library's own; another name is fetched from the hub

# Families that do not list their layer types, in this release of the library or in an older one.
STATEFUL = {"falcon_mamba", "jamba", "lfm2", "lfm2_moe", "mamba", "mamba2", "rwkv", "xlstm", "zamba"}
ALIBI = {"bloom", "mpt"}
SHARED_KEYS = ("gemma3n", "gemma4")  # and what begins so; Gemma 4 has heads of several sizes
# What of a family's own is not carried, where its configuration does not say.
OF_FAMILY = {
    "biogpt": "it scales its embeddings and counts positions from an offset of its own",
    "ctrl": "it scales its embeddings and adds positions outside its layers",
    "gpt_neo": "its local attention goes by a token's row in the cache, not by its position",
    "nanochat": "it normalises its embeddings before its first layer",
    "openai-gpt": "its layers keep no keys and values",
    "trocr": "it scales its embeddings and counts positions from an offset of its own",
    "xglm": "it scales its embeddings and counts positions from an offset of its own",
}
LATENT = "its attention is latent: it keeps values of another size than its keys"
LAYER_TYPES = ("full_attention", "sliding_attention")


def refuse_unsupported(config: Any) -> None:
    """Raises ModelRefused, with the reason, where layers cannot be run one by one on a token tree."""
    reason = _reason(config)
    if reason is not None:
        raise ModelRefused(f"a model of type {config.model_type!r} is not supported: {reason}")


def text_config(config: Any) -> Any:
    """The configuration of the text decoder, where a model also sees or hears."""
    return config.get_text_config(decoder=True)


def _reason(config: Any) -> str | None:
    for part in (config, *(getattr(config, name, None) for name in config.sub_configs)):
        if part is not None and (reason := _loading_reason(part)) is not None:
            return reason
    if config.is_encoder_decoder:
        return "it is an encoder-decoder"
    text = text_config(config)
    return _text_reason(text, {config.model_type, text.model_type})


def _loading_reason(config: Any) -> str | None:
    """Does it ask for code that is not the library's own, or for weights that are not plain numbers?"""
    if getattr(config, "auto_map", None):
        return "its repository brings its own code (auto_map), and only the library's own code is run"
    for kind, known in (("attn", ATTENTION), ("experts", EXPERTS)):
        asked = getattr(config, f"_{kind}_implementation_internal", None)
        if asked is not None and asked not in known:
            return f"it asks for {asked!r} as {kind}_implementation; only {', '.join(known)} are used"
    if getattr(config, "quantization_config", None):
        return "its weights are quantised"
    return None


def _text_reason(text: Any, families: set[str]) -> str | None:
    kinds = set(getattr(text, "layer_types", None) or ())
    if families & STATEFUL or kinds & {"linear_attention", "conv", "hybrid", "hybrid_sliding"}:
        return "it has state-space, linear-attention or convolution layers, whose state cannot branch"
    if families & ALIBI or getattr(text, "alibi", False):
        return "its attention is biased by distance (ALiBi), taken from a token's row in the cache"
    shares = any(family.startswith(SHARED_KEYS) for family in families)
    if shares or getattr(text, "num_kv_shared_layers", None):
        return "its layers read each other's keys and values, or keep them in different shapes"
    if own := next((OF_FAMILY[family] for family in sorted(families) if family in OF_FAMILY), None):
        return own
    if getattr(text, "kv_lora_rank", None):
        return LATENT
    if getattr(text, "use_bidirectional_attention", None):
        return "its tokens look at later tokens"
    if other := kinds - set(LAYER_TYPES):
        return f"it has layers of another kind ({', '.join(sorted(other))})"
    return None
