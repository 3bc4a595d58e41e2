"""The error of a model that loads, but that this engine will not decode."""

from __future__ import annotations


class ModelRefused(ValueError):
    """One sentence for the user: which model, and the reason it is refused."""
