"""What single methods show, in a real browser: there only where it happened, with the right counts, and inert."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accel.trace import Draft, Match, Trace
from tests.browser.opened import Opened
from tests.browser.test_explorer import HOSTILE
from tests.visuals.method_runs import ALL, exits, matches, search, skips
from tests.visuals.runs import tree
from visuals.grid import columns_of
from visuals.reading import read
from visuals.scene import SceneWriter, packed

pytestmark = pytest.mark.browser
PARTS = {
    "exits": ["exits", "looks"],
    "skips": ["skips", "drafts"],
    "search": ["search", "learned"],
    "matches": ["matches"],
}


def count(here: Opened, selector: str) -> int:
    found: int = here.page.locator(f".ds-panel-method {selector}").count()
    return found


def parts(here: Opened) -> list[str]:
    shown = "Array.from(document.querySelectorAll('.ds-part')).filter((part) => part.offsetWidth)"
    found: list[str] = here.page.evaluate(shown + ".map((part) => part.className.split('ds-part-')[1])")
    return found


@pytest.mark.parametrize("name", ALL)
def test_each_run_has_its_own_parts(opened: Callable[..., Opened], name: str) -> None:
    assert parts(opened(ALL[name]())) == PARTS[name]


def test_a_run_with_nothing_of_its_own_has_no_panel(opened: Callable[..., Opened]) -> None:
    here = opened(tree().trace(), viewport={"width": 390, "height": 844})
    assert parts(here) == []
    assert not here.page.get_by_role("button", name="Method", exact=True).is_visible()


@pytest.mark.parametrize("name", ALL)
def test_a_step_looks_the_same_however_it_is_reached(opened: Callable[..., Opened], name: str) -> None:
    here = opened(ALL[name]())
    last = here.page.evaluate("explorer.scene.last")
    seen = {}
    for step in range(last + 1):
        for phase in ("draft", "verify", "commit"):
            here.goto(step, phase)
            seen[step, phase] = here.picture()
    here.page.locator(".ds-root").press("Home")
    for step in range(1, last + 1):
        here.page.locator(".ds-root").press("ArrowRight")  # acted out
        here.settle(step)
        assert here.picture() == seen[step, "commit"]
    for (step, phase), picture in reversed(seen.items()):
        here.goto(step, phase)
        assert here.picture() == picture


def test_exits_are_counted_up_to_the_step(opened: Callable[..., Opened]) -> None:
    here = opened(exits())
    kept, back = ".ds-column .ds-bar-exit", ".ds-column .ds-bar-back:not([height='0'])"
    for step, about in ((1, "2, taken back: 0"), (2, "4, taken back: 1"), (3, "4, taken back: 1")):
        here.goto(step)
        assert here.text(".ds-part-exits .ds-about") == f"tokens given early so far: {about}"
        assert (count(here, kept), count(here, back)) == (2, int(step > 1))
    here.goto(2, "draft")
    assert count(here, back) == 0  # not known yet
    assert count(here, ".ds-level") == 4
    assert count(here, ".ds-level .ds-bar-exit") == 2
    assert here.page.locator(".ds-tree .ds-struck").count() == 0
    here.goto(2)
    assert here.page.locator(".ds-tree .ds-struck").all_text_contents() == ["·two"]
    here.goto(0)
    assert "Nothing was looked at" in here.text(".ds-part-looks")


def test_deferred_layers_fill_in_when_their_call_comes(opened: Callable[..., Opened]) -> None:
    here = opened(exits())
    cells = (
        "([step, phase, slot]) => [0, 1, 2, 3].map((layer) => { const cell = explorer.scene.grid.cell("
        "explorer.scene.grid._of(slot), layer, { step, phase }); return cell && [cell.kind, cell.behind]; })"
    )
    ran, above = ["ran", 0], [["later", 1], ["later", 2]]
    assert here.page.evaluate(cells, [1, "draft", 3]) == [ran, ran, None, None]
    assert here.page.evaluate(cells, [1, "commit", 3]) == [ran, ran, *above]
    assert here.page.evaluate(cells, [1, "commit", 5]) == [ran] * 4
    here.goto(1)
    x = here.page.evaluate("explorer.stage.heatmap.frame.x(1) + 5")
    here.page.locator(".ds-panel-layers canvas").hover(position={"x": x, "y": 24})  # the root's top layer
    assert "ran later, in the call of “·two” (2 tokens on)" in here.text(".ds-tip")
    assert "left after 2 layers, .88 sure (threshold .75)" in here.text(".ds-tip")


@pytest.mark.parametrize("name", ALL)
def test_the_cells_are_those_of_the_rows(opened: Callable[..., Opened], name: str) -> None:
    trace = ALL[name]()
    layers = range(trace.header.model.num_layers)
    _, steps = read(trace)
    expected = [[column.cell(layer) for layer in layers] for column in columns_of(trace.header, steps)]
    here = opened(trace)
    script = (
        "layers => explorer.scene.grid.columns.map((column) => Array.from({ length: layers }, (_, layer) => {"
        " const cell = explorer.scene.grid.cell(column, layer, { step: 99, phase: 'commit' });"
        " return cell ? cell.kind : 'not run'; }))"
    )
    assert here.page.evaluate(script, len(layers)) == expected


def test_the_plan_says_what_is_left_out_and_how_alike(opened: Callable[..., Opened]) -> None:
    here = opened(skips())
    here.goto(0)
    assert "has not been chosen yet" in here.text(".ds-part-skips")
    here.goto(1)
    assert (
        here.text(".ds-part-skips .ds-about") == "update 1, step 1: 2 of 4 layers · cosine at the top 0.820"
    )
    here.goto(3)  # no plan of its own: the newest holds
    about = here.text(".ds-part-skips .ds-about")
    assert about == "update 2, step 2: 2 of 4 layers · cosine at the top 0.820 · 0.33 alike the one before"
    plans = here.page.evaluate("explorer.scene.plans.map((plan) => [plan.skipped, plan.path()])")
    assert plans[1] == [[2, 3], [[0, 0], [1, 0], [2, 0], [3, 1], [4, 2]]]
    assert here.page.locator(".ds-part-drafts .ds-level-text").all_inner_texts() == [
        ".90 ",
        ".70 ",
        ".50 · stopped",
    ]
    assert here.page.locator(".ds-level-line").first.get_attribute("style") == "left:60.00%"
    canvas = here.page.locator(".ds-part-skips canvas")
    assert "Left out: 2, 3." in canvas.get_attribute("aria-label")
    canvas.hover(position={"x": 35, "y": 35})
    assert here.text(".ds-tip") == "4 layers on, 0 of them left out: cosine 1.000"


def test_a_search_is_shown_after_any_number_of_iterations(opened: Callable[..., Opened]) -> None:
    here = opened(search())
    here.goto(1)
    slider = here.page.locator(".ds-search-clock input")
    whole = here.picture()
    visits = {}
    for iterations in ("0", "3", "12"):
        slider.fill(iterations)
        visits[iterations] = here.page.locator(".ds-search .ds-tick").all_text_contents()
    assert [said.split("×")[0] for said in visits["3"]] == ["2", "1", "0", "1", "0"]  # ended at 1, 2 and 4
    assert count(here, ".ds-search-node.ds-not-yet") == 0
    assert here.picture() == whole
    slider.fill("1")
    assert count(here, ".ds-search-node.ds-not-yet") == 4
    from playwright.sync_api import expect

    here.page.get_by_role("button", name="Play the search").click()
    expect(slider).to_have_value("12")
    assert here.picture() == whole


def test_what_was_learned_is_told_with_its_gain(opened: Callable[..., Opened]) -> None:
    here = opened(search())
    here.goto(1)
    assert here.page.locator(".ds-gained").all_inner_texts() == ["·one.50 (+.25)"]
    here.goto(2)
    assert "Nothing new" in here.text(".ds-part-learned")


def test_a_suffix_tree_is_drawn_with_its_counts(opened: Callable[..., Opened]) -> None:
    branching = next((Path(__file__).resolve().parents[2] / "assets" / "traces").glob("01-*.jsonl"))
    trace = Trace.load(branching)
    here = opened(trace)
    told = 0
    for step in trace.steps[1:]:
        chosen = [event for event in step.events if isinstance(event, Match) and event.chosen]
        drafts = [event for event in step.events if isinstance(event, Draft)]
        if not drafts:
            continue
        share = {drafts[0].parent: 1.0}
        for draft in drafts:
            share[draft.slot] = share[draft.parent] * draft.draft_prob
        times = chosen[0].count
        counts = [share[draft.slot] * times for draft in drafts]
        assert counts == pytest.approx([round(count) for count in counts], abs=1e-6)  # they are counts
        here.goto(step.index, "draft")
        shown = here.page.locator(".ds-tree .ds-prob").all_text_contents()
        assert sorted(shown) == sorted(f"{round(count)}/{times}" for count in counts)
        told += 1
    assert told > 5


def test_the_matched_text_is_marked_where_it_stands(opened: Callable[..., Opened]) -> None:
    here = opened(matches())
    here.goto(1)
    assert here.page.locator(".ds-place mark").all_inner_texts() == [" b c", " two three"]
    assert "answer 3 of this session, before its token 42" in here.text(".ds-place >> nth=1")
    assert count(here, ".ds-matched") == 0  # it stands in the prompt


def test_the_draft_lies_inside_the_searched_tree(opened: Callable[..., Opened]) -> None:
    here = opened(search())
    here.goto(1)
    slider = here.page.locator(".ds-search-clock input")
    assert slider.input_value() == "12"
    assert count(here, ".ds-search-node") == 7  # the root, five searched, one drafted beyond
    assert count(here, ".ds-searched-mark") == 3
    marks = {fate: count(here, f".ds-mark.ds-fate-{fate}") for fate in ("accepted", "rejected", "unreached")}
    assert marks == {"accepted": 1, "rejected": 1, "unreached": 1}
    assert count(here, ".ds-bar-visits") == 5
    assert "7×  .50  1.75" in here.page.locator(".ds-search .ds-tick").all_text_contents()
    here.goto(1, "draft")
    assert count(here, ".ds-mark.ds-fate-drafted") == 3
    here.page.locator(".ds-search-node", has=here.page.locator(".ds-fate-drafted")).first.click()
    slot = str(here.state()["slot"])
    assert here.page.locator(".ds-tree .ds-selected").get_attribute("data-slot") == slot
    here.goto(2)
    assert "Nothing was searched" in here.text(".ds-part-search")


def test_matches_stand_by_length_in_the_text_they_were_found_in(opened: Callable[..., Opened]) -> None:
    here = opened(matches())
    here.goto(1)
    names = here.page.locator(".ds-source").all_inner_texts()
    assert names == ["the prompt and this answer", "earlier answers"]
    per_source = here.page.locator(".ds-matches").evaluate_all(
        "all => all.map((one) => one.querySelectorAll('.ds-column').length)"
    )
    assert per_source == [3, 2]
    assert here.page.locator(".ds-marked .ds-tick").all_text_contents() == ["2.5"]
    assert here.text(".ds-part-matches .ds-about") == "5 tried · best matched “…·d”"
    here.goto(2)
    assert "No earlier text matched" in here.text(".ds-part-matches")


@pytest.mark.parametrize("name", ALL)
def test_hostile_tokens_are_text_in_every_part(opened: Callable[..., Opened], name: str) -> None:
    here = opened(ALL[name](HOSTILE))
    for step in range(here.page.evaluate("explorer.scene.last") + 1):
        here.goto(step)
        box = here.page.locator(".ds-panel-method").bounding_box()
        for at in range(20, 1200, 60):
            here.page.mouse.move(box["x"] + at, box["y"] + 60)
    assert here.page.evaluate("window.broken") is None
    assert here.page.locator("#ds-explorer img, #ds-explorer script").count() == 0
    labels = {"exits": ".ds-level-text", "skips": ".ds-level-name", "search": ".ds-search .ds-label"}.get(
        name
    )
    if labels:
        here.goto(1)
        assert any("<img" in text for text in here.page.locator(labels).all_text_contents())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ALL)
def test_a_phone_shows_it_by_its_switch(opened: Callable[..., Opened], name: str, scheme: str) -> None:
    here = opened(ALL[name](), viewport={"width": 390, "height": 844}, color_scheme=scheme)
    assert parts(here) == []
    here.page.get_by_role("button", name="Method", exact=True).click()
    assert parts(here) == PARTS[name]
    for step in range(here.page.evaluate("explorer.scene.last") + 1):
        here.goto(step)
        assert here.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    here.page.evaluate("scene => explorer.load(scene)", packed(plain()))
    assert here.page.locator(".ds-panel-tree").is_visible()  # this run has no such view


def plain() -> dict[str, Any]:
    trace = tree().trace()
    writer = SceneWriter("plain", trace.header)
    return writer.start() | writer.add(trace.steps) | writer.finish(trace.footer)


def test_deltas_lead_to_the_same_parts(opened: Callable[..., Opened]) -> None:
    for make in ALL.values():
        trace = make()
        here = opened(trace)
        here.goto(1)
        expected = here.picture()
        writer = SceneWriter("live", trace.header)
        for delta in (
            writer.start(),
            *(writer.add([step]) for step in trace.steps),
            writer.finish(trace.footer),
        ):
            assert here.page.evaluate("delta => explorer.apply(delta)", packed(delta))
        here.settle(here.page.evaluate("explorer.scene.last"))
        here.goto(1)
        assert here.picture() == expected
