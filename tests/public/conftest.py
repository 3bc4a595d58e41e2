"""The page as strangers see it: `app.py` with public limits, decoding with a tiny random model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client

from tests.browser.served import served
from tests.public.tiny_cache import tiny_cache


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache whose embedded model is tiny."""
    return tiny_cache(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def address(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The public page's address; its files go to a folder of their own."""
    room = tmp_path_factory.mktemp("room")
    with served(
        "app.py",
        DRAFTSCOPE_PUBLIC="1",
        DRAFTSCOPE_RUNS_PER_MINUTE="0",
        DRAFTSCOPE_RUNS_AT_ONCE="0",
        DRAFTSCOPE_CACHE=str(cache),
        GRADIO_TEMP_DIR=str(room),
    ) as url:
        yield url


@pytest.fixture(scope="session")
def client(address: str) -> Client:
    return Client(address, verbose=False)
