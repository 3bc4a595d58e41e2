"""Links: what one names is shown again, what makes no sense is left out; and the tab of recorded runs, in the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from accel.trace import Trace
from tests.browser.opened import Opened, run
from tests.browser.served import WITHOUT_MODEL
from tests.browser.test_explorer import HOSTILE
from tests.visuals.runs import RunBook

pytestmark = pytest.mark.browser
SERVED = WITHOUT_MODEL
EXPLORER = "document.querySelector('#explorer .ds-mount').explorer"
MOUNTED = "document.querySelector('#explorer .ds-mount')?.explorer"  # before it is there, too
EARLY = "leaving-too-early-adadecode-at-threshold-0-3"


@pytest.fixture
def visit(chromium: Any, address: str) -> Iterator[Callable[..., Any]]:
    """Open the page at a query; complaints and requests to elsewhere fail the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    complaints: list[str] = []

    def go(query: str = "") -> Any:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(address + query)
        page.wait_for_selector("[role=tab]")
        return page

    yield go
    pwned = [page.evaluate("document.body.dataset.pwned || window.broken || null") for page in context.pages]
    context.close()
    assert complaints == []
    assert set(pwned) <= {None}


def tab(page: Any, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def shows(page: Any, method: str) -> None:
    page.wait_for_function(f"method => {MOUNTED}?.scene?.head.method.name === method", arg=method)


def seen(page: Any) -> list[str]:
    """What is drawn and shown: the words, the tree, the layers."""
    found: list[str] = page.evaluate(
        "() => [document.querySelector('.ds-body').innerText, document.querySelector('.ds-tree').innerHTML,"
        " document.querySelector('.ds-panel-layers canvas').toDataURL()]"
    )
    return found


def copied(page: Any) -> str:
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_function("document.querySelector('#copy-link .ds-said').textContent === 'Link copied.'")
    link: str = page.evaluate("navigator.clipboard.readText()")
    return link


def test_a_copied_link_shows_the_same_again(visit: Callable[..., Any]) -> None:
    page = visit()
    page.wait_for_selector(".ds-counter")
    tab(page, "Traces")
    page.click(f"[data-open={EARLY}]")
    shows(page, "adadecode")
    page.evaluate(f"() => {{ {EXPLORER}.goto(9, 'verify'); const node = {EXPLORER}.scene.step(9).nodes[1];"
                  f" {EXPLORER}.select(node.slot); }}")  # fmt: skip
    state, picture = f"JSON.stringify({{...{EXPLORER}.state, palette: null}})", seen(page)
    said = page.evaluate(state)
    link = copied(page)
    slot = json.loads(said)["slot"]
    assert link.endswith(f"?trace={EARLY}&step=9&phase=verify&slot={slot}&tab=explore")
    again = visit(link.partition("/?")[2] and "?" + link.partition("/?")[2])
    shows(again, "adadecode")
    again.wait_for_function(f"{EXPLORER}.state.slot === {slot}")
    assert again.evaluate(state) == said
    assert seen(again) == picture
    assert again.get_by_label("Play a recorded run").input_value().startswith("Leaving too early")


def test_a_link_holds_the_knobs_that_were_turned(visit: Callable[..., Any]) -> None:
    page = visit(f"?trace={EARLY}&tab=tune&knob.threshold=0.45&knob.max_early=99&knob.nothing=1")
    page.wait_for_selector(".ds-tune-counters")
    turned = "DraftScope.current.knobs"
    page.wait_for_function(f"{turned}.threshold === 0.45")
    most = page.evaluate("Number(document.querySelector('[data-knob=max_early] input').max)")
    assert page.evaluate(turned) == {"threshold": 0.45, "max_early": most}, "a value too high is the highest"
    assert page.locator("[data-knob=threshold] .ds-knob-value").inner_text() == "0.45"
    page.click(".ds-reset")
    assert page.evaluate(turned) == {}
    page.evaluate("([knob, value]) => { const input = document.querySelector(`[data-knob=${knob}] input`);"
                  " input.value = value; input.dispatchEvent(new Event('input')); }", ["threshold", "0.8"])  # fmt: skip
    assert parse_qs(copied(page).partition("?")[2])["knob.threshold"] == ["0.8"]
    tab(page, "Traces")
    page.locator("[data-open]").first.click()
    page.wait_for_function(f"!{turned}.threshold")


def test_where_the_clipboard_is_closed_the_link_can_be_copied_by_hand(visit: Callable[..., Any]) -> None:
    page = visit("?step=3")
    page.wait_for_selector(".ds-counter")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('closed')); }")
    page.get_by_role("button", name="Copy link").click()
    address = page.get_by_label("Link to what is shown")
    address.wait_for()
    assert "step=3" in address.input_value()
    assert page.evaluate("getSelection().toString()") == address.input_value() or address.evaluate(
        "one => one.selectionEnd - one.selectionStart === one.value.length"
    )


