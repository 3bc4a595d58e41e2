"""The first visit: a picture at once, a light page, nothing from elsewhere; and all of it without torch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.served import served
from tests.pace import keeps

pytestmark = pytest.mark.browser
EXPLORER = "document.querySelector('#explorer .ds-mount').explorer"

# Starts the app where torch and all that needs it cannot be imported.
WITHOUT_ENGINE = """
import runpy, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "transformers", "safetensors", "accelerate"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
sys.path.insert(0, "")
runpy.run_path("app.py", run_name="__main__")
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served("-c", WITHOUT_ENGINE, HF_HUB_OFFLINE="1") as url:
        yield url


def visit(chromium: Any, address: str) -> Any:
    page = chromium.new_page()
    page.goto(address)
    page.wait_for_function(f"document.querySelector('#explorer .ds-mount') && {EXPLORER}.scene")
    return page


def test_recorded_runs_play_where_torch_is_absent(chromium: Any, address: str) -> None:
    context = chromium.new_context()
    elsewhere: list[str] = []

    def guard(route: Any) -> None:
        if route.request.url.startswith((address, "data:", "blob:")):
            route.continue_()
        else:
            elsewhere.append(route.request.url)
            route.abort()

    context.route("**/*", guard)
    page = visit(context, address)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.evaluate(f"{EXPLORER}.goto(0); {EXPLORER}.setSpeed(4)")
    page.get_by_role("button", name=re.compile("^play$", re.I)).click()
    page.wait_for_function(f"{EXPLORER}.state.step >= 3")
    before = page.evaluate(f"{EXPLORER}.scene.run")
    page.get_by_label("Play a recorded run").click()
    page.get_by_role("option", name=re.compile("One token at a time")).click()
    page.wait_for_function(f"{EXPLORER}.scene.run !== '{before}'")
    assert "install what is missing (torch)" in page.inner_text("#no-engine")
    assert page.locator("#run").count() == 0
    page.get_by_role("tab", name="Learn", exact=True).click()
    page.click("[data-lesson=trees]")
    page.wait_for_selector(".ds-lesson-card")
    assert page.locator(".ds-learn-view .ds-tree-svg").is_visible()
    assert complaints == []
    assert elsewhere == []
    context.close()


def test_the_first_picture_comes_within_two_seconds(chromium: Any, address: str) -> None:
    visit(chromium, address).close()  # the server's own first answer

    def comes_in_time() -> bool:
        page = visit(chromium, address)
        took: float = page.evaluate(
            "new Promise((done) => requestAnimationFrame(() => done(performance.now())))"
        )
        page.close()
        print(f"first picture after {took:.0f} ms")
        return took <= 2_000

    assert keeps(comes_in_time)


def test_the_page_weighs_little_beyond_gradio(chromium: Any, address: str) -> None:
    """The document, which carries script, style and the first run: all that is not gradio's own files."""
    page = visit(chromium, address)
    weights = dict(page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".map((one) => [one.name, Math.max(one.transferSize, one.decodedBodySize)])"
    ))  # fmt: skip
    page.close()
    ours = sum(size for name, size in weights.items() if "/assets/" not in name and "/static/" not in name)
    print(f"{ours / 1e6:.2f} MB beyond gradio's {(sum(weights.values()) - ours) / 1e6:.2f} MB")
    assert ours < 1.5e6
