"""The explorer fed with deltas: the same pictures, gaps noticed and mended, the newest step followed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.opened import Opened, run
from visuals.scene import SceneWriter, packed, whole

pytestmark = pytest.mark.browser


def test_deltas_lead_to_the_same_pictures_as_the_whole(opened: Callable[..., Opened]) -> None:
    trace = run()
    writer = SceneWriter("live", trace.header)
    deltas = [writer.start(), *(writer.add([step]) for step in trace.steps), writer.finish(trace.footer)]
    here = opened(trace)
    here.goto(6)
    expected = here.picture()
    for delta in deltas:
        assert here.page.evaluate("delta => explorer.apply(delta)", packed(delta))
    here.settle(6)
    here.goto(6)
    assert here.picture() == expected


def test_a_missing_delta_is_noticed_and_mended(opened: Callable[..., Opened]) -> None:
    trace = run()
    writer = SceneWriter("live", trace.header)
    start, first, _, third = writer.start(), *(writer.add([step]) for step in trace.steps[:3])
    here = opened(trace)
    apply = "delta => explorer.apply(delta)"
    here.page.evaluate("explorer.options.onGap = (gap) => { window.gap = gap; }")
    assert here.page.evaluate(apply, start)
    assert here.page.evaluate(apply, first)
    assert here.page.evaluate(apply, first)  # the same again is ignored
    assert not here.page.evaluate(apply, third)
    assert here.page.evaluate("window.gap") == {"run": "live", "expected": 2, "got": 3}
    mended = whole(trace.header, trace.steps[:3], None, run="live", seq=3)
    here.page.evaluate("scene => explorer.load(scene)", mended)
    assert here.page.evaluate(apply, writer.add(trace.steps[3:4]))
    here.settle(3)


def test_the_newest_step_is_followed_until_one_looks_back(opened: Callable[..., Opened]) -> None:
    trace = run()
    writer = SceneWriter("live", trace.header)
    here = opened(trace)
    apply = "delta => explorer.apply(delta)"
    here.page.evaluate(apply, writer.start() | writer.add(trace.steps[:3]))
    here.settle(2)
    here.page.evaluate(apply, writer.add(trace.steps[3:4]))
    here.settle(3)
    here.page.locator(".ds-root").press("ArrowLeft")
    here.page.evaluate(apply, writer.add(trace.steps[4:5]))
    here.settle(2)
    here.page.get_by_role("button", name="Live").click()
    here.settle(4)


def test_a_sender_may_go_on_changing_what_it_sent(opened: Callable[..., Opened]) -> None:
    trace = run()
    writer = SceneWriter("live", trace.header)
    here = opened(trace)
    spoil = "delta => { explorer.apply(delta); for (const step of delta.steps || []) step.nodes.length = 0; }"
    here.page.evaluate(spoil, writer.start() | writer.add(trace.steps[:3]))
    here.goto(2)
    here.settle(2)
    assert here.page.locator(".ds-tree .ds-node").count() == 6
