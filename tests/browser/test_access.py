"""Everyone: axe finds nothing serious in our own markup, text stands out, and the keyboard alone reaches all of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.browser.served import visited
from tests.browser.test_page import EXPLORER, WAIT

pytestmark = pytest.mark.browser
TABS = ("Explore", "Tune", "Race", "Learn", "Traces")
OURS = [".ds-root", ".ds-head", ".ds-status", ".ds-section", ".ds-lead"]  # the rest is gradio's own
SEVERE = ("serious", "critical")


def axe() -> str:
    spec = find_spec("axe_playwright_python")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("axe-playwright-python, which brings axe, is not installed")
    return (Path(spec.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")


def findings(page: Any) -> list[str]:
    """What axe says of our own markup that is serious or critical, an element each."""
    page.evaluate(axe())
    shown = [selector for selector in OURS if page.locator(f"{selector}:visible").count()]
    told: dict[str, Any] = page.evaluate(
        "(shown) => axe.run({ include: shown.map((one) => [one]) }, { resultTypes: ['violations'] })", shown
    )
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:160]}"
        for violation in told["violations"]
        if violation["impact"] in SEVERE
        for node in violation["nodes"]
    ]


@pytest.fixture
def at(chromium: Any, address: str) -> Iterator[Callable[..., Any]]:
    """Open a tab of the page in a mode and a width."""
    opened: list[Any] = []

    def open_tab(tab: str, mode: str = "light", width: int = 1280, **context: Any) -> Any:
        entered = visited(
            chromium, address, f"?__theme={mode}&tab={tab.lower()}", viewport={"width": width, "height": 900},
            color_scheme=mode, **context,
        )  # fmt: skip
        page = entered.__enter__()
        opened.append(entered)
        page.wait_for_selector(".ds-counter", state="attached")
        page.get_by_role("tab", name=tab, exact=True).wait_for()
        page.wait_for_timeout(600)  # a tab that was never shown is drawn when it is
        return page

    yield open_tab
    for entered in opened:
        entered.__exit__(None, None, None)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("tab", TABS)
def test_axe_finds_nothing_serious_in_our_own_markup(at: Callable[..., Any], tab: str, mode: str) -> None:
    page = at(tab, mode)
    assert page.locator("[role=tab][aria-selected=true]").inner_text() == tab
    assert findings(page) == []


@pytest.mark.parametrize("width", [390, 1920])
def test_axe_on_a_phone_and_on_a_projector(at: Callable[..., Any], width: int) -> None:
    page = at("Explore", width=width)
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_axe_would_find_what_is_wrong(at: Callable[..., Any]) -> None:
    page = at("Explore")
    page.evaluate(
        "document.querySelector('.ds-root').insertAdjacentHTML('beforeend', '<button></button><img src=\"data:,\">')"
    )
    assert {said.partition(" ")[0] for said in findings(page)} >= {"button-name", "image-alt"}


def focused(page: Any) -> str:
    """What the keyboard stands on: a label, a name or a text."""
    said: str = page.evaluate(
        "() => { const one = document.activeElement; return [one.getAttribute('aria-label'), one.textContent, one.id,"
        " one.className].find((text) => text && text.trim()) || one.tagName; }"
    )
    return said.strip()


def tab_to(page: Any, wanted: Callable[[], bool], key: str = "Tab", most: int = 120) -> None:
    for _ in range(most):
        if wanted():
            return
        page.keyboard.press(key)
    raise AssertionError(f"not reached with {most} presses of {key}; last on {focused(page)!r}")


def on(page: Any, selector: str) -> Callable[[], bool]:
    return lambda: bool(page.evaluate(f"document.activeElement.matches({json.dumps(selector)})"))


def test_explore_is_gone_through_by_keyboard_alone(at: Callable[..., Any]) -> None:
    page = at("Explore")
    page.wait_for_function(f"{EXPLORER}.scene")
    tab_to(page, lambda: focused(page) == "Play")
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring != "none", "what has the focus shows it"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(f"{EXPLORER}.state.step") == 1
    page.keyboard.press("End")
    page.wait_for_function(f"{EXPLORER}.state.step === {EXPLORER}.scene.last")
    page.keyboard.press("Shift+?") if page.evaluate(
        "navigator.platform.startsWith('x')"
    ) else page.keyboard.type("?")
    page.wait_for_selector(".ds-help:visible, dialog[open]")
    page.keyboard.press("Escape")
    tab_to(page, on(page, ".ds-panel-layers canvas"), "Shift+Tab")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(f"{EXPLORER}.state.cell") is not None
    tab_to(page, on(page, ".ds-panel-time canvas, .ds-panel-time button"))


def test_every_tab_is_opened_by_keyboard_and_nothing_holds_the_focus(at: Callable[..., Any]) -> None:
    page = at("Explore")
    tab_to(page, on(page, "[role=tab]"))
    for name in TABS[1:]:
        page.get_by_role("tab", name=name, exact=True).focus()
        page.keyboard.press("Enter")
        page.wait_for_function(
            f"document.querySelector('[role=tab][aria-selected=true]').textContent.trim() === '{name}'"
        )
        seen: list[str] = []
        for _ in range(400):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
            seen.append(focused(page))
        else:
            raise AssertionError(f"{name}: 400 presses of Tab do not leave the page; the last: {seen[-3:]}")
        page.wait_for_timeout(100)


def test_a_run_is_started_and_stopped_by_keyboard(at: Callable[..., Any]) -> None:
    page = at("Explore")
    tab_to(page, on(page, "textarea"))
    page.keyboard.press("Control+a")
    page.keyboard.type("Count from one to fifty.")
    tab_to(page, lambda: focused(page) == "Run")
    before = page.evaluate(f"{EXPLORER}.scene.head.run")
    page.keyboard.press("Enter")
    page.wait_for_function(f"{EXPLORER}.scene.head.run !== {json.dumps(before)}", timeout=WAIT)
    tab_to(page, lambda: focused(page) == "Stop")
    page.keyboard.press("Enter")
    page.wait_for_function(f"{EXPLORER}.scene.end", timeout=WAIT)


def test_who_wants_less_motion_gets_none(at: Callable[..., Any]) -> None:
    page = at("Explore", reduced_motion="reduce")
    page.wait_for_function(f"{EXPLORER}.scene")
    moving = page.evaluate(
        "[...document.querySelectorAll('.ds-root *')].filter((one) => { const style = getComputedStyle(one);"
        " return parseFloat(style.transitionDuration) > 0.01 || parseFloat(style.animationDuration) > 0.01; })"
        ".map((one) => String(one.className.baseVal ?? one.className)).slice(0, 5)"
    )
    assert moving == []
