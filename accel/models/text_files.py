"""The text files of a model folder, checked before the library reads them: kind, size, and that JSON is an object.

Folders are untrusted and often half copied: a Git LFS pointer in the place of a file, a link to nothing, a device.
"""

from __future__ import annotations

import json
import stat
from itertools import islice
from pathlib import Path
from typing import Any

from accel.models.unavailable import ModelUnavailable

SMALL, MEDIUM, LARGE = 1 << 20, 8 << 20, 64 << 20  # bytes

OBJECTS = {  # JSON files that hold an object, with the most bytes that are read
    "config.json": SMALL,
    "generation_config.json": SMALL,
    "special_tokens_map.json": MEDIUM,
    "added_tokens.json": MEDIUM,
    "tokenizer_config.json": MEDIUM,
    "model.safetensors.index.json": 2 * MEDIUM,
}
OTHERS = {  # read by the library alone
    "chat_template.jinja": SMALL,
    "chat_template.json": SMALL,
    "tokenizer.json": LARGE,
    "tokenizer.model": LARGE,
    "spiece.model": LARGE,
    "vocab.json": LARGE,
    "vocab.txt": LARGE,
    "merges.txt": LARGE,
    "tekken.json": LARGE,
}
TEMPLATES = "additional_chat_templates"  # a folder of .jinja files
MOST_TEMPLATES = 100

# How a file begins that stands for another one, what it is, and the remedy.
STAND_INS = (
    (
        b"version https://git-lfs",
        "a Git LFS pointer, not the file itself",
        "run `git lfs pull` in the folder",
    ),
    (b"/annex/objects/", "a git-annex pointer, not the file itself", "run `git annex get` in the folder"),
    (b"<!doctype html", "a web page, not the file itself", "download it again"),
    (b"<html", "a web page, not the file itself", "download it again"),
)


def check_texts(folder: Path) -> None:
    """Raises ModelUnavailable for the first text file of a model folder that the library must not read."""
    for name, most in {**OBJECTS, **OTHERS}.items():
        path = folder / name
        if not path.is_symlink() and not path.exists():
            continue
        check_file(path, most)
        if name in OBJECTS:
            read_object(path)
    templates = folder / TEMPLATES
    if templates.is_dir():
        for path in islice(templates.glob("*.jinja"), MOST_TEMPLATES):
            check_file(path, SMALL)


def check_file(path: Path, most: int | None = None) -> None:
    """Raises ModelUnavailable unless `path` is a regular, readable file of at most `most` bytes, and no pointer."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise damaged(path, f"is {_kind(found.st_mode)}, not a file", "copy the model again")
        if most is not None and found.st_size > most:
            raise damaged(
                path, f"has {found.st_size / 1e6:.0f} MB; at most {most / 1e6:.0f} MB are read", "replace it"
            )
        with path.open("rb") as file:
            start = file.read(64).lower()
    except OSError as error:
        raise damaged(path, f"cannot be read ({error.strerror})", "copy the model again") from error
    for beginning, what, remedy in STAND_INS:
        if start.startswith(beginning):
            raise damaged(path, f"is {what}", remedy)


def read_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file that `check_file` has passed."""
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise damaged(path, f"cannot be read ({error.strerror})", "copy the model again") from error
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error).splitlines()[0][:120]
        raise damaged(path, f"is not valid JSON ({reason})", "copy or save the model again") from error
    if not isinstance(found, dict):
        raise damaged(path, "is JSON, but not an object", "copy or save the model again")
    return found


def damaged(path: Path, what: str, remedy: str) -> ModelUnavailable:
    """The error for a file of a model folder, in one line."""
    return ModelUnavailable(f"model: {path.name} in {short(path.parent)} {what}: {remedy}")


def short(folder: Path) -> str:
    """A folder's path as a message shows it: on one line, its end kept."""
    text = repr(str(folder))[1:-1]
    return text if len(text) <= 120 else f"…{text[-119:]}"


def _kind(mode: int) -> str:
    return "a folder" if stat.S_ISDIR(mode) else "a device, pipe or socket"
