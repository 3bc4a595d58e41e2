"""A headless Chromium for the tests that need a real browser.

Where there is none they skip and say why; with DRAFTSCOPE_REQUIRE_BROWSER=1 (as in CI) they fail instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from accel.trace import Trace
from tests.browser.opened import Opened
from tests.browser.served import served, visited
from visuals.export import explorer_html

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def _missing(what: str) -> NoReturn:
    reason = f"{what} is missing: browser tests need playwright (requirements-dev.txt) and chromium"
    if os.environ.get("DRAFTSCOPE_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def browser_path() -> str | None:
    """The first of the browsers that are known here under their own names."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """A running browser; each test opens its own pages.

    It ends with this folder: playwright leaves an event loop running in the thread, beside which others cannot run.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("playwright")
    path = browser_path()
    if path is None:
        _missing("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """The page, served by `python app.py` on a port of its own, or by what the module's SERVED says."""
    command = getattr(request.module, "SERVED", None)
    if command is None:
        request.getfixturevalue("embedded_folder")
    with served(*(command or ("app.py",))) as url:
        yield url


@pytest.fixture
def page(request: pytest.FixtureRequest, chromium: Any, address: str) -> Iterator[Any]:
    """The page opened anew at the module's OPENS: a query, and what is there once it can be used."""
    query, ready = request.module.OPENS
    with visited(chromium, address, query) as made:
        made.wait_for_selector(ready)
        yield made


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Open a trace as an exported file. Any request or complaint that a test does not expect fails it."""
    made: list[Opened] = []

    def open_page(trace: Trace, **context: Any) -> Opened:
        file = tmp_path / f"run{len(made)}.html"
        file.write_text(explorer_html(trace), encoding="utf-8")
        here = Opened(chromium.new_page(**({"viewport": {"width": 1280, "height": 900}} | context)))
        made.append(here)
        here.page.goto(file.as_uri())
        return here

    yield open_page
    for here in made:
        here.page.close()
        assert here.complaints == []
        assert [url for url in here.requests if not url.startswith("file:")] == []
        assert len(here.requests) == 1
