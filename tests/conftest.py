"""One torch thread, no hub, no weights unless a test asks for the embedded model."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch

from accel.models import embedded
from accel.models.progress import bar
from tests.known_skips import pytest_sessionfinish, pytest_terminal_summary

__all__ = [
    "embedded_folder",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
]  # hooks are found by their names

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def embedded_folder() -> Path:
    """The embedded model's folder in the cache; brought there by the first test, which needs the network."""
    with bar() as progress:
        return embedded.folder(progress)
