"""Skipped tests with their reasons; where it is asked for, a run fails on a reason that it does not know.

A test that never runs cannot fail: what CI skips has to stand here, with why no machine of CI can run it. It is asked
for by DRAFTSCOPE_KNOWN_SKIPS=1, and by CI, which most hosts set by themselves; DRAFTSCOPE_KNOWN_SKIPS=0 leaves it out.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import Any

import pytest

KNOWN = (
    r"no CUDA device",  # CI has no GPU
    r"a CUDA device is here",  # nor has a machine with one need of what is said without
    r"arctic-inference is not installed",  # a peer that is measured against; it has no wheel for every machine
    r"mcp is not installed",  # holds pydantic at another version: docs/decisions.md
    r"promised for oneDNN's AVX-512 kernels; others were never tried",
    r"this processor's products do not sum \d+ keys one after another",
    r"on this processor two rows of a pass already change each other's bits in bfloat16",
    r"the machine took [\d., ]+ times the reference's time for a fixed work: rates say nothing",
    r"needs the wheel once more: .*",  # no network, and the model is in the cache already
    r"all tests skipped by \+SKIP option",  # an example in a docstring that would load the embedded model
    r"only glibc's allocator is asked",
    r"memory is read from /proc",
    r"needs Linux's /proc",
)


def is_asked() -> bool:
    """Must every skip be known in this run?"""
    asked = os.environ.get("DRAFTSCOPE_KNOWN_SKIPS", os.environ.get("CI", ""))
    return asked.lower() not in ("", "0", "false")


def is_known(reason: str) -> bool:
    return any(re.fullmatch(pattern, reason, re.DOTALL) for pattern in KNOWN)


def reasons(config: pytest.Config) -> Counter[str]:
    """Why tests were skipped so far, and how many for each."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    return Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if (
        is_asked()
        and session.exitstatus == pytest.ExitCode.OK
        and not all(map(is_known, reasons(session.config)))
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    found = reasons(config)
    if not found or not is_asked():
        return
    terminalreporter.section("skipped tests")
    for reason, count in found.most_common():
        known = "" if is_known(reason) else "NOT KNOWN, add it to tests/known_skips.py or make it run: "
        terminalreporter.line(f"{count} x {known}{reason}")
