"""The explorer in a real browser, from an exported file: the same however reached, inert, offline."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.opened import Opened, run
from tests.pace import keeps

pytestmark = pytest.mark.browser


def test_a_step_looks_the_same_however_it_is_reached(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    by_jump = []
    for step in range(7):
        here.goto(step)
        by_jump.append(here.picture())
    assert len(set(by_jump)) == 7
    for step in range(6, -1, -1):  # backwards, with the keyboard
        assert here.picture() == by_jump[step]
        here.page.locator(".ds-root").press("ArrowLeft")
    for step in range(1, 7):  # forwards, acted out
        here.page.locator(".ds-root").press("ArrowRight")
        here.settle(step)
        assert here.picture() == by_jump[step]


def test_a_phase_looks_the_same_however_it_is_reached(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    seen = {}
    for phase in ("commit", "draft", "verify"):
        here.goto(3, phase)
        seen[phase] = here.picture()
    assert len(set(seen.values())) == 3
    here.goto(2)
    for phase in ("draft", "verify", "commit"):
        here.page.locator(".ds-root").press("Shift+ArrowRight")
        assert here.picture() == seen[phase]


def test_going_on_interrupts_what_is_being_acted_out(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    here.goto(1)
    phases = here.page.evaluate(  # at once: a busy machine may act a phase out between two calls
        "[0, 1].map(() => { explorer.advance(); return explorer.state.phase; })"
    )
    assert phases == ["draft", "commit"]  # no waiting: the step is shown whole
    assert (here.state()["step"], here.state()["phase"], here.state()["busy"]) == (2, "commit", False)


def test_fates_are_drawn_as_they_were(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    here.goto(2)
    count = "fate => document.querySelectorAll('.ds-tree .ds-mark.ds-fate-' + fate).length"
    fates = ("committed", "accepted", "rejected", "unreached", "recovered", "drafted")
    assert {fate: here.page.evaluate(count, fate) for fate in fates} == {
        "committed": 1, "accepted": 1, "rejected": 1, "unreached": 2, "recovered": 1, "drafted": 0,
    }  # fmt: skip
    here.goto(2, "draft")
    assert here.page.evaluate(count, "drafted") == 4
    assert here.page.evaluate(count, "recovered") == 0


def test_the_text_is_what_was_committed_by_then(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    for step, text in (
        (6, " d one own0 two own1 three own2 four own3 one own4 two own5"),
        (2, " d one own0 two own1"),
    ):
        here.goto(step)
        assert here.page.inner_text(".ds-flow") == text
    here.goto(2, "verify")  # not committed yet
    assert here.page.inner_text(".ds-flow") == " d one own0"


def test_counters_and_sentences_say_what_the_trace_holds(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    here.goto(6)
    assert here.text("[data-counter=speedup] .ds-value") == "1.80×"  # 0.9 s alone, two tokens a second here
    assert here.text("[data-counter=speedup] .ds-kind") == "measured"
    assert here.text("[data-counter=tokens] .ds-value") == "2.00"
    assert here.text("[data-counter=acceptance] .ds-value") == "50 %"
    assert here.text("[data-counter=parity]").split("\n") == ["✓", "Same text", "token for token"]
    assert here.text(".ds-match") == (
        "The last 7 tokens were seen 2 times in the prompt and this answer; expects 3.5 more to be kept."
    )
    here.page.locator(".ds-tree .ds-fate-accepted.ds-mark").click()
    assert "was kept: it is the model’s own first choice here (.90); the draft gave it .50." in here.text(
        ".ds-why"
    )


def test_choosing_a_token_lights_it_everywhere_and_explains_it(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    here.goto(4)
    before = here.page.evaluate("document.querySelector('.ds-panel-layers canvas').toDataURL()")
    here.page.locator(".ds-tree .ds-node", has=here.page.locator(".ds-fate-unreached")).last.click()
    assert "was never tested" in here.text(".ds-why")
    assert before != here.page.evaluate("document.querySelector('.ds-panel-layers canvas').toDataURL()")
    here.page.locator(".ds-piece:not([data-later])").nth(3).click()
    state = here.state()
    assert state["step"] == 2
    slot = str(state["slot"])
    assert here.page.locator(".ds-tree .ds-selected").get_attribute("data-slot") == slot
    assert here.page.locator(".ds-text .ds-selected").get_attribute("data-slot") == slot


def test_keyboard_plays_pauses_and_jumps(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    root = here.page.locator(".ds-root")
    root.press("Home")
    assert here.state()["step"] == 0
    root.press("End")
    assert here.state()["step"] == 6
    root.press("Home")
    here.page.evaluate("explorer.setSpeed(4)")
    root.press(" ")
    assert here.state()["playing"]
    here.settle(6)
    here.page.wait_for_function("!explorer.state.playing")
    root.press("Home")
    root.press(" ")
    root.press(" ")
    assert not here.state()["playing"]


def test_reduced_motion_acts_nothing_out(opened: Callable[..., Opened]) -> None:
    here = opened(run(), reduced_motion="reduce")
    here.goto(1)
    here.page.evaluate("explorer.advance()")
    assert (here.state()["step"], here.state()["phase"]) == (2, "commit")


HOSTILE = (
    "<img src=x onerror=window.broken=1>",
    "</script><script>window.broken=2</script>",
    "${window.broken=3}{{constructor.constructor('window.broken=4')()}}",
    "a\u202eb\u200bc",
)


def test_hostile_text_is_shown_and_does_nothing(opened: Callable[..., Opened]) -> None:
    here = opened(run(pieces=HOSTILE))
    for step in range(7):
        here.goto(step)
        for node in here.page.locator(".ds-tree .ds-node").all():
            node.hover()
            node.click()
    box = here.page.locator(".ds-panel-layers canvas").bounding_box()
    for at in range(60, 400, 12):
        here.page.mouse.move(box["x"] + at, box["y"] + 60)
    shown = here.page.evaluate("document.querySelector('.ds-flow').textContent")
    assert HOSTILE[0] in shown
    assert HOSTILE[1] in shown
    assert HOSTILE[2] in shown
    assert "a⟨U+202E⟩b⟨U+200B⟩c" in shown
    assert here.page.evaluate("window.broken") is None
    assert here.page.locator("#ds-explorer img, #ds-explorer script").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_of_a_phone(opened: Callable[..., Opened], scheme: str) -> None:
    here = opened(run(), viewport={"width": 390, "height": 844}, color_scheme=scheme)
    for view in ("Tree", "Layers", "Timeline"):
        here.page.get_by_role("button", name=view, exact=True).click()
        assert here.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), view
    sizes = here.page.evaluate(
        "Array.from(document.querySelectorAll('.ds-root button, .ds-root select'))"
        ".map((one) => one.getBoundingClientRect()).filter((box) => box.width)"
        ".map((box) => [box.width, box.height])"
    )
    assert all(min(size) >= 44 for size in sizes), sizes


def test_every_button_has_a_name(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    for control in here.page.locator(".ds-root :is(button, select, input)").all():
        name = control.get_attribute("aria-label") or control.inner_text()
        assert name.strip()


def test_dark_follows_the_reader_and_the_page(opened: Callable[..., Opened]) -> None:
    ground = "getComputedStyle(document.querySelector('.ds-panel')).backgroundColor"
    dark = opened(run(), color_scheme="dark").page.evaluate(ground)
    here = opened(run(), color_scheme="light")
    light = here.page.evaluate(ground)
    assert dark != light
    here.page.evaluate("document.body.classList.add('dark')")
    assert here.page.evaluate(ground) == dark


def test_without_a_run_every_panel_says_what_would_fill_it(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    here.page.evaluate("window.empty = DraftScope.mount(document.querySelector('#ds-explorer'), {})")
    for panel in ("text", "tree", "layers", "time"):
        assert "appears here" in here.text(f".ds-panel-{panel}")


def test_a_long_run_stays_quick(opened: Callable[..., Opened]) -> None:
    here = opened(run(num_steps=1_000))
    middle = (
        "() => { const times = []; for (let k = 0; k < 1000; k += 37) { explorer.goto(k);"
        " times.push(explorer.drawMilliseconds); } return times.sort((a, b) => a - b)[times.length >> 1]; }"
    )
    # Milliseconds; about 10 on an idle machine.
    assert keeps(lambda: here.page.evaluate(middle) < 100)
