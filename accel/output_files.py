"""Files that a command writes: tried before its work, written whole or not at all, and every failure named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from accel.errors import InputError


@contextmanager
def write_failures(option: str, path: Path) -> Iterator[None]:
    """Turn a failure to write `path` into an InputError of the option that named it."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        if isinstance(error, FileExistsError):
            reason = "it is a file; name a folder, or a path where nothing is"
        raise InputError(option, f"cannot write {str(path)[:200]}: {reason}") from error


def check_file(option: str, path: Path) -> None:
    """Raise InputError where `path` cannot be written; nothing is left behind."""
    with write_failures(option, path):
        if path.exists():
            if path.is_dir():
                raise IsADirectoryError("it is a folder")
            if not os.access(path, os.W_OK):
                raise PermissionError("it is read-only")
            if not path.is_file():  # a device or a pipe is written as it is
                return
        partial = path.with_name(path.name + ".partial")
        partial.open("w").close()
        partial.unlink()


def make_folder(option: str, folder: Path) -> None:
    """Make a folder, and raise InputError where that fails or no file can be made in it."""
    with write_failures(option, folder):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass


def write_text(option: str, path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all."""
    with write_failures(option, path):
        partial = path.with_name(path.name + ".partial")
        try:
            partial.write_text(text, encoding="utf-8")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
