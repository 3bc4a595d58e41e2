"""The error of a model that cannot be brought to this machine."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNWRITABLE = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.EINVAL,
    errno.ENXIO,
    errno.EIO,
)

FULL = ("No space left on device", "Disk quota exceeded")


class ModelUnavailable(ValueError):
    """One sentence for the user: what failed, and the remedy."""


@contextmanager
def cache_failures(model: str, folder: Path, variable: str = "DRAFTSCOPE_CACHE") -> Iterator[None]:
    """Put a failure to write into the cache `folder` into words; `variable` is the one that names another folder."""
    try:
        yield
    except Exception as error:
        if disk_full(error):
            raise ModelUnavailable(
                f"the disk of {folder} became full while {model!r} was being prepared (nothing half-made "
                f"is left): free space there, or set {variable} to a folder on another disk"
            ) from error
        if isinstance(error, OSError) and error.errno in UNWRITABLE:
            raise ModelUnavailable(
                f"cannot write {model!r} into the cache folder {folder} ({error.strerror}): "
                f"make it writable, or set {variable} to a folder that is"
            ) from error
        raise


def disk_full(error: BaseException) -> bool:
    """Whether an error says that a disk or a quota is full; safetensors and pip say so in text alone."""
    number = error.errno if isinstance(error, OSError) else None
    return number in (errno.ENOSPC, errno.EDQUOT) or any(words in str(error) for words in FULL)


def printed(text: str) -> str:
    """A foreign name as part of one line: no line break, no control character, not too long."""
    return "".join(sign if sign.isprintable() else "?" for sign in text[:80])


def reason_of(error: BaseException) -> str:
    """A foreign error as part of one line."""
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= 200 else f"{words[:199]}…"
