"""The door to the engine. Lazy, so that `import accel.trace` needs the standard library only."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accel.api import METHODS, Session, generate, load, stream
    from accel.trace import Trace

__all__ = ["METHODS", "Session", "Trace", "generate", "load", "stream"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'accel' has no attribute {name!r}")
    return getattr(import_module("accel.trace" if name == "Trace" else "accel.api"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