def test_a_link_into_the_first_run_and_another_tab(visit: Callable[..., Any]) -> None:
    page = visit("?step=5&phase=draft&tab=traces")
    page.wait_for_selector(".ds-card-run")
    assert page.locator("[role=tab][aria-selected=true]").inner_text() == "Traces"
    tab(page, "Explore")
    page.wait_for_function(f"{MOUNTED}?.state.step === 5 && {EXPLORER}.state.phase === 'draft'")


@pytest.mark.parametrize(
    "query",
    [
        "?trace=../../etc/passwd&step=3",
        "?trace=%3Cimg%20src%3Dx%3E",
        "?step=-1&phase=now&slot=x&tab=%00&knob.threshold=NaN&knob.constructor=1",
        "?step=99999&slot=1",
        "?step=5&slot=99999&phase[]=draft",
        f"?trace={EARLY}&trace=b&step=1e3",
        "?tab=constructor&trace=",
    ],
)
def test_what_makes_no_sense_is_left_out_and_said(visit: Callable[..., Any], query: str) -> None:
    page = visit(query)
    page.wait_for_selector(".ds-counter")
    page.wait_for_function(f"{MOUNTED}?.scene.steps.length")
    assert page.locator("#status [role=alert]").inner_text().startswith("address: ")
    assert page.evaluate(f"{EXPLORER}.state.slot") is None
    assert page.locator("[role=tab][aria-selected=true]").inner_text() == "Explore"


def test_a_run_of_ones_own_is_opened_exported_and_has_no_link(
    visit: Callable[..., Any], tmp_path: Path, opened: Callable[..., Opened]
) -> None:
    book = RunBook(prompt=(HOSTILE[0], " b"))
    book.prefill(HOSTILE[1])
    for piece in HOSTILE[2:]:
        first = book.draft(book.tip, piece)
        book.run(book.tip, first)
        book.judge(first, True)
        book.commit((first,), HOSTILE[0], "bonus")
    trace = book.trace()
    object.__setattr__(trace.header.model, "name", HOSTILE[0])
    trace.save(tmp_path / "own.jsonl")
    (tmp_path / "broken.jsonl").write_text('{"schema": 99}\n{}\n')

    page = visit("?tab=traces")
    page.wait_for_selector(".ds-card-run")
    page.set_input_files("#upload input[type=file]", tmp_path / "broken.jsonl")
    page.wait_for_selector("#upload-status [role=alert]")
    assert "schema 1" in page.inner_text("#upload-status")
    page.set_input_files("#upload input[type=file]", tmp_path / "own.jsonl")
    page.wait_for_function(
        f"document.querySelector('#explorer .ds-mount') && {EXPLORER}.scene.steps.length === 3"
    )
    assert page.locator("[role=tab][aria-selected=true]").inner_text() == "Explore"
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_function(
        "document.querySelector('#copy-link .ds-said').textContent.includes('recorded run only')"
    )

    page.get_by_role("button", name="Export", exact=True).click()
    files = {}
    for kind, name in (
        ("trace", "draftscope-run.jsonl"),
        ("tokens", "draftscope-run-tokens.csv"),
        ("html", "draftscope-run.html"),
    ):
        with page.expect_download() as waiting:
            page.click(f"[data-export={kind}]")
        assert waiting.value.suggested_filename == name
        files[kind] = tmp_path / name
        waiting.value.save_as(files[kind])
        page.wait_for_function("document.querySelector('#export .ds-said').textContent === 'Saved.'")
    assert Trace.load(files["trace"]) == trace
    tab(page, "Traces")
    assert HOSTILE[0] in page.inner_text("#details")

    page.click(f"[data-open={EARLY}]")  # what is exported is what is shown
    shows(page, "adadecode")
    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as waiting:
        page.click("[data-export=trace]")
    waiting.value.save_as(tmp_path / "early.jsonl")
    assert Trace.load(tmp_path / "early.jsonl").header.method.name == "adadecode"


