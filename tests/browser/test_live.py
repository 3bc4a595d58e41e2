"""The explorer fed with deltas: the same pictures, gaps noticed and mended, the newest step followed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accel.trace import Trace
from tests.browser.opened import Opened, run
from visuals.scene import SceneWriter, packed, whole

pytestmark = pytest.mark.browser
APPLY = "delta => explorer.apply(delta)"


def begun(opened: Callable[..., Opened], trace: Trace, num_steps: int) -> tuple[Opened, SceneWriter]:
    """A page that has been sent so many steps of a run in progress, and what writes the next."""
    writer = SceneWriter("live", trace.header)
    here = opened(trace)
    here.page.evaluate(APPLY, writer.start() | writer.add(trace.steps[:num_steps]))
    return here, writer


def test_deltas_lead_to_the_same_pictures_as_the_whole(opened: Callable[..., Opened]) -> None:
    trace = run()
    writer = SceneWriter("live", trace.header)
    deltas = [writer.start(), *(writer.add([step]) for step in trace.steps), writer.finish(trace.footer)]
    here = opened(trace)
    here.goto(6)
    expected = here.picture()
    for delta in deltas:
        assert here.page.evaluate(APPLY, packed(delta))
    here.settle(6)
    here.goto(6)
    assert here.picture() == expected


def test_a_missing_delta_is_noticed_and_mended(opened: Callable[..., Opened]) -> None:
    trace = run()
    writer = SceneWriter("live", trace.header)
    start, first, _, third = writer.start(), *(writer.add([step]) for step in trace.steps[:3])
    here = opened(trace)
    here.page.evaluate("explorer.options.onGap = (gap) => { window.gap = gap; }")
    assert here.page.evaluate(APPLY, start)
    assert here.page.evaluate(APPLY, first)
    assert here.page.evaluate(APPLY, first)  # the same again is ignored
    assert not here.page.evaluate(APPLY, third)
    assert here.page.evaluate("window.gap") == {"run": "live", "expected": 2, "got": 3}
    mended = whole(trace.header, trace.steps[:3], None, run="live", seq=3)
    here.page.evaluate("scene => explorer.load(scene)", mended)
    assert here.page.evaluate(APPLY, writer.add(trace.steps[3:4]))
    here.settle(3)


def test_the_newest_step_is_followed_until_one_looks_back(opened: Callable[..., Opened]) -> None:
    trace = run()
    here, writer = begun(opened, trace, 3)
    here.settle(2)
    here.page.evaluate(APPLY, writer.add(trace.steps[3:4]))
    here.settle(3)
    here.page.locator(".ds-root").press("ArrowLeft")
    here.page.evaluate(APPLY, writer.add(trace.steps[4:5]))
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


# The step shown in each of eight frames, after messages that came in one piece of work. Slow arrivals are acted out:
# the first message is followed at once, as in a stream.
FRAMES = """async (deltas) => {
  for (const delta of deltas) { explorer._arrived = performance.now(); explorer.apply(delta); }
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(explorer.state.step))));
  const seen = [];
  for (let at = 0; at < 8; at++) seen.push(await frame());
  return seen;
}"""


def test_steps_that_come_together_are_seen_one_after_the_other(opened: Callable[..., Opened]) -> None:
    trace = run(16)
    here, writer = begun(opened, trace, 2)
    few = here.page.evaluate(FRAMES, [writer.add([step]) for step in trace.steps[2:5]])
    assert few == [2, 3, 4, 4, 4, 4, 4, 4]
    many = here.page.evaluate(FRAMES, [writer.add([step]) for step in trace.steps[5:9]])
    assert many == [8] * 8  # the newest at once: nobody wants to see what was


# Messages as fast ones of a stream, each with its frame; what was drawn at them, and then once time had passed.
DRAWN = """async ({ deltas, milliseconds }) => {
  const drawn = [];
  const later = [];
  const { stage } = explorer;
  for (const name of ['tree', 'timeline']) {
    const draw = stage[name].draw.bind(stage[name]);
    stage[name].draw = (scene, state) => { drawn.push(name + ' ' + state.step); draw(scene, state); };
  }
  const { setTimeout } = window;
  window.setTimeout = (work) => later.push(work);
  for (const delta of deltas) {
    explorer._arrived = performance.now();
    stage.milliseconds = milliseconds;
    explorer.apply(delta);
    await new Promise((done) => requestAnimationFrame(done));
  }
  const before = [...drawn];
  for (const work of later) work();
  Object.assign(window, { setTimeout });
  return [before, drawn.slice(before.length)];
}"""


def test_where_drawing_is_slow_what_is_watched_keeps_up(opened: Callable[..., Opened]) -> None:
    trace = run(8)
    here, writer = begun(opened, trace, 2)
    here.page.wait_for_function("() => !explorer.stage.behind")
    two = [writer.add([step]) for step in trace.steps[2:4]]
    assert here.page.evaluate(DRAWN, {"deltas": two, "milliseconds": 40}) == [
        ["tree 2", "tree 3"],
        ["timeline 3"],
    ]
    here.goto(3)
    here.page.get_by_role("button", name="Live").click()
    here.page.wait_for_function("() => !explorer._frame && !explorer.stage.behind")
    quick = here.page.evaluate(DRAWN, {"deltas": [writer.add(trace.steps[4:5])], "milliseconds": 4})
    assert [sorted(set(drawn)) for drawn in quick] == [["timeline 4", "tree 4"], []]
