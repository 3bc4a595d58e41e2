"""A model folder as the library's model, with every tensor from the folder: nothing missing, left over or made up.

The library fills what a folder lacks with random numbers and only logs a table of it; a self-test of such a model
compares it with itself and passes. What it reports is looked at here, and refused in words.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from accel.errors import is_out_of_memory
from accel.models.config_bounds import check_configuration
from accel.models.errors import ModelRefused
from accel.models.manifest import FILE as NOTED
from accel.models.progress import library_quiet
from accel.models.refusals import refuse_unsupported
from accel.models.text_files import short
from accel.models.unavailable import ModelUnavailable, printed, reason_of
from accel.models.weight_files import Stored, stored_tensors

# Tensors of a file that a text decoder does not read: masks and tables of older releases, parts for pictures and
# sound, heads that draft several tokens.
UNREAD = re.compile(
    r"(rotary_emb\.\w+|masked_bias|(attn|attention)\.bias|position_ids)$"
    r"|^(model\.)?(vision_tower|vision_model|visual|audio_tower|multi_modal_projector|mtp)\."
)
MOST_BUFFERS = 1 << 27  # values that a model may compute for itself beside its weights
SOME = 3  # names in a message
READ = (".json", ".jinja", ".txt", ".model", ".safetensors")

Signature = tuple[tuple[str, int, int], ...]
"""Name, bytes and time of change (ns) of the files of a folder that a model is made of."""


def folder_signature(folder: Path) -> Signature:
    """What changes when one of its model's files is written, removed or added; empty for a folder that is gone."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.endswith(READ) or entry.name == NOTED:
                    continue
                try:
                    status = entry.stat()  # of what a link leads to: the hub's cache is made of links
                except OSError:
                    continue
                found.append((entry.name, status.st_size, status.st_mtime_ns))
    except OSError:
        return ()
    return tuple(sorted(found))


def read_config(folder: Path) -> Any:
    """The folder's configuration as the library understands it. Raises ModelUnavailable."""
    from transformers import AutoConfig

    check_configuration(folder)
    try:
        with library_quiet():
            return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # whatever a foreign file makes the library raise
        raise ModelUnavailable(
            f"model: the config.json in {short(folder)} cannot be used: {reason_of(error)}"
        ) from error


def read_library(folder: Path, *, name: str, device: str, dtype: torch.dtype) -> Any:
    """The library's model on `device`, in `dtype`.

    Raises:
        ModelUnavailable: A file is damaged, or the weights are not those that the configuration describes.
        ModelRefused: The configuration asks for what this engine does not run.
    """
    from transformers import AutoModelForCausalLM

    config = read_config(folder)
    refuse_unsupported(config)
    stored = stored_tensors(folder)
    options = {"attn_implementation": _attention(AutoModelForCausalLM, config), "trust_remote_code": False}
    try:
        with library_quiet():
            _refuse_oversized(AutoModelForCausalLM, config, options, stored, dtype)
            library, report = AutoModelForCausalLM.from_pretrained(
                folder,
                config=config,
                dtype=dtype,
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # reported like the rest, and refused
                **options,
            )
        _refuse_incomplete(report)
        return library.to(device).eval().requires_grad_(False)
    except (ModelRefused, ModelUnavailable):
        raise
    except Exception as error:  # whatever a foreign file makes the library raise
        if is_out_of_memory(error):
            raise ModelUnavailable(
                f"model: {name!r:.80} does not fit into the memory of this machine's {device}: choose a smaller one"
            ) from error
        raise ModelUnavailable(f"model: {name!r:.80} cannot be loaded: {reason_of(error)}") from error


def _attention(auto: Any, config: Any) -> str:
    """Named always, so that no config can ask for a kernel of its own; a few families have only the eager one."""
    if type(config) not in auto._model_mapping:
        raise ModelRefused(
            f"a model of type {config.model_type!r} is not supported: the library has no causal language model for it"
        )
    return "sdpa" if getattr(auto._model_mapping[type(config)], "_supports_sdpa", False) else "eager"


def _refuse_oversized(
    auto: Any, config: Any, options: Mapping[str, Any], stored: Mapping[str, Stored], dtype: torch.dtype
) -> None:
    """Refuses sizes that the files do not hold, before memory is taken for them."""
    with torch.device("meta"):
        planned = auto.from_config(copy.deepcopy(config), **options)
    values = sum(parameter.numel() for parameter in planned.parameters())
    held = sum(tensor.size for tensor in stored.values())
    if values > 2 * held:  # a tied head counts twice at most
        raise ModelUnavailable(
            f"model: its config.json describes {values:,} weights, its safetensors files hold {held:,}: they belong to "
            "different models or are incomplete; copy the model again"
        )
    if sum(buffer.numel() for buffer in planned.buffers()) > MOST_BUFFERS:
        raise ModelUnavailable(
            "model: its config.json asks for tables larger than its weights: copy it again"
        )
    needed, memory = values * dtype.itemsize, _memory()
    if memory is not None and needed > memory:
        raise ModelUnavailable(
            f"model: it needs {needed / 1e9:.1f} GB of memory, and this machine has {memory / 1e9:.1f} GB: choose a "
            "smaller one"
        )


def _memory() -> int | None:
    """Bytes of memory of this machine, where the system says."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _refuse_incomplete(report: Mapping[str, Any]) -> None:
    """Refuses a model some of whose weights did not come from its files, or some of whose files it does not read."""
    missing = sorted(report["missing_keys"])
    unread = sorted(name for name in report["unexpected_keys"] if not UNREAD.search(name))
    faults = []
    if missing:
        faults.append(f"lack {_named(missing)}")
    if unread:
        faults.append(f"hold {_named(unread)}, which its config.json does not describe")
    for name, stored, planned in sorted(report["mismatched_keys"])[:SOME]:
        faults.append(
            f"hold {printed(name)} as {list(stored)} where its config.json describes {list(planned)}"
        )
    if faults:
        raise ModelUnavailable(
            f"model: its safetensors files {'; and '.join(faults)}: copy or save the model again"
        )


def _named(names: Iterable[str]) -> str:
    """The first of some tensors, and how many more there are."""
    listed = [printed(name) for name in names]
    more = f" and {len(listed) - SOME} more tensors" if len(listed) > SOME else ""
    return ", ".join(listed[:SOME]) + more
