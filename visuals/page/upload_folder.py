"""The folder that files of visitors lie in: bounded in bytes and files, and emptied by age, whatever is in it.

gradio removes the files that it knows of. Parts of an upload that was cut, and files sent under another name than the
page uses, it does not know.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from threading import Lock
from time import time

from visuals.page import words
from visuals.page.replies import Refused

MOST_FILES = 5_000
YOUNG = 10.0  # seconds a file is kept in any case: the page reads an upload as soon as it is there
UNFINISHED = 60.0  # seconds without a write, after which an upload was cut
SPARE = 10_000_000  # bytes of the disk that are left to others


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    size: int
    changed: float


class UploadFolder:
    """Keeps account of a folder by looking at it.

    Args:
        path: the folder; need not exist yet. Nothing else may lie in it: whatever does is removed.
        seconds: the age at which a file goes.
        most_bytes: all files together; where more come, the oldest go first.
        clock: seconds, as the file system's times are.
    """

    def __init__(
        self, path: Path, seconds: float, most_bytes: int, clock: Callable[[], float] = time
    ) -> None:
        self.path = path
        self._seconds = seconds
        self._most = most_bytes
        self._clock = clock
        self._lock = Lock()

    def sweep(self) -> None:
        """Remove what is too old, and parts of uploads that were cut."""
        with self._lock:
            now = self._clock()
            for file in self._files():
                age = now - file.changed
                # An upload that is under way lies in the folder itself; a finished one in a folder of its own.
                if age > self._seconds or (file.path.parent == self.path and age > UNFINISHED):
                    _remove(file.path)
            self._remove_empty_folders(now)

    def make_room(self, wanted: int) -> None:
        """Remove the oldest files until so many bytes more are within bounds.

        Raises:
            Refused: the rest is too young to go, or the disk itself is full.
        """
        with self._lock:
            files = sorted(self._files(), key=lambda file: file.changed)
            held, count = sum(file.size for file in files), len(files)
            for file in files:
                if held + wanted <= self._most and count < MOST_FILES:
                    break
                if self._clock() - file.changed < YOUNG:
                    raise self._full()
                _remove(file.path)
                held, count = held - file.size, count - 1
            existing = next(folder for folder in (self.path, *self.path.parents) if folder.exists())
            if shutil.disk_usage(existing).free < wanted + SPARE:
                raise self._full()

    def _full(self) -> Refused:
        return Refused(507, words.DISK_FULL.format(minutes=ceil(self._seconds / 60)))

    def _files(self) -> Iterator[_File]:
        for folder, _, names in os.walk(self.path):
            for name in names:
                path = Path(folder, name)
                with suppress(OSError):  # gone meanwhile
                    found = path.lstat()
                    yield _File(path, found.st_size, max(found.st_mtime, found.st_ctime))

    def _remove_empty_folders(self, now: float) -> None:
        for folder, _, _ in os.walk(self.path, topdown=False):
            with suppress(OSError):  # not empty, or gone meanwhile
                if Path(folder) != self.path and now - Path(folder).stat().st_mtime > YOUNG:
                    os.rmdir(folder)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
