"""Uses the page at random, as nobody would, and says what went wrong: complaints of the browser, answers of the server
that are errors, work that never ends.

`python -m tests.browser.wander --seconds 120 --seed 1 --width 390` (`--help` for the rest). The seed decides what is
tried; what is there to be tried depends on how fast the page is.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Error, sync_playwright

from tests.browser.conftest import ARGUMENTS, browser_path
from tests.browser.served import served

TABS = ("Explore", "Tune", "Race", "Learn", "Traces")
WORK = {
    "Explore": ("#run", "#stop"),
    "Race": ("#race-start", "#race-stop"),
    "Tune": ("#measure", "#measure-stop"),
}
CHOICES = {
    "#recorded": "Explore",
    "#method": "Explore",
    "#race-recorded": "Race",
    "#tune-method": "Tune",
    "#tune-knob": "Tune",
}
KEYS = (
    "Tab",
    "Shift+Tab",
    "ArrowRight",
    "ArrowLeft",
    "ArrowDown",
    "ArrowUp",
    "Enter",
    "Space",
    "Home",
    "End",
    "?",
)
TEXTS = ("", "0", "-1", "1e9", "Hi there", "<b>x</b>", "ключ 日本 🙂", "a" * 60, "nan", "0.1, 0.2")
WIDTHS = (390, 768, 1280)
SOON = 3_000  # ms for what is there to be pressed
LATER = 120_000  # ms for work to end once it was stopped
LEAVING = (
    "AbortError",
    "Connection errored out",
)  # what gradio says of its own stream when a page is reloaded
CONTROLS = """() => [...document.querySelectorAll(
  'button, input, textarea, summary, [role=option], .ds-root [tabindex]')].filter((one) => {
    const { width, height } = one.getBoundingClientRect();
    return width && height && !one.disabled && getComputedStyle(one).visibility !== 'hidden'; })"""


class Wanderer:
    """One who presses whatever there is; `heard` is what should not have been."""

    def __init__(self, page: Any, chance: random.Random) -> None:
        self.page = page
        self.chance = chance
        self.heard: list[str] = []
        page.on("pageerror", lambda error: self.hear(f"script: {error}"))
        page.on("console", lambda said: self.hear(f"console: {said.text}") if said.type == "error" else None)
        page.on(
            "response",
            lambda answer: self.hear(f"{answer.status}: {answer.url}") if answer.status >= 400 else None,
        )

    def hear(self, complaint: str) -> None:
        if not any(known in complaint for known in LEAVING):
            self.heard.append(complaint)
            print(f"  heard {complaint[:300]}", flush=True)

    def act(self) -> None:
        acts: list[tuple[float, Callable[[], None]]] = [
            (50, self.press_something), (20, self.press_a_key), (6, self.change_tab), (5, self.begin_work),
            (6, self.choose), (2, self.open_a_card), (4, self.resize), (2, self.reload),
        ]  # fmt: skip
        (act,) = self.chance.choices([one for _, one in acts], [weight for weight, _ in acts])
        print(act.__name__, flush=True)
        try:
            act()
        except Error as error:  # it is not there, or something lies over it: that is for a reader to judge
            print(f"  could not: {str(error).splitlines()[0]}", flush=True)
        self.page.wait_for_timeout(self.chance.random() * 300)

    def press_something(self) -> None:
        count = self.page.evaluate(f"({CONTROLS})().length")
        handle = self.page.evaluate_handle(f"(at) => ({CONTROLS})()[at]", self.chance.randrange(count))
        control = handle.as_element()
        if control is None:
            return
        control.click(timeout=SOON)
        if control.evaluate("(one) => one.matches('input[type=text], input[type=number], textarea')"):
            self.page.keyboard.press("Control+a")
            self.page.keyboard.type(self.chance.choice(TEXTS))

    def press_a_key(self) -> None:
        self.page.keyboard.press(self.chance.choice(KEYS))

    def change_tab(self) -> None:
        self.go_to(self.chance.choice(TABS))

    def begin_work(self) -> None:
        tab = self.chance.choice(list(WORK))
        self.go_to(tab)
        start, _ = WORK[tab]
        if self.page.locator(start).is_enabled(timeout=SOON):
            self.page.click(start, timeout=SOON)

    def choose(self) -> None:
        name, tab = self.chance.choice(list(CHOICES.items()))
        self.go_to(tab)
        self.page.locator(f"{name} input").click(timeout=SOON)
        options = self.page.get_by_role("option")
        if count := options.count():
            options.nth(self.chance.randrange(count)).click(timeout=SOON)

    def open_a_card(self) -> None:
        self.go_to("Traces")
        self.page.locator("[data-open]").nth(self.chance.randrange(5)).click(timeout=SOON)

    def resize(self) -> None:
        self.page.set_viewport_size({"width": self.chance.choice(WIDTHS), "height": 900})

    def reload(self) -> None:
        self.page.reload()
        self.page.wait_for_selector(".ds-counter", state="attached")

    def go_to(self, tab: str) -> None:
        self.page.keyboard.press("Escape")  # the list of keys may lie over the page
        self.page.get_by_role("tab", name=tab, exact=True).click(timeout=SOON)
        if tab == "Race" and not self.page.locator("#race-start").is_visible():
            self.page.click("#race-own > button", timeout=SOON)
            self.page.wait_for_timeout(300)

    def rest(self) -> None:
        """Stop all work; whatever can be begun must come back."""
        for tab, (start, stop) in WORK.items():
            try:
                self.go_to(tab)
                if self.page.locator(stop).is_enabled():
                    self.page.click(stop, timeout=SOON)
                self.page.wait_for_function(
                    "(start) => !document.querySelector(start).disabled", arg=start, timeout=LATER
                )
            except Error as error:
                self.hear(f"{start} did not come back: {str(error).splitlines()[0]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--width", type=int, default=1280)
    asked = parser.parse_args()
    print(f"seed {asked.seed}")
    with served("app.py") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": asked.width, "height": 900})
        wanderer = Wanderer(page, random.Random(asked.seed))
        page.goto(address)
        page.wait_for_selector(".ds-counter", state="attached")
        end = time.monotonic() + asked.seconds
        while time.monotonic() < end:
            wanderer.act()
        wanderer.rest()
        browser.close()
    print(f"{len(wanderer.heard)} complaints, seed {asked.seed}")
    return 1 if wanderer.heard else 0


if __name__ == "__main__":
    sys.exit(main())
