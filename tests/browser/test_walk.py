"""What is reached without a mouse, and what is told on demand: cells, keys, the list, the figures, the timeline."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from accel.metrics import metrics
from tests.browser.opened import Opened, run
from tests.visuals.method_runs import exits
from tests.visuals.runs import tree

pytestmark = pytest.mark.browser
HEATMAP = ".ds-panel-layers canvas"
TIMELINE = ".ds-panel-time canvas"


def test_a_cell_says_the_same_to_the_pointer_and_to_the_keys(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    here.goto(4)
    canvas = here.page.locator(HEATMAP)
    assert "walk here with the arrow keys" in here.text(".ds-words")
    for key in ("ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowDown"):
        canvas.press(key)
    cell = here.page.evaluate("explorer.state.cell")
    x, y = here.page.evaluate(
        "(cell) => { const { frame } = explorer.stage.heatmap;"
        " return [frame.x(cell.at) + 3, frame.y(cell.layer) + 3]; }",
        cell,
    )
    told = here.text(".ds-words")
    assert "layer 2 of 4" in told
    assert re.search(r"says “.*” with \.\d", told)  # the value, and the layer's top token
    canvas.hover(position={"x": x, "y": y})
    assert here.text(".ds-tip").replace("\n", " · ") == told
    assert here.state()["step"] == 4  # the arrows walked, and did not step
    canvas.press("Enter")
    slot = here.page.evaluate("(cell) => explorer.scene.grid.columns[cell.at].slot", cell)
    assert here.state()["slot"] == slot
    canvas.press("Escape")
    assert here.page.evaluate("explorer.state.cell") is None


def test_walking_goes_back_to_columns_out_of_view(opened: Callable[..., Opened]) -> None:
    here = opened(run(20))
    here.goto(20)
    before = here.page.evaluate("explorer.stage.heatmap.frame.from")
    canvas = here.page.locator(HEATMAP)
    for _ in range(110):
        canvas.press("ArrowLeft")
    assert before > 0
    assert here.page.evaluate("explorer.stage.heatmap.frame.from") == 0
    assert "the prompt" in here.text(".ds-words")
    here.goto(3)
    assert here.page.evaluate("explorer.state.cell") is None


def test_question_mark_lists_the_keys_and_lets_go_again(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    assert here.page.evaluate("document.activeElement === document.body")
    step = here.state()["step"]
    here.page.keyboard.press("ArrowLeft")  # with nothing focused, the keys are the explorer's
    assert here.state()["step"] == step - 1
    here.page.keyboard.press("?")
    dialog = here.page.locator(".ds-help")
    assert dialog.is_visible()
    assert "play and pause" in dialog.inner_text()
    here.page.keyboard.press("ArrowLeft")
    assert here.state()["step"] == step - 1  # not behind the dialog
    here.page.keyboard.press("Escape")
    assert not dialog.is_visible()
    here.page.keyboard.press("]")
    assert here.page.evaluate("explorer.player.speed") == 2


def test_a_closed_dialog_that_still_has_the_focus_does_not_swallow_keys(
    opened: Callable[..., Opened],
) -> None:
    here = opened(run())
    here.page.keyboard.press("?")
    speed = here.page.evaluate(
        "() => { const { node } = explorer.help; node.close();"
        " node.querySelector('button').dispatchEvent(new KeyboardEvent('keydown', { key: ']', bubbles: true }));"
        " return explorer.player.speed; }"
    )
    assert speed == 2


def test_no_control_holds_the_focus_or_hides_it(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    seen = []
    focused = (
        "() => { const at = document.activeElement; const box = at.getBoundingClientRect();"
        " const style = getComputedStyle(at), hit = at.querySelector('.ds-hit');"
        " const name = at.getAttribute('aria-label') || at.textContent.slice(0, 30);"
        " return [at.tagName + '.' + (at.getAttribute('class') || '') + name,"
        " box.width > 0, style.outlineStyle !== 'none' || Boolean(hit)"
        " && getComputedStyle(hit).strokeWidth === '2px']; }"
    )
    for _ in range(60):
        here.page.keyboard.press("Tab")
        name, is_seen, is_marked = here.page.evaluate(focused)
        if name.startswith("BODY"):
            break
        assert is_seen, name
        assert is_marked, name
        seen.append(name)
    else:
        pytest.fail(f"Tab does not come out again: {seen[-3:]}")
    assert len(set(seen)) == len(seen) > 12
    assert any("ds-canvas" in name for name in seen)


def test_the_arrows_walk_the_tree(opened: Callable[..., Opened]) -> None:
    here = opened(tree().trace())
    here.goto(1)
    slots = here.page.evaluate("explorer.scene.step(1).nodes.map((node) => node.slot)")
    here.page.locator(".ds-tree .ds-node").first.focus()
    walked = []
    for _ in slots[1:]:
        here.page.keyboard.press("ArrowDown")
        walked.append(here.state()["slot"])
        assert here.page.evaluate("Number(document.activeElement.getAttribute('data-slot'))") == walked[-1]
    assert walked == slots[1:]
    here.page.keyboard.press("ArrowUp")
    assert here.state()["slot"] == slots[-2]


def test_the_tree_is_also_a_list(opened: Callable[..., Opened]) -> None:
    here = opened(tree().trace())
    here.goto(1)
    assert here.page.locator(".ds-item").count() == 0  # made when it is asked for
    here.page.get_by_text("The tree as a list").click()
    items = here.page.locator(".ds-item").all_inner_texts()
    assert items == [
        "·d, committed before",
        "·x, rejected, draft .50, model .10",
        "·y, never reached, draft .50",
        "·e, accepted, draft .50, model .90",
        "·f, accepted, draft .50, model .90",
        "·g, bonus",
        "·z, never reached, draft .50",
    ]
    depths = here.page.locator(".ds-item").evaluate_all(
        "all => all.map((one) => { let depth = 0;"
        " for (let at = one; at; at = at.parentElement.closest('ul')) depth += 1; return depth; })"
    )
    assert [depth - depths[0] for depth in depths] == [0, 1, 2, 1, 2, 3, 1]
    here.page.locator(".ds-item").nth(3).click()
    assert here.page.locator(".ds-tree .ds-selected").get_attribute("data-slot") == "6"


def test_every_figure_is_told_with_how_it_is_known(opened: Callable[..., Opened]) -> None:
    trace = run()
    here = opened(trace)
    here.goto(6)
    here.page.get_by_role("button", name="All figures").click()
    shown = {
        row.get_attribute("data-figure"): row.locator("td").all_inner_texts()
        for row in here.page.locator(".ds-figures tr[data-figure]").all()
    }
    found = metrics(trace)
    assert shown["now"][:2] == ["2.0", "measured"]
    assert shown["average"][0] == f"{found['tokens_per_second']:.1f}"
    assert shown["speedupMeasured"][:2] == [f"{found['speedup_measured']:.2f}×", "measured"]
    assert shown["speedupModelled"][:2] == [f"{found['speedup_modelled']:.2f}×", "modelled"]
    assert shown["tested"][:2] == [f"{100 * found['acceptance_rate']:.1f} %", "counted"]
    assert shown["drafted"][0] == f"{100 * found['draft_acceptance_rate']:.1f} %"
    assert shown["length"][0] == f"{found['mean_acceptance_length']:.2f}"
    assert shown["passes"][0] == f"{found['passes_per_token']:.2f}"
    assert shown["calls"][0] == f"{found['layer_calls_per_token']:.1f}"
    assert shown["split"][0] == "drafting 25.0 %, verifying 50.0 %, other 25.0 %"
    assert shown["looking"][0] == "18.0 s"  # six steps of three seconds, in no speed
    here.goto(3)
    assert here.page.locator("[data-figure=looking] .ds-number").inner_text() == "9.00 s"


def test_a_near_tie_is_explained(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    here.page.evaluate(
        "Object.assign(explorer.scene.end.parity, { equal: false, first_divergence: 4, margin: 0.125 });"
        "explorer.scene.head.model.dtype = 'bfloat16'; explorer.goto(3)"
    )
    assert here.text("[data-counter=parity]").split("\n")[0] == "≠"
    told = here.page.locator("[data-counter=parity]").get_attribute("title")
    assert "from token 4 on" in told
    assert "0.125 apart" in told
    assert "near-tie" in told


def test_the_timeline_can_be_looked_at_closely_and_from_afar(opened: Callable[..., Opened]) -> None:
    here = opened(exits())
    last = here.page.evaluate("explorer.scene.last")
    here.goto(last)
    spans = "explorer.stage.timeline.frame.spans.map((span) => [span.index, span.width])"
    before = dict(here.page.evaluate(spans))
    here.page.get_by_role("button", name="Nearer").click()
    nearer = dict(here.page.evaluate(spans))
    assert nearer[last] > 1.8 * before[last]
    canvas = here.page.locator(TIMELINE)
    canvas.press("-")
    assert dict(here.page.evaluate(spans)) == before
    for _ in range(5):
        canvas.press("+")
    assert here.page.evaluate("explorer.stage.timeline.frame.reach") > 0
    first = here.page.evaluate("explorer.stage.timeline.frame.spans[0]")
    box = canvas.bounding_box()
    here.page.mouse.move(box["x"] + 300, box["y"] + 20)
    here.page.mouse.down()
    here.page.mouse.move(box["x"] + 500, box["y"] + 20)
    here.page.mouse.up()
    moved = here.page.evaluate("explorer.stage.timeline.frame.spans[0]")
    assert (moved["index"], moved["x"]) != (first["index"], first["x"])
    assert here.state()["step"] == last  # a drag is no click
    canvas.press("0")
    assert dict(here.page.evaluate(spans)) == before
    assert re.search(
        r"\d+ tokens? in .* \(drafting .*, verifying .*, other .*\)", here.text(".ds-panel-time .ds-about")
    )


def test_the_newest_line_stands_at_the_bottom_however_it_was_reached(opened: Callable[..., Opened]) -> None:
    here = opened(run(600))
    below = (
        "() => { const { area, spans, until } = explorer.stage.text;"
        " return [area.scrollTop, area.scrollTop + area.clientHeight - spans[until - 1].offsetTop]; }"
    )
    here.goto(400)
    onward = here.page.evaluate(below)
    here.goto(600)
    here.goto(400)
    assert onward[0] > 0  # there is more than the area shows
    assert here.page.evaluate(below) == onward
    here.goto(385)  # a line up or so: what was read before stays above it
    assert here.page.evaluate(below)[1] == onward[1]
