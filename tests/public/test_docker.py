"""The Dockerfile: every RUN line was tried, nobody is root, and only what is needed goes in."""

from __future__ import annotations

import re

import pytest

from tests.browser.served import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
HOSTING = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
RUNS = re.findall(r"^RUN (.+)$", DOCKERFILE, re.M)
SERVED = {"DRAFTSCOPE_PUBLIC": "1", "GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_SERVER_PORT": "7860"}


def test_there_is_something_to_look_at():
    assert len(RUNS) == 3
    assert DOCKERFILE.count("\nFROM ") + DOCKERFILE.startswith("FROM ") == 1


@pytest.mark.parametrize("command", RUNS)
def test_every_command_is_one_that_was_tried(command):
    assert f"`{command}`" in HOSTING.partition("## What was tried")[2]


def test_it_serves_as_a_stranger_would_want():
    assert "FROM python:3.12-slim" in DOCKERFILE
    for name, value in SERVED.items():
        assert re.search(rf"\b{name}={re.escape(value)}(\s|$)", DOCKERFILE)
    before, user, after = DOCKERFILE.partition("\nUSER scope\n")
    assert user
    assert "\nRUN" not in after
    assert "CMD" in after
    assert "HEALTHCHECK" in after
    assert "EXPOSE 7860" in after
    assert "apt-get" not in before
    assert not re.search(r"TOKEN|SECRET|PASSWORD", DOCKERFILE)


def test_what_is_copied_is_there_and_let_in():
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [name for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.M) for name in line.split()]
    assert set(copied) == let_in
    assert all((ROOT / name).exists() for name in copied)
