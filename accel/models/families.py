"""Where each family keeps its modules, and what it does around its layers: tables, searched in order."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn, tanh

from accel.models.errors import ModelRefused
from accel.models.refusals import text_config

DECODER = ("decoder", "language_model", "text_model")  # in a base model that is not the decoder itself
LAYERS = ("layers", "h")
FINAL_NORM = ("norm", "final_layernorm", "final_layer_norm", "ln_f")
CACHE_CLASS = re.compile(r"\bCache\b")  # the library's base class, as annotations name it
# Families whose every layer has the window of the configuration, though it lists no layer types (tested).
WINDOWED = frozenset({"ministral3", "mistral", "mixtral", "phi3", "phimoe", "qwen3_moe", "starcoder2"})


@dataclass(frozen=True, slots=True)
class LayerKind:
    """What layers of one kind share within a call: one mask and one set of rotary angles."""

    window: int | None  # how many positions a token sees, itself included; None: all
    rotary: str | None  # the layer type that the rotary module is asked for; None: it has one answer for all


@dataclass(frozen=True, slots=True)
class Parts:
    """The modules of a loaded decoder. They are the library's own, and are called, never changed."""

    config: Any
    layers: tuple[Any, ...]
    kinds: tuple[LayerKind, ...]  # by layer
    embed: Callable[[Tensor, Tensor], Tensor]  # (tokens, positions) [1, slots] -> [1, slots, dim]
    rotary: Any | None
    norm: Callable[[Tensor], Tensor]  # [slots, dim] -> [slots, dim]
    logits: Callable[[Tensor], Tensor]  # [slots, dim] -> [slots, vocab]
    vocab_size: int
    accepted: frozenset[str]  # the keyword arguments of a layer
    cache_argument: str  # which of them takes the cache


def find_parts(library: Any) -> Parts:
    """The parts of a transformers causal language model; ModelRefused where its structure is not known."""
    config = text_config(library.config)
    decoder = _decoder(library)
    layers = tuple(_first(decoder, LAYERS))
    rotary = own_rotary(decoder)
    final_norm = _first(decoder, FINAL_NORM)
    head = library.get_output_embeddings()
    if head is None:
        raise ModelRefused(f"{type(library).__name__} has no output embedding")
    parameters = inspect.signature(layers[0].forward).parameters
    accepted = frozenset(parameters)
    cache_argument = _cache_argument(parameters.values())
    if cache_argument is None or "attention_mask" not in accepted:
        raise ModelRefused(f"the layers of {type(library).__name__} take no cache or no mask")
    return Parts(
        config=config,
        layers=layers,
        kinds=_kinds(config, len(layers), rotary),
        embed=_embedding(library, decoder, config),
        rotary=rotary,
        norm=_unchanged if final_norm is None else final_norm,
        logits=_readout(head, decoder, config),
        vocab_size=head.weight.shape[0],
        accepted=accepted,
        cache_argument=cache_argument,
    )


def _cache_argument(parameters: Iterable[inspect.Parameter]) -> str | None:
    """Find the argument of a layer that takes the key-value cache: the one annotated with the library's `Cache`.

    Its name differs between families and between releases (`past_key_values`, `layer_past`, `cache`), its type
    does not.
    """
    return next((one.name for one in parameters if CACHE_CLASS.search(str(one.annotation))), None)


def context_limit(config: Any) -> int | None:
    """The most positions that a run may use, None where the configuration does not say.

    At most as many as `rescaled_after` names: beyond them the keys in a cache and a new query would be rotated by
    different frequencies, in the library too, and the text would depend on how it was split into calls. And at most
    the window of a family that is not known to have it in every layer (Moshi names one and has none): so far, a
    layer with it and a layer without are the same.
    """
    text = text_config(config)
    limits = [getattr(text, "max_position_embeddings", None), rescaled_after(config)]
    if getattr(text, "layer_types", None) is None and text.model_type not in WINDOWED:
        limits.append(getattr(text, "sliding_window", None))
    return min((limit for limit in limits if limit is not None), default=None)


