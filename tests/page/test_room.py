"""Temporary folders: those of killed pages are removed later, those in use never, and a lost one is made anew."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.browser.served import ROOT
from visuals.page.exports import exported
from visuals.page.recorded import recorded_in
from visuals.page.room import PREFIX, YOUNG, page_room, remove_dead_rooms, visitor_room
from visuals.page.visitor import Visitor

pytest.importorskip("fcntl", reason="locks of folders are asked for where the system has them")
TRACES = ROOT / "assets" / "traces"
LIVES = """
import sys
from visuals.page.room import page_room
with page_room() as room:
    print(room, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def age(folder: Path) -> None:
    """As if the folder had not been touched for some time."""
    then = time.time() - 2 * YOUNG
    os.utime(folder, (then, then))


def test_only_folders_whose_page_is_dead_are_removed(temp, monkeypatch):
    dead, young, other = temp / f"{PREFIX}dead", temp / f"{PREFIX}young", temp / "elsewhere"
    for folder in (dead, young, other):
        folder.mkdir()
        (folder / "upload.jsonl").write_text("{}")
    (temp / f"{PREFIX}link").symlink_to(other)
    (temp / f"{PREFIX}file").write_text("no folder")
    env = {**os.environ, "TMPDIR": str(temp)}
    with subprocess.Popen(
        [sys.executable, "-c", LIVES],
        cwd=ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as page:
        assert page.stdout is not None
        living = Path(page.stdout.readline().strip())
        for folder in (dead, living, other):
            age(folder)
        remove_dead_rooms()
        assert living.is_dir()
        assert not dead.exists()
        assert (young / "upload.jsonl").exists()
        assert (other / "upload.jsonl").exists()
        page.kill()
    age(living)
    with page_room() as room:
        assert not living.exists()
        assert Path(room).is_dir()
    assert not Path(room).exists()


def test_an_export_makes_its_folder_anew_where_the_system_removed_it(temp):
    runs = recorded_in(TRACES)
    slug = next(iter(runs))
    with page_room() as room:
        visitor = Visitor()
        first = exported(runs, visitor, "trace", slug)
        assert Path(first).is_relative_to(room)
        for lost in (Path(first).parent, Path(room)):
            shutil.rmtree(lost)
            again = exported(runs, visitor, "trace", slug)
            assert Path(again).read_text(encoding="utf-8").startswith('{"schema"')
        assert visitor.folder is not None
        visitor.folder.cleanup()
    with visitor_room() as alone:  # where there is no page
        assert Path(alone).parent == temp
