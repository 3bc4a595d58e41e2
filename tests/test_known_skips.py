"""A run that must know its skips prints them, and fails on one that it does not know."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
UNKNOWN, KNOWN = "the moon is not full", "no CUDA device"


def ran(folder: Path, *reasons: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A run of one test that passes and one for each reason that is skipped."""
    tests = [f"@pytest.mark.skip(reason={why!r})\ndef test_{at}(): pass" for at, why in enumerate(reasons)]
    file = folder / "test_some.py"
    file.write_text("\n".join(["import pytest", "def test_it(): pass", *tests]), encoding="utf-8")
    plain = {
        name: value for name, value in os.environ.items() if name not in ("CI", "DRAFTSCOPE_KNOWN_SKIPS")
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.known_skips", "-c", os.devnull, "-q", str(file)],
        cwd=ROOT,
        env={**plain, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("asked", [{"DRAFTSCOPE_KNOWN_SKIPS": "1"}, {"CI": "true"}], ids=str)
def test_an_unknown_skip_fails_the_run_and_every_skip_is_printed(
    tmp_path: Path, asked: dict[str, str]
) -> None:
    done = ran(tmp_path, UNKNOWN, KNOWN, KNOWN, **asked)
    assert done.returncode == 1, done.stdout
    assert "1 x NOT KNOWN" in done.stdout
    assert UNKNOWN in done.stdout
    assert f"2 x {KNOWN}" in done.stdout


def test_known_skips_pass_and_are_printed(tmp_path: Path) -> None:
    done = ran(tmp_path, KNOWN, DRAFTSCOPE_KNOWN_SKIPS="1")
    assert (done.returncode, f"1 x {KNOWN}" in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize("asked", [{}, {"CI": "true", "DRAFTSCOPE_KNOWN_SKIPS": "0"}], ids=str)
def test_where_nobody_asks_a_skip_is_a_skip(tmp_path: Path, asked: dict[str, str]) -> None:
    assert ran(tmp_path, UNKNOWN, **asked).returncode == 0
