"""From a name to a loaded model: brought, checked against the library, fused where it can be, calibrated."""

from __future__ import annotations

import gc
import logging
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import torch

from accel.errors import InputError
from accel.models import catalogue, embedded, selftest
from accel.models.adapter import TransformersModel
from accel.models.calibration import calibrate
from accel.models.checkpoint import Signature, folder_signature, read_library
from accel.models.errors import ModelRefused
from accel.models.families import context_limit
from accel.models.fingerprint import fingerprint
from accel.models.fused import FusedModel, is_fusible
from accel.models.graphs import Capture, GraphedModel, cuda_capture
from accel.models.invariance import invariant_rows
from accel.models.layered import LayeredModel
from accel.models.model import Model
from accel.models.processors import read_settings
from accel.models.progress import Progress, silent
from accel.models.refusals import refuse_unsupported
from accel.models.threads import settle_threads
from accel.models.tokenizer import Tokenizer, load_tokenizer
from accel.models.unavailable import ModelUnavailable
from accel.trace import ModelInfo

DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
HALF = frozenset({torch.bfloat16, torch.float16})
KEPT = 2  # loaded models kept; the least recently used goes first
DEFAULT_CONTEXT = 2048  # where a configuration says nothing
log = logging.getLogger("draftscope")


@dataclass(frozen=True, slots=True)
class _Kept:
    """A loaded model, and its folder as it was when it was read."""

    model: Model
    folder: Path
    signature: Signature


_loaded: OrderedDict[tuple[str, str, str], _Kept] = OrderedDict()
_loading = Lock()


def load(
    name: str,
    *,
    device: str = "auto",
    dtype: str = "auto",
    private: bool = True,
    progress: Progress = silent,
) -> Model:
    """A model by its catalogue name, a local folder or a hub id; the last few stay loaded and are shared.

    A folder whose files have changed since is read again. `private=False` allows catalogue names only. Raises
    InputError, ModelUnavailable (cannot be brought here) or ModelRefused (would not be decoded right), each saying
    what to do.
    """
    device, dtype = resolve_device(device), resolve_dtype(dtype, resolve_device(device))
    key = (str(name), device, dtype)
    with _loading:
        kept = _loaded.get(key)
        if kept is None or kept.signature != folder_signature(kept.folder):
            kept = None  # not held while its successor is read
            _drop(key)
            where = catalogue.folder(str(name), progress=progress, private=private, check=refuse_unsupported)
            progress("loading the weights", 0.0)
            signature = folder_signature(where)
            model = from_folder(where, name=str(name), device=device, dtype=dtype)
            if name == embedded.NAME and model.info.fingerprint != embedded.FINGERPRINT:
                embedded.folder(
                    progress, reread=True
                )  # renewed unless another release of the library is the cause
                if folder_signature(where) != signature:
                    signature = folder_signature(where)
                    model = from_folder(where, name=name, device=device, dtype=dtype)
            kept = _loaded[key] = _Kept(model, where, signature)
            progress("loading the weights", 1.0)
        _loaded.move_to_end(key)
        return kept.model


def _drop(key: tuple[str, str, str]) -> None:
    """Forgets this model, and the least recently used until there is room for another: no more are ever held."""
    _loaded.pop(key, None)
    while len(_loaded) >= KEPT:
        _loaded.popitem(last=False)
    gc.collect()  # a model's modules refer to one another


def from_folder(where: Path, *, name: str, device: str, dtype: str) -> Model:
    """Load a folder of safetensors. Nothing in it is ever run.

    Where the weights were packed, the library's copy of them is let go; it is read again should it be asked for.
    """
    signature = folder_signature(where)

    def bring() -> Any:
        library = read_library(where, name=name, device=device, dtype=DTYPES[dtype])
        if folder_signature(where) != signature:
            raise ModelUnavailable(
                f"model: the files of {name!r:.80} changed since it was loaded: load it again"
            )
        return library

    model = from_library(bring(), load_tokenizer(where), name=name)
    packed = isinstance(model.layers, FusedModel) and model.layers.is_packed
    return replace(model, bring_library=cache(bring)) if packed else model