def test_an_exported_page_is_the_page_again(visit: Callable[..., Any], chromium: Any, tmp_path: Path) -> None:
    page = visit(f"?trace={EARLY}")
    shows(page, "adadecode")
    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as waiting:
        page.click("[data-export=html]")
    file = tmp_path / "run.html"
    waiting.value.save_as(file)
    parts = "() => ['.ds-flow', '.ds-tree', '.ds-why'].map((at) => document.querySelector(at).innerHTML).join('|')"
    alone = Opened(chromium.new_page(viewport={"width": 1280, "height": 900}))
    alone.page.goto(file.as_uri())
    width = f"{EXPLORER}.state.treeWidth"
    alone.page.evaluate("w => { explorer.state.treeWidth = w; }", page.evaluate(width))
    for step in range(1, 17, 3):
        page.evaluate(f"step => {EXPLORER}.goto(step, 'commit')", step)
        alone.goto(step)
        assert alone.page.evaluate(parts) == page.evaluate(parts)
    alone.page.close()
    assert alone.complaints == []
    assert [url for url in alone.requests if not url.startswith("file:")] == []


def test_before_anything_of_ones_own_an_export_is_refused_in_words(visit: Callable[..., Any]) -> None:
    page = visit()
    page.wait_for_function(f"{MOUNTED}?.scene")
    page.evaluate(f"{EXPLORER}.slug = null")
    page.get_by_role("button", name="Export", exact=True).click()
    page.click("[data-export=chrome]")
    said = "document.querySelector('#export .ds-said').textContent"
    page.wait_for_function(f"{said}.startsWith('export: you have not run')")
    page.evaluate(f"{EXPLORER}.slug = 'nothing-such'")
    page.click("[data-export=chrome]")
    page.wait_for_function(f"{said}.includes('no recorded run')")


def test_a_query_is_read_and_written_by_the_same_rules(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    said = {
        "trace": "a-b",
        "step": 7,
        "phase": "verify",
        "slot": 12,
        "tab": "tune",
        "lesson": "leaving-early",
        "card": 3,
        "knobs": {"threshold": "0.6"},
    }
    made = here.page.evaluate(
        "said => DraftScope.link.format('https://x.y/z?__theme=dark&step=1#top', said)", said
    )
    asked = "step=7&trace=a-b&phase=verify&slot=12&tab=tune&lesson=leaving-early&card=3&knob.threshold=0.6"
    assert made == "https://x.y/z?__theme=dark&" + asked
    read = "query => DraftScope.link.parse(query)"
    assert here.page.evaluate(read, made.partition("?")[2]) == said
    wrong = (
        "?trace=A&step=1.5&phase=no&slot=-1&tab=t1&lesson=<b>&card=-1&knob.threshold=-1&knob.=1&knob.Alpha=2"
    )
    assert here.page.evaluate(read, wrong) == dict.fromkeys(said) | {"knobs": {}}
    none = here.page.evaluate("DraftScope.link.format('https://x.y/?step=1', { step: null })")
    assert none == "https://x.y/"
