"""A page that is loaded anew, as gradio does after a broken connection, has what was typed, and says what is gone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.browser.served import ROOT, WITHOUT_MODEL

pytestmark = pytest.mark.browser
PROMPT, RACED = "A prompt of\nmy own", "Another for the race"
GONE = "what was run or opened before is gone"
LENGTH = "#settings input[type=number]"


class Server:
    """The page on one port, which can be ended and started again."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.start()

    def start(self) -> None:
        env = {**os.environ, "GRADIO_SERVER_PORT": str(self.port), "GRADIO_SERVER_NAME": "127.0.0.1"}
        self.process = subprocess.Popen(
            [sys.executable, *WITHOUT_MODEL], cwd=ROOT, env=env, stdout=subprocess.DEVNULL
        )
        for _ in range(900):
            try:
                urlopen(self.url, timeout=5).read()
                return
            except (URLError, OSError):
                time.sleep(0.1)
        raise AssertionError("the server did not start")

    def end(self) -> None:
        self.process.kill()  # a signal to end is answered by the function `main`, which is not run here
        self.process.wait(30)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.end()


@pytest.fixture
def page(chromium: Any, server: Server) -> Iterator[Any]:
    made = chromium.new_page(viewport={"width": 1280, "height": 900})
    made.goto(server.url)
    made.wait_for_selector(".ds-counter")
    yield made
    made.close()


def unfold(page: Any, at: str) -> None:
    """Open an accordion; gradio gives the controls in it their values in the moments after."""
    page.click(f"{at} > button")
    page.wait_for_timeout(300)


def fill(page: Any) -> None:
    """Set controls of several kinds, on two tabs."""
    page.fill("#prompt textarea", PROMPT)
    page.click("#method input")
    page.get_by_role("option", name="prompt_lookup", exact=True).click()
    unfold(page, "#settings")
    page.locator(LENGTH).first.fill("17")
    page.locator(LENGTH).first.blur()
    page.get_by_role("tab", name="Race", exact=True).click()
    unfold(page, "#race-own")
    page.fill("#race-prompt textarea", RACED)
    page.get_by_role("tab", name="Explore", exact=True).click()
    page.wait_for_timeout(500)  # what is kept follows what is typed


def is_filled(page: Any) -> None:
    holds = "([at, text]) => document.querySelector(at)?.value === text"
    page.wait_for_function(holds, arg=["#prompt textarea", PROMPT])
    page.wait_for_function(holds, arg=["#method input", "prompt_lookup"])
    page.click("#settings > button")
    page.wait_for_function(holds, arg=[LENGTH, "17"])
    page.get_by_role("tab", name="Race", exact=True).click()
    page.click("#race-own > button")
    page.wait_for_function(holds, arg=["#race-prompt textarea", RACED])


def loaded_anew(page: Any, act: Callable[[], None]) -> None:
    """Do what makes the page load itself anew, and wait until it has."""
    page.evaluate("window.before = true")
    act()
    page.wait_for_function("!window.before && document.querySelector('.ds-counter')", timeout=120_000)


def test_a_page_loaded_anew_has_what_was_typed_and_chosen(page: Any) -> None:
    fill(page)
    loaded_anew(page, page.reload)
    is_filled(page)
    assert GONE not in page.inner_text("body"), "nothing was run"


def test_a_press_while_offline_costs_nothing_that_was_typed(page: Any) -> None:
    fill(page)

    def act() -> None:
        page.context.set_offline(True)
        page.click("#run")
        page.wait_for_timeout(6000)
        page.context.set_offline(False)

    loaded_anew(page, act)
    page.wait_for_function("said => document.querySelector('#status').innerText.includes(said)", arg=GONE)
    is_filled(page)
    loaded_anew(page, page.reload)
    page.wait_for_timeout(1000)
    assert GONE not in page.inner_text("#status"), "it is said once"


def test_a_server_that_restarts_costs_nothing_that_was_typed(page: Any, server: Server) -> None:
    fill(page)

    def act() -> None:
        server.end()
        page.click("#run")
        page.wait_for_timeout(3000)
        server.start()

    loaded_anew(page, act)
    page.wait_for_function("said => document.querySelector('#status').innerText.includes(said)", arg=GONE)
    is_filled(page)
