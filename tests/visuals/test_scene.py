"""The scene: plain JSON, small, and the same whether it came whole or in deltas."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import replace

import pytest

from accel.trace import Match, Observe, Observed, Parity, Trace, Verdict
from tests.visuals.runs import NUM_LAYERS, RunBook, chain, tree
from visuals.scene import SceneWriter, applied, scene, whole
from visuals.step_json import COUNTERS, MAX_NODES


def size(message: object) -> int:
    return len(json.dumps(message, allow_nan=False, separators=(",", ":")))


def typical(observe: Observe) -> Trace:
    """A run of eight drafts a step out of a vocabulary of 400 words."""
    dice = random.Random(0)
    book = RunBook(observe=observe)
    book.prefill()
    for step in range(20):
        tip = parent = book.tip
        drafted = []
        for depth in range(8):
            parent = book.draft(parent, f" word{dice.randrange(400)}", 1 / (depth + 1.3))
            drafted.append(parent)
        book.run(tip, *drafted)
        for slot in drafted[:5]:
            book.log(Verdict(slot, "drawn", dice.random(), dice.random(), dice.random(), slot < drafted[4]))
        book.log(*(Match("text", length, 2, length * 0.7, length == 6) for length in range(1, 7)))
        for slot in (tip, *drafted) if observe == "full" else ():
            guesses = [book.token(f" word{dice.randrange(400)}") for _ in range(NUM_LAYERS)]
            book.log(*(Observed(slot, at + 1, token, dice.random()) for at, token in enumerate(guesses)))
        book.commit(tuple(drafted[:4]), f" own{step}", "recovered")
    return book.trace()


def deltas(trace: Trace, together: int = 1) -> list[dict[str, object]]:
    writer = SceneWriter("r1", trace.header)
    steps = trace.steps
    batches = [steps[at : at + together] for at in range(0, len(steps), together)]
    return [writer.start(), *(writer.add(batch) for batch in batches), writer.finish(trace.footer)]


@pytest.mark.parametrize("make", [chain, tree])
@pytest.mark.parametrize("together", [1, 2])
def test_deltas_one_by_one_are_the_whole_scene(make, together) -> None:  # type: ignore[no-untyped-def]
    trace = make().trace(measured=True)
    message = None
    for delta in deltas(trace, together):
        message = applied(message, json.loads(json.dumps(delta)))
    assert message is not None
    expected = json.loads(json.dumps(scene(trace, run="r1")))
    assert message | {"seq": 0} == expected


def test_deltas_are_numbered_and_name_their_run() -> None:
    found = deltas(chain().trace())
    assert [delta["seq"] for delta in found] == list(range(len(found)))
    assert {delta["run"] for delta in found} == {"r1"}


def test_the_whole_so_far_stands_for_the_deltas_up_to_its_number() -> None:
    trace = chain().trace()
    so_far = whole(trace.header, trace.steps[:2], None, run="r1", seq=2)
    assert so_far["seq"] == 2
    assert len(so_far["steps"]) == 2
    assert "end" not in so_far


@pytest.mark.parametrize(("observe", "most"), [("decisions", 1_500), ("full", 2_200)])
def test_a_typical_step_is_small(observe, most) -> None:  # type: ignore[no-untyped-def]
    sizes = sorted(size(delta) for delta in deltas(typical(observe))[2:-1])
    assert sizes[-1] < most, sizes


def test_a_token_is_spelt_out_once() -> None:
    trace = chain().trace()
    spelt = [label for step in scene(trace)["steps"] for label in step["labels"].values()]
    assert len(spelt) == len(set(spelt))
    named = {node[2] for step in scene(trace)["steps"] for node in step["nodes"]}
    assert {str(token) for token in named} <= {
        key for step in scene(trace)["steps"] for key in step["labels"]
    }


def test_a_huge_tree_is_cut_but_keeps_the_path_taken() -> None:
    book = RunBook()
    book.prefill()
    for _ in range(MAX_NODES + 50):
        last = book.draft(book.tip, " e")
    book.run(book.tip, last)
    book.commit((last,), " f", "bonus")
    step = scene(book.trace())["steps"][1]
    slots = [node[0] for node in step["nodes"]]
    assert len(slots) == MAX_NODES + 2
    assert last in slots
    assert step["num_left_out"] == 50


def test_a_huge_token_is_cut() -> None:
    book = RunBook()
    book.prefill("x" * 100_000)
    assert size(scene(book.trace())) < 10_000


def test_a_decision_can_be_made_again_from_what_is_sent() -> None:
    book = RunBook()
    book.prefill()
    close = book.draft(book.tip, " e")
    book.run(book.tip, close)
    book.log(Verdict(close, "drawn", 0.3, 0.30000000000000004, 0.3, True))
    book.commit((close,), " f", "bonus")
    (_, _, _, accept_prob, draw, accepted) = scene(book.trace())["steps"][1]["verdicts"][0]
    assert (draw < accept_prob) == accepted


def test_counters_are_those_of_the_run_so_far() -> None:
    steps = scene(chain().trace())["steps"]
    by_name = [dict(zip(COUNTERS, step["numbers"], strict=True)) for step in steps]
    assert [numbers["num_tokens"] for numbers in by_name] == [1, 4, 5]
    assert by_name[0]["tokens_per_second"] is None
    assert by_name[1]["mean_acceptance_length"] == 3


def test_what_a_stop_string_cut_is_told() -> None:
    book = chain()
    full = book.trace(" d e f g h")
    assert scene(full)["end"]["dropped"] == []
    cut = book.trace(" d e f")
    assert scene(cut)["end"]["dropped"] == [[6, ""], [8, ""]]
    assert scene(book.trace(" d e "))["end"]["dropped"] == [[5, " "], [6, ""], [8, ""]]
    assert scene(book.trace("tidied up"))["end"]["dropped"] == []


def test_parity_and_baseline_are_passed_on() -> None:
    trace = chain().trace(measured=True)
    end = scene(trace)["end"]
    assert end["baseline"] == {"num_tokens": 10, "seconds": 9}
    other = replace(trace, footer=replace(trace.footer, parity=Parity(True, False, 3, 0.0625)))
    found = scene(other)["end"]["parity"]
    assert found == {"checked": True, "equal": False, "first_divergence": 3, "margin": 0.0625}


def test_confidences_keep_three_digits() -> None:
    book = RunBook(observe="full")
    book.prefill()
    book.run(book.tip)
    for layer, sure in ((1, 0.0), (2, 0.3333), (4, 0.99999)):
        book.log(Observed(book.tip, layer, 0, sure))
    book.commit((), " e", "plain")
    looks = scene(book.trace())["steps"][1]["looks"]
    assert [(slot, first) for slot, first, _, _ in looks] == [(3, 1), (3, 4)]  # layer 3 was not looked at
    assert [_confidences(digits) for _, _, digits, _ in looks] == [
        pytest.approx([0.0, 0.3333], abs=2e-4),
        [pytest.approx(0.99976, abs=1e-5)],  # not 1, which it was not
    ]


def _confidences(digits: str) -> list[float]:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    return [(alphabet.index(one) * 64 + alphabet.index(two)) / 4095 for one, two in pairs]


def test_pictures_need_neither_torch_nor_gradio() -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'gradio', 'transformers'): sys.modules[name] = None\n"
        "import visuals, visuals.export\n"
        "from visuals.charts import draft_tree, layer_grid, timeline\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