def from_library(
    library: Any,
    tokenizer: Tokenizer | None,
    *,
    name: str,
    fuse: bool = True,
    capture: Capture | None = None,
) -> Model:
    """A model of the library's as ours, proved right by the self-test. Raises ModelRefused if it is not.

    `capture` is how to repeat work on the device; by default, CUDA graphs where there is CUDA, else not at all.
    """
    library.eval().requires_grad_(False)
    config = library.config
    refuse_unsupported(config)
    if capture is None and library.device.type == "cuda":
        capture = cuda_capture(library.device)
    context = context_limit(config) or DEFAULT_CONTEXT
    selftest.check_library(library, context)
    layers, backend = _layers(library, fuse, capture)
    processors = read_settings(name, library.generation_config, layers.vocab_size)
    info = ModelInfo(
        name=name.encode(
            "utf-8", "backslashreplace"
        ).decode(),  # a folder's name may be bytes that are no text
        fingerprint=fingerprint(library.state_dict(), config.to_dict()),
        family=config.model_type,
        num_layers=layers.num_layers,
        dtype=str(library.dtype).removeprefix("torch."),
        device=str(library.device),
        threads=settle_threads(layers, context),
        backend=backend,
        invariant_rows=invariant_rows(layers, context) if library.dtype in HALF else None,
    )
    ends = _end_tokens(library, tokenizer)
    costs = calibrate(layers, context)
    return Model(info, layers, tokenizer, context, ends, costs, lambda: library, processors)


def _layers(library: Any, fuse: bool, capture: Capture | None) -> tuple[LayeredModel, str]:
    """The fastest path that holds against the library; last its own layers, which must."""
    for layers, backend in _fast_paths(library, capture) if fuse and is_fusible(library) else ():
        try:
            selftest.check(layers, library)
        except ModelRefused as error:
            log.warning("model: its fast path (%s) is not used, a slower one is: %s", backend, error)
            continue
        return layers, backend
    adapted = TransformersModel(library)
    selftest.check(adapted, library)
    return adapted, "transformers"


def _fast_paths(library: Any, capture: Capture | None) -> Iterator[tuple[LayeredModel, str]]:
    fused = FusedModel(library)
    if capture is not None:
        yield GraphedModel(fused, capture), "graphs"
    yield fused, "fused"


def _end_tokens(library: Any, tokenizer: Tokenizer | None) -> frozenset[int]:
    """The ids at which the library's `generate` ends a text; the tokenizer's own where it would never end one."""
    ids = library.generation_config.eos_token_id
    if ids is None:
        return tokenizer.eos_ids if tokenizer is not None else frozenset()
    return frozenset([ids] if isinstance(ids, int) else ids)


def resolve_device(device: str) -> str:
    """ "auto" as the best this machine has: cuda, then mps, then cpu."""
    if device not in DEVICES:
        raise InputError("device", f"{str(device)[:40]!r} is not one of {', '.join(DEVICES)}")
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if present[name])
    if not present[device]:
        raise InputError("device", f"this machine has no {device}; choose auto or cpu")
    return device


def resolve_dtype(dtype: str, device: str) -> str:
    """ "auto" as bfloat16 where the device multiplies it natively, else float32: float16 overflows in some models."""
    if dtype != "auto":
        if dtype not in DTYPES:
            raise InputError("dtype", f"{str(dtype)[:40]!r} is not one of auto, {', '.join(DTYPES)}")
        return dtype
    if device == "cuda":  # older ones (T4, V100) only emulate it, many times slower
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    if device == "mps":
        return "bfloat16" if _multiplies_bfloat16(device) else "float32"
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    native = any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    return "bfloat16" if native else "float32"


def _multiplies_bfloat16(device: str) -> bool:
    """Whether the device has it at all: Apple's does from macOS 14 on."""
    try:
        one = torch.ones(1, 1, dtype=torch.bfloat16, device=device)
        return bool((one @ one).item() == 1)
    except (RuntimeError, TypeError):
        return False
