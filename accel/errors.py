"""What a user did wrong, said so that they can put it right."""

from __future__ import annotations

INSTALL = "python -m pip install -r requirements.txt -c constraints.txt"


class InputError(ValueError):
    """A bad argument. The message names the field, the value and the remedy."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class ModelFailed(RuntimeError):
    """The model gave numbers that cannot be decoded (not a number, or infinite)."""


def is_out_of_memory(error: BaseException) -> bool:
    """Python's own error, or torch's: of a GPU a kind of its own, of a CPU told by its words alone."""
    allocator = isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    return isinstance(error, MemoryError) or allocator or type(error).__name__ == "OutOfMemoryError"


def shown(value: object) -> str:
    """A value as a message quotes it: short, on one line."""
    try:
        return " ".join(repr(value).split())[:40]
    except Exception:  # of a whole number of more than 4300 digits, or whatever a foreign class raises
        return f"a {type(value).__name__} that cannot be written out"


def span(low: float, high: float) -> str:
    """A range as a message writes it: whole numbers with all their digits."""
    written = [str(int(end)) if end == int(end) else f"{end:g}" for end in (low, high)]
    return " to ".join(written)
