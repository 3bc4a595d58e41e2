"""The folder of visitors' files: bounded in bytes, emptied by age, whoever put what into it."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from visuals.page.events import in_words
from visuals.page.replies import Refused
from visuals.page.upload_folder import MOST_FILES, UNFINISHED, YOUNG, UploadFolder


def put(path: Path, size: int = 100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


def test_whatever_is_old_goes_and_what_was_cut_goes_sooner(tmp_path):
    now = [time.time()]
    folder = UploadFolder(tmp_path, 900, 10_000, lambda: now[0])
    kept = put(tmp_path / "hash" / "t.jsonl")
    unnamed = put(tmp_path / "deep" / "er" / "anything.bin")
    cut = put(tmp_path / "tmpabc")
    folder.sweep()
    assert all(path.exists() for path in (kept, unnamed, cut))
    now[0] += UNFINISHED + 5
    folder.sweep()
    assert (kept.exists(), unnamed.exists(), cut.exists()) == (True, True, False)
    now[0] += 900
    folder.sweep()
    assert list(tmp_path.iterdir()) == []
    assert tmp_path.exists()


def test_the_oldest_go_where_more_would_come_than_may_be_kept(tmp_path):
    now = [time.time()]
    folder = UploadFolder(tmp_path, 900, 250, lambda: now[0])
    first, second = put(tmp_path / "a" / "1"), put(tmp_path / "b" / "2")
    os.utime(first, (now[0] - 30, now[0] - 30))  # its change of state stays: the newer of both counts
    time.sleep(0.02)
    put(second)
    with pytest.raises(Refused, match=r"try again in 15 minutes") as refused:
        folder.make_room(100)
    assert refused.value.status == 507
    assert first.exists()
    now[0] += YOUNG + 1
    folder.make_room(100)
    assert (first.exists(), second.exists()) == (False, True)
    folder.make_room(0)
    assert second.exists()
    with pytest.raises(Refused):
        folder.make_room(10**15)  # more than the disk has


def test_files_are_bounded_in_number_too(tmp_path):
    now = [time.time()]
    folder = UploadFolder(tmp_path, 900, 10**9, lambda: now[0])
    for number in range(MOST_FILES + 20):
        put(tmp_path / "a" / str(number), 1)
    now[0] += YOUNG + 1
    folder.make_room(1)
    assert len(list((tmp_path / "a").iterdir())) == MOST_FILES - 1


def test_a_folder_that_is_not_there_yet_has_room(tmp_path):
    folder = UploadFolder(tmp_path / "not" / "yet", 900, 1000)
    folder.make_room(10)
    folder.sweep()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_in_words(number):
    assert "disk of the server is full" in in_words(OSError(number, os.strerror(number)))
