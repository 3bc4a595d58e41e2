"""What this machine offers, and what is ready on it."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import torch

from accel.models.embedded import NAME, cache_root, damage
from accel.models.load import resolve_device, resolve_dtype
from accel.models.unavailable import cache_failures

PACKAGES = ("torch", "transformers", "gradio", "plotly", "networkx", "safetensors", "gguf")


def examine() -> dict[str, str | int | bool]:
    """Plain facts, by name; nothing is loaded, brought or measured."""
    device = resolve_device("auto")
    with cache_failures(NAME, cache_root()):
        why = damage(cache_root() / "models" / NAME)
    return {
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "device": device,
        "dtype": resolve_dtype("auto", device),
        "threads": torch.get_num_threads(),
        "cache": str(cache_root()),
        NAME: "ready" if why is None else f"not ready ({why}); the first run brings it",
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
