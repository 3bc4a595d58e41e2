"""The soak in short: its bars hold, and a missed one is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak import soak


@pytest.mark.slow
@pytest.mark.case(16, 18)
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux's /proc")
def test_a_short_soak_misses_no_bar(cache: Path, tmp_path: Path) -> None:
    assert soak(tmp_path, cache, minutes=0.4, sessions=6, growth=0.4) == []  # so short a warm-up is none
