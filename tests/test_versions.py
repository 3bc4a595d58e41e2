"""The versions that are asked for: no older than is safe, the pinned ones among them, the Space's own among them.

What was run on them, and what was not: docs/public.md, case 26.
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]

# The oldest version without a known hole that matters here (docs/public.md says which).
SAFE = {"gradio": "6.25", "transformers": "5.5", "torch": "2.10"}
ON_A_SPACE = {"torch": "2.11.0", "gradio": "6.31.0"}  # what a Space has, or asks for in its front matter


def lines(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in text if line.strip() and not line.startswith("#")]


REQUIRED = {one.name: one for one in map(Requirement, lines("requirements.txt"))}
PINNED = {
    name: Version(version) for name, _, version in (line.partition("==") for line in lines("constraints.txt"))
}


def floor(requirement: Requirement) -> Version:
    return next(Version(one.version) for one in requirement.specifier if one.operator == ">=")


@pytest.mark.case(26)
@pytest.mark.parametrize("name", SAFE)
def test_nothing_older_than_is_safe_is_allowed(name):
    assert floor(REQUIRED[name]) >= Version(SAFE[name])


@pytest.mark.case(26)
@pytest.mark.parametrize("name", REQUIRED)
def test_the_pinned_version_is_one_that_is_allowed_and_the_one_that_is_here(name):
    assert PINNED[name] in REQUIRED[name].specifier
    here = Version(metadata.version(name))
    assert Version(here.public) in REQUIRED[name].specifier


@pytest.mark.case(26)
def test_a_space_can_have_what_it_has():
    for name, version in ON_A_SPACE.items():
        assert version in REQUIRED[name].specifier
    assert not any(one.marker or one.url for one in REQUIRED.values())


@pytest.mark.case(8, 26)
def test_what_fetches_code_by_itself_is_not_asked_for():
    assert "kernels" not in {*REQUIRED, *PINNED}  # transformers fetches attention code with it


def test_the_front_matter_says_what_the_pins_say():
    head = (ROOT / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    found = dict(re.findall(r"^(\w+): (.+)$", head, re.M))
    assert found["sdk"] == "gradio"
    assert found["sdk_version"] == str(PINNED["gradio"])
    assert found["python_version"] == '"3.12"'
    assert (ROOT / found["app_file"]).is_file()
    assert len(found["short_description"]) <= 60
    assert found["title"] == "DraftScope"
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {found["colorFrom"], found["colorTo"]} <= colours
    assert found["suggested_hardware"]
