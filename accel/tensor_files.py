"""Safetensors files written whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor


def save_tensors(tensors: Mapping[str, Tensor], path: Path, about: Mapping[str, str] | None = None) -> None:
    """Write tensors and text about them to `path`, whose folder is made where it is missing.

    Raises OSError, with its number, where that fails: safetensors has an error of its own that says it in text.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        save_file(dict(tensors), part, None if about is None else dict(about))
        part.chmod(0o644)  # safetensors makes its file readable by its owner alone
        part.replace(path)
    except SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        raise OSError(int(number[1]) if number else 0, str(error)) from error
    finally:
        part.unlink(missing_ok=True)
