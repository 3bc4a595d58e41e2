"""What the embedded model's folder must hold, written beside its files when it is made: sizes, digests, by what.

Reading 270 MB takes a quarter of a second to a second, so a file is read again only when it was written since: its
size and time of change are compared at every start, its digest when they differ.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from accel.models.progress import Progress, silent
from accel.models.wheel import CHUNK, Source

FORMAT = 1  # raise it where a conversion would write something else
FILE = "draftscope.json"
LIBRARIES = ("transformers", "tokenizers", "safetensors", "torch")

# Of manifests written before they held digests: the weights, which are the same wherever they are made.
WEIGHTS_OF = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"  # the source they are made of
WEIGHTS = {"model.safetensors": "7ef915c9bf9d94d8d70211970476878352a5b95855c589ae987916d7a455242b"}


def write(folder: Path, source: Source) -> None:
    """Describe the files of a folder just made."""
    paths = sorted(folder.iterdir())
    for path in paths:
        path.chmod(0o644)  # safetensors makes its file readable by its owner alone
    described = {
        "format": FORMAT,
        "source": source.requirement,
        "sha256": source.sha256,
        "files": {path.name: path.stat().st_size for path in paths},
        "digests": {path.name: _digest(path) for path in paths},
        "changed": {path.name: path.stat().st_mtime_ns for path in paths},
        "made_by": {name: _version(name) for name in LIBRARIES},
    }
    _save(folder, described)


def damage(folder: Path, source: Source, progress: Progress = silent, *, reread: bool = False) -> str | None:
    """What is wrong with a folder; None where its files are those that were made.

    Reads those that were written since, or all with `reread`, and takes note that they were.
    """
    manifest = _read(folder)
    if (fault := _quick_fault(folder, manifest, source)) is not None:
        return fault
    written = list(manifest["files"]) if reread else _written_since(folder, manifest)
    if not written:
        return None
    try:
        known = (
            {**WEIGHTS, **manifest.get("digests", {})} if source.sha256 == WEIGHTS_OF else manifest["digests"]
        )
        digests: dict[str, str] = {}
        for done, name in enumerate(written):
            progress("checking the files", done / len(written))
            digests[name] = _digest(folder / name)
            if digests[name] != known.get(name, digests[name]):
                return f"{name} is damaged"
        changed = {name: (folder / name).stat().st_mtime_ns for name in manifest["files"]}
    except (KeyError, TypeError, AttributeError):
        return f"{FILE} is damaged"
    noted = {**manifest, "digests": {**known, **digests}, "changed": changed}
    if noted != manifest:
        with suppress(OSError):  # a cache that can only be read is checked at every start
            _save(folder, noted)
    return None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _read(folder: Path) -> dict[str, Any]:
    """The manifest; an empty one where there is none that can be read."""
    try:
        found = json.loads((folder / FILE).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _quick_fault(folder: Path, manifest: dict[str, Any], source: Source) -> str | None:
    """What the sizes of the files show."""
    if not manifest:
        return f"{FILE} is {'damaged' if (folder / FILE).exists() else 'missing'}"
    if (manifest.get("format"), manifest.get("sha256")) != (FORMAT, source.sha256):
        return "made from another source or by another version"
    try:
        for name, size in manifest["files"].items():
            if (folder / name).stat().st_size != size:
                return f"{name} is truncated"
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except (KeyError, TypeError, AttributeError):
        return f"{FILE} is damaged"
    return None


def _written_since(folder: Path, manifest: dict[str, Any]) -> list[str]:
    """The files whose time of change is not the one on record."""
    changed = manifest.get("changed")
    known = changed if isinstance(changed, dict) else {}
    return [name for name in manifest["files"] if (folder / name).stat().st_mtime_ns != known.get(name)]


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def _save(folder: Path, described: dict[str, Any]) -> None:
    """Whole or not at all: another process may read it meanwhile."""
    part = folder / f".{FILE}-{os.getpid()}"
    part.write_text(json.dumps(described, indent=1) + "\n")
    part.replace(folder / FILE)
