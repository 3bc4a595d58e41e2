"""The page in a real browser: a recorded run at once, a live run on the embedded model, stop, save, open, bad input."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from accel.trace import Trace
from tests.browser.served import visited

pytestmark = pytest.mark.browser
EXPLORER = "document.querySelector('#explorer .ds-mount').explorer"
HOSTILE = (
    'Say <img src=x onerror="document.body.dataset.pwned=1"> ${alert(1)} {{7*7}} '
    "</script><script>document.body.dataset.pwned=2</script>"
)
WAIT = 240_000  # ms: the machine may be busy, and the first run loads the model


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    """The page opened anew; no text that was typed may have run as a script."""
    with visited(chromium, address, accept_downloads=True) as made:
        made.wait_for_selector(".ds-counter")
        made.wait_for_function(f"{EXPLORER}.scene")
        yield made
        assert made.evaluate("document.body.dataset.pwned") is None


def num_steps(page: Any) -> int:
    count: int = page.evaluate(f"{EXPLORER}.scene.steps.length")
    return count


def set_length(page: Any, tokens: int) -> None:
    """The most new tokens, in the settings, which are folded away at first."""
    field = page.get_by_label("number input for Most new tokens")
    if not field.is_visible():
        page.click("#settings > button")
    field.fill(str(tokens))


def press_run(page: Any, prompt: str, tokens: int) -> None:
    page.fill("#prompt textarea", prompt)
    set_length(page, tokens)
    page.click("#run")


def start_run(page: Any, prompt: str, tokens: int) -> str:
    """Press Run; the run's name once it is shown."""
    before = page.evaluate(f"{EXPLORER}.scene.run")
    press_run(page, prompt, tokens)
    page.wait_for_function(f"{EXPLORER}.scene.run !== '{before}'", timeout=WAIT)
    run: str = page.evaluate(f"{EXPLORER}.scene.run")
    return run


def run_to_end(page: Any, prompt: str, tokens: int = 24) -> str:
    press_run(page, prompt, tokens)
    page.wait_for_function(
        "/^(Done|Stopped)/.test(document.querySelector('#status').innerText)", timeout=WAIT
    )
    text: str = page.inner_text("#status")
    return text


COUNT_FRAMES = """(() => {
  const ask = window.requestAnimationFrame.bind(window);
  window.asked = 0;
  window.requestAnimationFrame = (frame) => { window.asked += 1; return ask(frame); };
})()"""


def test_a_page_at_rest_asks_for_no_frames(chromium: Any, address: str) -> None:
    page = chromium.new_page()
    page.add_init_script(COUNT_FRAMES)
    page.goto(address)
    page.wait_for_function(f"document.querySelector('#explorer .ds-mount') && {EXPLORER}.scene")
    page.wait_for_timeout(5000)  # gradio's sign of loading swings on for a while
    before = page.evaluate("asked")
    page.wait_for_timeout(2000)
    asked = page.evaluate("asked") - before
    page.close()
    assert before > 0
    assert asked == 0


def test_a_recorded_run_is_there_at_once_and_can_be_stepped(page):
    before = page.evaluate(f"{EXPLORER}.state.step")
    picture = page.inner_html(".ds-tree")
    page.get_by_role("button", name=re.compile("^next step", re.I)).click()
    page.wait_for_function(f"{EXPLORER}.state.step === {before + 1} && !{EXPLORER}.player.busy")
    assert page.inner_html(".ds-tree") != picture
    page.get_by_role("button", name=re.compile("^previous step", re.I)).click()
    page.wait_for_function(f"{EXPLORER}.state.step === {before}")
    assert page.inner_html(".ds-tree") == picture


def test_another_recorded_run_can_be_chosen(page):
    run = page.evaluate(f"{EXPLORER}.scene.run")
    page.get_by_label("Play a recorded run").click()
    page.get_by_role("option", name=re.compile("One token at a time")).click()
    page.wait_for_function(f"{EXPLORER}.scene.run !== '{run}'")
    assert page.evaluate(f"{EXPLORER}.scene.head.method.name") == "autoregressive"


def test_a_prompt_of_ones_own_is_decoded_live_saved_and_opened_again(page, tmp_path):
    counters = page.inner_text(".ds-counters")
    start_run(page, "Why is the sea salty, and who found out?", 48)
    grown = set()
    while not re.match("Done", page.inner_text("#status")):
        grown.add((num_steps(page), page.inner_html(".ds-tree")[-200:]))
        time.sleep(0.02)
    assert len({steps for steps, _ in grown}) > 2, "the run was not watched while it grew"
    assert len({tree for _, tree in grown}) > 2
    assert page.inner_text(".ds-counters") != counters
    assert page.evaluate(f"{EXPLORER}.scene.end.parity.checked")
    assert page.evaluate("document.querySelectorAll('.ds-tree .ds-mark').length") > 0

    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as waiting:
        page.click("[data-export=trace]")
    file = tmp_path / "run.jsonl"
    waiting.value.save_as(file)
    trace = Trace.load(file)
    assert len(trace.steps) == num_steps(page)
    assert trace.header.method.name == "suffix"

    live = page.evaluate(f"{EXPLORER}.scene.run")
    page.get_by_role("tab", name="Traces", exact=True).click()
    page.set_input_files("#upload input[type=file]", file)
    page.wait_for_function(f"{EXPLORER}.scene.run !== '{live}'")
    assert num_steps(page) == len(trace.steps)


def test_stop_ends_a_run_and_keeps_what_was_decoded(page):
    start_run(page, "Write a very long story about a ship, with many chapters.", 512)
    page.wait_for_function(f"{EXPLORER}.scene.steps.length > 3", timeout=WAIT)
    page.click("#stop")
    page.wait_for_function("/^Stopped/.test(document.querySelector('#status').innerText)", timeout=20_000)
    kept = num_steps(page)
    time.sleep(1)
    assert num_steps(page) == kept > 3
    assert page.evaluate(f"{EXPLORER}.scene.end.finish_reason") == "cancelled"
    assert page.is_enabled("#run")


def test_hostile_text_is_shown_and_never_run(page):
    run_to_end(page, HOSTILE, 6)
    page.get_by_text("Prompt", exact=True).first.click()
    assert "<img src=x onerror=" in page.inner_text("#explorer")
    assert "{{7*7}}" in page.inner_text("#explorer")


@pytest.mark.parametrize(
    ("prompt", "said"), [("   ", "prompt: it is empty"), ("x" * 20_001, "prompt: it has 20,001")]
)
def test_a_bad_prompt_is_named_and_nothing_is_lost(page, prompt, said):
    page.evaluate("document.querySelector('#prompt textarea').removeAttribute('maxlength')")
    steps = num_steps(page)
    page.fill("#prompt textarea", prompt)
    page.click("#run")
    page.wait_for_selector("#status [role=alert]")
    assert said in page.inner_text("#status")
    assert page.input_value("#prompt textarea") == prompt
    assert num_steps(page) == steps
    assert page.is_enabled("#run")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_without_scrolling_sideways(chromium, address, scheme):
    page = chromium.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.goto(address)
    page.wait_for_selector(".ds-counter")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()
