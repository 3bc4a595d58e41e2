"""Makes the pictures of docs/first-run.md and README.md from the real page: `make screenshots`.

Each shot is a viewport, a theme and what a visitor did before. The live one runs the embedded model.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image

from tests.browser.conftest import browser_path
from tests.browser.served import ROOT, served

FOLDER = ROOT / "assets" / "screenshots"
LARGEST = 200_000  # bytes of a picture
EXPLORER = "document.querySelector('#explorer .ds-mount').explorer"
PROMPT = "Write a Python function that adds two numbers, then the same for subtracting and multiplying."
BEGUN = 600_000  # ms: the first run loads the model


@dataclass(frozen=True)
class Shot:
    """One picture: its file's name, the screen, the theme, and what is done first."""

    name: str
    size: tuple[int, int]
    theme: str
    prepare: Callable[[Any], None]


def as_it_opens(page: Any) -> None:
    """Nothing is done."""


def recorded(page: Any, title: str, step: int, phase: str = "commit") -> None:
    """A recorded run, at a phase of a step."""
    before = page.evaluate(f"{EXPLORER}.scene.run")
    page.get_by_label("Play a recorded run").click()
    page.get_by_role("option", name=title).click()
    page.wait_for_function(f"{EXPLORER}.scene.run !== '{before}'")
    page.evaluate(f"{EXPLORER}.goto({step}, '{phase}')")


def a_search(page: Any) -> None:
    recorded(page, "A search that pays", 18)


def layers_left_early(page: Any) -> None:
    recorded(page, "Leaving too early", 10)
    page.locator(".ds-panel-method").evaluate("(panel) => panel.scrollIntoView({ block: 'center' })")


def on_a_phone(page: Any) -> None:
    page.locator(".ds-views").evaluate("(views) => views.scrollIntoView({ block: 'start' })")
    page.evaluate(f"{EXPLORER}.goto(34)")


# The rejected guess with the best chance: [step, slot].
UNLUCKIEST = f"""() => {{
  const {{ scene }} = {EXPLORER};
  const lost = scene.steps.flatMap((step, at) => (step.verdicts || []).filter((verdict) => !verdict[5])
    .map((verdict) => [verdict[3], at, verdict[0]]));
  return lost.sort((a, b) => b[0] - a[0])[0].slice(1);
}}"""


def why(page: Any) -> None:
    """A guess that the dice decided is chosen."""
    recorded(page, "Sampled at temperature", 0)
    step, slot = page.evaluate(UNLUCKIEST)
    page.evaluate(f"([step, slot]) => {EXPLORER}.select(slot, step)", [step, slot])
    page.locator(".ds-panel-text").evaluate("(panel) => panel.scrollIntoView({ block: 'start' })")


def figures(page: Any) -> None:
    page.get_by_role("button", name="All figures").click()


def lesson(page: Any) -> None:
    """A card that asks, before the answer is shown."""
    page.get_by_role("tab", name="Learn", exact=True).click()
    page.locator(".ds-lesson").nth(2).get_by_role("button").click()
    for _ in range(2):
        page.click(".ds-onward")
    page.wait_for_selector(".ds-question")
    page.wait_for_timeout(1500)


def live(page: Any) -> None:
    """A prompt of one's own, decoded to the end."""
    page.fill("#prompt textarea", PROMPT)
    page.click("#run")
    page.wait_for_function("/^Done/.test(document.querySelector('#status').innerText)", timeout=BEGUN)
    page.evaluate(f"{EXPLORER}.goto({EXPLORER}.scene.tellingStep())")


SHOTS = (
    Shot("first", (1280, 900), "light", as_it_opens),
    Shot("dark", (1280, 900), "dark", a_search),
    Shot("phone", (390, 844), "light", on_a_phone),
    Shot("phone-dark", (390, 844), "dark", on_a_phone),
    Shot("projector", (1920, 1080), "light", a_search),
    Shot("method", (1280, 900), "light", layers_left_early),
    Shot("why", (1280, 900), "light", why),
    Shot("figures", (1280, 900), "light", figures),
    Shot("lesson", (1280, 900), "light", lesson),
    Shot("live", (1280, 900), "light", live),
)


def take(browser: Any, address: str, shot: Shot) -> None:
    """Open the page anew, do what the shot asks, and write a small file."""
    width, height = shot.size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=shot.theme)
    page.goto(address)
    page.wait_for_function(f"document.querySelector('#explorer .ds-mount') && {EXPLORER}.scene")
    shot.prepare(page)
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)  # fonts, and gradio's own fading in
    path = FOLDER / f"{shot.name}.webp"
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(path, lossless=True, method=6)
    page.close()
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {size / 1000:.0f} kB")
    assert size <= LARGEST, "too large for the repository"


def main(names: list[str]) -> None:
    """All shots, or those named."""
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(exist_ok=True)
    with served("app.py") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        for shot in SHOTS:
            if not names or shot.name in names:
                take(browser, address, shot)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