def rescaled_after(config: Any) -> int | None:
    """The positions after which the library's rotary module changes its frequencies; None where it never does.

    Of the rotary types of transformers two depend on the length of the text: "dynamic" (NTK scaling, from
    `max_position_embeddings` on) and "longrope" (from the original length on).
    """
    text = text_config(config)
    rope = getattr(text, "rope_parameters", None) or {}
    found: list[int] = []
    for entry in (rope, *rope.values()):  # one set of parameters, or one for each layer type
        kind = entry.get("rope_type") if isinstance(entry, dict) else None
        if kind == "longrope":
            found.append(entry["original_max_position_embeddings"])
        elif kind == "dynamic":
            found.append(text.max_position_embeddings)
    return min(found, default=None)


def own_rotary(decoder: Any) -> Any | None:
    """A copy of the decoder's rotary module: what `generate` leaves in the library's own must not reach a run."""
    return copy.deepcopy(getattr(decoder, "rotary_emb", None))


def _decoder(library: Any) -> Any:
    base = library.base_model
    for found in (base, *(getattr(base, name, None) for name in DECODER)):
        if isinstance(_first(found, LAYERS), nn.ModuleList):
            return found
    raise ModelRefused(f"the layers of {type(library).__name__} were not found under any known name")


def _kinds(config: Any, num_layers: int, rotary: Any | None) -> tuple[LayerKind, ...]:
    """By layer. Where the configuration lists no layer types, a window holds for all layers."""
    window = getattr(config, "sliding_window", None)
    types = getattr(config, "layer_types", None)
    if types is None:
        return (LayerKind(window, None),) * num_layers
    by_type = rotary is not None and "layer_type" in inspect.signature(rotary.forward).parameters
    windows = {"sliding_attention": window}
    return tuple(LayerKind(windows.get(name), name if by_type else None) for name in types)


def _embedding(library: Any, decoder: Any, config: Any) -> Callable[[Tensor, Tensor], Tensor]:
    """Words, their factor (Granite; Gemma's is inside the module), OPT's projection, learned positions."""
    words = library.get_input_embeddings()
    factor = getattr(config, "embedding_multiplier", None)
    project_in = getattr(decoder, "project_in", None)
    places = _first(decoder, ("wpe", "embed_positions"))
    masked = places is not None and "attention_mask" in inspect.signature(places.forward).parameters

    def embed(tokens: Tensor, positions: Tensor) -> Tensor:
        hidden: Tensor = words(tokens)
        if factor is not None:
            hidden = hidden * factor
        if project_in is not None:
            hidden = project_in(hidden)
        if places is not None:
            # OPT adds its own offset; with positions given, it does not look at its mask.
            place = places(None, 0, position_ids=positions) if masked else places(positions)
            hidden = hidden + place
        return hidden

    return embed


def _readout(head: Any, decoder: Any, config: Any) -> Callable[[Tensor], Tensor]:
    """The language head and what its family does to logits; OPT's projection comes after the final norm."""
    project_out = getattr(decoder, "project_out", None)
    multiplied = getattr(config, "logit_scale", None)
    divided = getattr(config, "logits_scaling", None)
    cap = getattr(config, "final_logit_softcapping", None)
    if config.model_type == "hyperclovax":  # the one family that multiplies by its logits_scaling
        multiplied, divided = divided, None

    def logits(normed: Tensor) -> Tensor:
        scores: Tensor = head(normed if project_out is None else project_out(normed))
        if multiplied is not None:
            scores = scores * multiplied
        if divided is not None:
            scores = scores / divided
        if cap is not None:
            scores = tanh(scores / cap) * cap
        return scores

    return logits


def _first(module: Any, names: tuple[str, ...]) -> Any:
    """The first of these attributes that a module has, else None."""
    return next((found for name in names if (found := getattr(module, name, None)) is not None), None)


def _unchanged(hidden: Tensor) -> Tensor:
    """The final norm of a family that has none (OPT-350M)."""
    return hidden
