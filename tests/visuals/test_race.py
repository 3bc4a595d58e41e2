"""Races as JSON: the clock is the trace's own, texts are compared token for token, what cannot race is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import pytest

from accel.trace import MethodInfo, Parity, SamplingInfo, Seconds, Trace
from tests.visuals.runs import RunBook, chain
from visuals.race import ALONE, divergence, pair, race

RACES = Path(__file__).resolve().parents[2] / "assets" / "races"


def lanes(*names: str, seconds: tuple[float, ...] = ()) -> list[Trace]:
    """The chain of `runs`, told to be by these methods, its steps as long as asked."""
    made = []
    for at, name in enumerate(names):
        trace = chain().trace()
        trace = replace(trace, header=replace(trace.header, method=MethodInfo(name, {})))
        if seconds:
            took = Seconds(0.0, seconds[at], 0.0, 9.0)
            trace = replace(trace, steps=tuple(replace(step, seconds=took) for step in trace.steps))
        made.append(trace)
    return made


def test_a_lane_holds_the_times_and_the_text_of_its_run() -> None:
    traces = lanes(ALONE, "suffix", seconds=(1.0, 0.25))
    message = race(traces, run="r", title="A race")
    assert message == json.loads(json.dumps(message, allow_nan=False))
    for lane, trace in zip(message["lanes"], traces, strict=True):
        assert [seconds for seconds, _ in lane["steps"]] == [step.seconds.total for step in trace.steps]
        assert sum(tokens for _, tokens in lane["steps"]) == len(lane["pieces"]) == len(trace.tokens)
        assert "".join(text for text, _ in lane["pieces"]) + lane["tail"] == " d e f g h"
        assert lane["numbers"]["seconds"] == sum(step.seconds.total for step in trace.steps[1:])
        assert lane["text"] == {"of": 0, "equal": True, "at": None, "margin": None}
    assert [origin for _, origin in message["lanes"][1]["pieces"]] == [
        "plain", "accepted", "accepted", "bonus", "recovered",
    ]  # fmt: skip


def differing() -> list[Trace]:
    """The chain as the model alone, and a run whose fourth token is another, which was checked."""
    alone = lanes(ALONE)[0]
    book = RunBook()
    book.prefill()
    first = book.draft(book.tip, " e")
    second = book.draft(first, " f")
    book.token(" g")  # known, and not taken
    book.run(book.tip, first, second)
    book.commit((first, second), " OTHER", "bonus")
    other = book.trace()
    parity = Parity(checked=True, equal=False, first_divergence=3, margin=0.0125)
    return [alone, replace(other, footer=replace(other.footer, parity=parity))]


def test_another_text_is_said_with_its_place_and_its_margin() -> None:
    alone, other = differing()
    found = [lane["text"] for lane in race([other, alone], run="r")["lanes"]]
    assert found[0] == {"of": 1, "equal": False, "at": 3, "margin": 0.0125}
    assert found[1] == {"of": 1, "equal": True, "at": None, "margin": None}
    unchecked = replace(other, footer=replace(other.footer, parity=alone.footer.parity))
    assert race([alone, unchecked], run="r")["lanes"][1]["text"]["margin"] is None


def test_without_the_model_alone_there_is_no_speed_up_and_the_first_is_compared_with() -> None:
    message = race(lanes("suffix", "aded"), run="r")
    assert message["alone"] is None
    assert [lane["text"]["of"] for lane in message["lanes"]] == [0, 0]
    assert [lane["numbers"]["speedup_measured"] for lane in message["lanes"]] == [None, None]


def test_what_cannot_race_is_refused() -> None:
    one, other = lanes(ALONE, "suffix")
    for traces in ([], [one], [one] * 5):
        with pytest.raises(ValueError, match="2 to 4"):
            race(traces, run="r")
    sampled = replace(other, header=replace(other.header, sampling=SamplingInfo(0.6, 0, 1.0, 0)))
    with pytest.raises(ValueError, match="share"):
        race([one, sampled], run="r")
    penalised = replace(other, header=replace(other.header, processors={"repetition_penalty": 1.1}))
    with pytest.raises(ValueError, match="share"):
        race([one, penalised], run="r")


def test_two_runs_side_by_side_name_what_differs() -> None:
    one, other = lanes(ALONE, "suffix")
    other = replace(other, header=replace(other.header, method=MethodInfo("suffix", {"alpha": 3.0})))
    message = pair(one, other, run="p", names=("left", "right"))
    assert differ(message) == {"method", "knobs"}
    assert (message["same_prompt"], message["sampled"], message["at"]) == (True, False, None)
    assert [scene["run"] for scene in message["scenes"]] == ["p-left", "p-right"]
    knob = MethodInfo("suffix", {"alpha": 2.0})
    tuned = pair(other, replace(other, header=replace(other.header, method=knob)), run="p", names=("a", "b"))
    assert differ(tuned) == {"knob.alpha"}
    asked = replace(other.header, processors={"repetition_penalty": 1.1, "suppress_tokens": "[3]"})
    processed = pair(other, replace(other, header=asked), run="p", names=("a", "b"))
    assert differ(processed) == {"processors"}
    said = next(right for name, _, right in processed["fields"] if name == "processors")
    assert said == "repetition_penalty = 1.1, suppress_tokens = [3]"


def differ(message: dict[str, object]) -> set[str]:
    return {name for name, left, right in message["fields"] if left != right}  # type: ignore[attr-defined]


def test_texts_part_where_the_first_token_differs_or_one_ends() -> None:
    assert divergence([1, 2, 3], [1, 2, 3]) is None
    assert divergence([1, 2, 3], [1, 9, 3]) == 1
    assert divergence([1, 2], [1, 2, 3]) == 2
    assert divergence([], [5]) == 0


@pytest.mark.parametrize("folder", sorted(path.name for path in RACES.iterdir()))
def test_a_shipped_race_is_one(folder: str) -> None:
    traces = [Trace.load(path) for path in sorted((RACES / folder).glob("*.jsonl"))]
    message = race(traces, run="r")
    assert message["alone"] == 0
    for lane, trace in zip(message["lanes"], traces, strict=True):
        *_, end = accumulate(step.seconds.total for step in trace.steps[1:])
        assert lane["numbers"]["seconds"] == pytest.approx(end, rel=1e-5)
        assert lane["numbers"]["speedup_measured"] is not None
        assert lane["text"]["equal"] == trace.footer.parity.equal


def test_shipped_races_are_small() -> None:
    assert sum(path.stat().st_size for path in RACES.rglob("*.jsonl")) < 500_000
