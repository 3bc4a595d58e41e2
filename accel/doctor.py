"""What this machine offers, and what is ready on it. Works without the packages that it looks for."""

from __future__ import annotations

import platform
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from accel.models.embedded import NAME, cache_root, damage
from accel.models.unavailable import cache_failures

PACKAGES = ("torch", "transformers", "gradio", "plotly", "networkx", "safetensors", "gguf")
ABSENT = "not installed"


def examine() -> dict[str, str | int | bool]:
    """Plain facts, by name; nothing is loaded, brought or measured."""
    with cache_failures(NAME, cache_root()):
        why = damage(cache_root() / "models" / NAME)
    return {
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        **_torch_facts(),
        "cache": str(cache_root()),
        NAME: "ready" if why is None else f"not ready ({why}); the first run brings it",
    }


def missing_packages() -> list[str]:
    """The packages that are not installed, or that cannot be imported."""
    return [name for name in PACKAGES if _version(name).startswith(ABSENT)]


def _torch_facts() -> dict[str, str | int]:
    """Where and in which numbers a model would run; nothing where torch cannot be imported."""
    try:
        torch = import_module("torch")
        load = import_module("accel.models.load")
    except (ImportError, OSError):
        return {}
    device = load.resolve_device("auto")
    return {
        "device": device,
        "dtype": load.resolve_dtype("auto", device),
        "threads": torch.get_num_threads(),
    }


def _version(package: str) -> str:
    """The installed version, or why there is none; a damaged installation has a version and no module."""
    try:
        found = version(package)
        if package in ("torch", "safetensors"):
            import_module(package)
    except PackageNotFoundError:
        return ABSENT
    except (ImportError, OSError) as error:
        return f"{ABSENT} ({str(error)[:80]})"
    return found
