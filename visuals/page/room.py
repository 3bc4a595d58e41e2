"""The page's folder of temporary files, gone with the page; what a page that was killed left goes at a later start.

A page holds a lock on its folder for as long as it lives, so a folder without one is dead, whoever's process ids mean
what (two containers may share a folder). systemd-tmpfiles also leaves a locked folder alone.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: nothing can be said of a folder there, so none is removed
    fcntl = None  # type: ignore[assignment]

PREFIX = "draftscope-page-"
VISITORS = "draftscope-"
YOUNG = 60.0  # seconds: a page may be between making its folder and locking it

_room: Path | None = None


@contextmanager
def page_room(parent: str | None = None) -> Iterator[str]:
    """A folder for what visitors upload and export, for as long as the block lasts.

    Args:
        parent: the folder to make it in; the system's for temporary files where it is not given.
    """
    global _room
    remove_dead_rooms(parent)
    with (
        tempfile.TemporaryDirectory(prefix=PREFIX, dir=parent, ignore_cleanup_errors=True) as room,
        _locked(room),
    ):
        _room = Path(room)
        try:
            yield room
        finally:
            _room = None


def visitor_room() -> tempfile.TemporaryDirectory[str]:
    """A folder for one visitor's exports, inside the page's where there is one."""
    inside = _room if _room is not None and _room.is_dir() else None
    return tempfile.TemporaryDirectory(prefix=VISITORS, dir=inside, ignore_cleanup_errors=True)


def remove_dead_rooms(parent: str | None = None) -> None:
    """Remove the folders of pages that were killed; those of other users and of living pages stay."""
    if fcntl is None:
        return
    for room in Path(parent or tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # gone meanwhile, or locked
            found = room.lstat()
            own = found.st_uid == os.getuid() and room.is_dir() and not room.is_symlink()
            if not own or time.time() - found.st_mtime < YOUNG:
                continue
            with _locked(str(room)):
                shutil.rmtree(room, ignore_errors=True)


@contextmanager
def _locked(room: str) -> Iterator[None]:
    """Hold the lock of a folder. OSError where another process has it."""
    if fcntl is None:
        yield
        return
    held = os.open(room, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(held)
