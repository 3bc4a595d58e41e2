"""Tiny random models, one for each family that the adapter must carry.

Weights are large, so that the best token stands well clear of the next; norms and biases are moved off one
and zero, so that leaving one out shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import transformers as hf

torch.set_num_threads(1)

VOCAB = 99
WINDOW = 8  # of the families that have sliding-window layers

Factory = Callable[[], Any]

_IDS = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
_SHAPE = {
    "vocab_size": VOCAB,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 256,
    "initializer_range": 0.3,
    **_IDS,
}
_GROUPED = {**_SHAPE, "num_key_value_heads": 2}
_GPT = {
    "vocab_size": VOCAB,
    "n_embd": 32,
    "n_layer": 3,
    "n_head": 4,
    "n_positions": 256,
    "initializer_range": 0.3,
    **_IDS,
}
_SLIDING_AND_FULL = {"layer_types": ["sliding_attention", "full_attention", "sliding_attention"]}


def build(config: Any, attention: str | None = None) -> Any:
    """A random model of a configuration, the same one every time, ready to use."""
    wanted = {} if attention is None else {"attn_implementation": attention}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model = hf.AutoModelForCausalLM.from_config(config, **wanted)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.dim() == 1:
                    parameter += 0.2 * torch.randn_like(parameter)
    return model.eval()


def _family(name: str, shape: dict[str, Any], **fields: Any) -> Factory:
    return lambda: build(getattr(hf, name)(**{**shape, **fields}))


def _opt(**fields: Any) -> Factory:
    shape = {**_SHAPE, "ffn_dim": 48, "init_std": 0.3}
    del shape["intermediate_size"], shape["initializer_range"]
    return _family("OPTConfig", shape, **fields)


FAMILIES: dict[str, Factory] = {
    "llama": _family("LlamaConfig", _GROUPED),
    "llama3-rope": _family(
        "LlamaConfig",
        _GROUPED,
        rope_parameters={
            "rope_type": "llama3",
            "rope_theta": 1e4,
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 32,
        },
    ),
    "llama-eager": lambda: build(hf.LlamaConfig(**_GROUPED), "eager"),
    "mistral": _family("MistralConfig", _GROUPED, sliding_window=None),
    "mistral-window": _family("MistralConfig", _GROUPED, sliding_window=WINDOW),
    "qwen2": _family("Qwen2Config", _GROUPED),
    "qwen2-window": _family(
        "Qwen2Config", _GROUPED, use_sliding_window=True, sliding_window=WINDOW, max_window_layers=1
    ),
    "qwen3": _family("Qwen3Config", _GROUPED, head_dim=8),
    "gemma": _family("GemmaConfig", _GROUPED, head_dim=8),
    "gemma2": _family(
        "Gemma2Config", _GROUPED, head_dim=8, sliding_window=WINDOW, final_logit_softcapping=5.0
    ),
    "gemma3": _family("Gemma3TextConfig", _GROUPED, head_dim=8, sliding_window=WINDOW, **_SLIDING_AND_FULL),
    "gemma3-eager": lambda: build(
        hf.Gemma3TextConfig(**_GROUPED, head_dim=8, sliding_window=WINDOW, **_SLIDING_AND_FULL), "eager"
    ),
    "phi": _family("PhiConfig", _GROUPED, partial_rotary_factor=0.5),
    "phi3": _family("Phi3Config", _GROUPED, sliding_window=WINDOW),
    "smollm3": _family("SmolLM3Config", _GROUPED, no_rope_layers=[1, 0, 1]),
    "olmo2": _family("Olmo2Config", _GROUPED),
    "olmo3": _family("Olmo3Config", _GROUPED, sliding_window=WINDOW, **_SLIDING_AND_FULL),
    "granite": _family(
        "GraniteConfig",
        _GROUPED,
        embedding_multiplier=3.0,
        logits_scaling=2.0,
        residual_multiplier=0.5,
        attention_multiplier=0.2,
    ),
    "hyperclovax": _family("HyperCLOVAXConfig", _GROUPED, logits_scaling=3.0, embedding_multiplier=2.0),
    "gpt2": _family("GPT2Config", _GPT),
    "gpt_neox": _family("GPTNeoXConfig", _SHAPE),
    "gptj": _family("GPTJConfig", _GPT, rotary_dim=4),
    "opt": _opt(),
    "opt-projected": _opt(word_embed_proj_dim=16, do_layer_norm_before=False),
    "stablelm": _family("StableLmConfig", _GROUPED),
    "starcoder2": _family("Starcoder2Config", _GROUPED, sliding_window=WINDOW),
    "cohere": _family("CohereConfig", _GROUPED, logit_scale=0.25),
    "cohere2": _family(
        "Cohere2Config", _GROUPED, logit_scale=0.25, sliding_window=WINDOW, **_SLIDING_AND_FULL
    ),
    "falcon": _family("FalconConfig", _SHAPE, alibi=False, multi_query=True),
    "falcon-eager": lambda: build(hf.FalconConfig(**_SHAPE, alibi=False), "eager"),
    "falcon-grouped": _family(
        "FalconConfig", _SHAPE, alibi=False, new_decoder_architecture=True, num_kv_heads=2
    ),
    "gpt_bigcode": _family("GPTBigCodeConfig", _GPT),
    "qwen3_moe": _family(
        "Qwen3MoeConfig", _GROUPED, head_dim=8, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=16
    ),
}
