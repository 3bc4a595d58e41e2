"""What it costs to read and draw a trace grows with its bytes, whatever they say; limits are named by field."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from accel import trace_limits
from accel.metrics import metrics
from accel.trace import Calibration, LayerRun, Occurrence, Prompt, Seconds, Trace, TraceError
from accel.trace_limits import MAX_DRAFTS_PER_STEP, MAX_LANES, MAX_LAYERS, MAX_PIECE_BYTES, MAX_SOURCES
from tests.damaged_traces import USES, views
from tests.visuals.runs import RunBook, chain
from visuals.layout import lanes_of
from visuals.pieces import joined
from visuals.reading import Reader, read
from visuals.scene import packed, scene
from visuals.tables import tokens_csv


def seconds_of(work: Callable[[], Any]) -> float:
    """Seconds of processor time."""
    began = time.process_time()
    work()
    return time.process_time() - began


def megabytes_of(work: Callable[[], Any]) -> float:
    """The most memory held at once."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def lines_with(change: Callable[[list[Any]], None], book: RunBook | None = None) -> list[str]:
    """The lines of a run, its JSON values changed."""
    values = [json.loads(line) for line in (book or chain()).trace().lines()]
    change(values)
    return [json.dumps(value) for value in values]


def refused(lines: list[str], said: str) -> None:
    with pytest.raises(TraceError, match=said):
        Trace.from_lines(lines)


def test_a_long_piece_in_a_long_prompt_costs_what_is_shown_of_it():
    book = RunBook(prompt=("a" * MAX_PIECE_BYTES,))
    book.header = replace(book.header, prompt=Prompt((0,) * 25_000))
    book.num_slots, book.tip = 25_000, 24_999
    book.prefill()
    trace = book.trace()
    shown = scene(trace)["steps"][0]["prompt"]
    assert shown == "a" * 20_000 + "… (+24,996 tokens)"
    for name, use in USES.items():
        assert seconds_of(lambda use=use: use(trace)) < 2.0, name
    assert megabytes_of(lambda: scene(trace)) < 20


def test_a_piece_longer_than_any_token_is_refused():
    def change(values: list[Any]) -> None:
        values[1]["pieces"]["0"] = "é" * (MAX_PIECE_BYTES // 2 + 1)

    refused(lines_with(change), r"line 2\.pieces\.0: 4,098 bytes; a token has at most 4,096")
    values = lines_with(lambda values: values[1]["pieces"].update({"0": [255] * (MAX_PIECE_BYTES + 1)}))
    refused(values, r"line 2\.pieces\.0: 4,097 bytes")


def repeated(piece: str, steps: int) -> list[str]:
    """A run that commits one piece again and again."""
    book = RunBook()
    for _ in range(steps):
        book.commit((), piece, "plain")
    return [*Trace(book.header, tuple(book.steps), chain().trace().footer).lines()]


def test_one_long_piece_committed_in_every_step_is_bounded_as_text():
    refused(
        repeated("a" * MAX_PIECE_BYTES, 4_097),
        r"pieces: .* come to 16,781,312 bytes of text; at most 16,777,216",
    )
    trace = Trace.from_lines(repeated("\u202e" * 1_000, 300))
    assert seconds_of(lambda: packed(scene(trace))) < 5.0


def test_excerpts_of_one_text_in_every_step_are_bounded_together():
    book = RunBook()
    book.prefill("a" * 1_000)
    tokens = (book.token("a" * 1_000),) * 3
    for _ in range(1_500):
        book.log(*[Occurrence("text", 1, 0, 2, 0, tokens)] * 4)
        book.commit((), " b", "plain")
    places = [place for step in scene(book.trace())["steps"] for place in step.get("places", ())]
    shown = sum(len(text) for place in places for text in place[4])
    assert 4_000_000 <= shown <= 4_500_000  # the limit, and for each text the number of tokens left out
    assert places[-1][4] == ["… (+1 token)"] * 3


@pytest.mark.parametrize(
    "parent", [lambda at: at - 1, lambda at: 0, lambda at: max(0, at - 2), lambda at: at // 2]
)
def test_a_tree_is_laid_out_in_time_proportional_to_its_nodes(parent):
    def seconds(nodes: int) -> float:
        parents = {at: parent(at) if at else None for at in range(nodes)}
        return min(seconds_of(lambda: lanes_of(parents)) for _ in range(3))

    assert seconds(16_000) < 12 * seconds(4_000) + 0.05  # four times as long, where it was sixteen


def test_lanes_are_counted_once_for_all_steps_and_there_are_only_so_many():
    book = RunBook()
    book.prefill()
    book.log(*[LayerRun(f"lane {at}", 0, 1, (book.tip,)) for at in range(MAX_LANES - 1)])
    book.commit((), " e", "plain")
    assert "layer_calls_lane 3" in metrics(book.trace())
    assert not any(name.startswith("layer_calls_lane") for name in read(book.trace())[1][-1].numbers)
    book.log(LayerRun("one more", 0, 1, (book.tip,)))
    book.commit((), " f", "plain")
    refused(
        [*Trace(book.header, tuple(book.steps), chain().trace().footer).lines()],
        "step 2, LayerRun.lane: more than 64",
    )


def test_drafts_of_a_step_and_names_of_sources_are_bounded():
    def change(values: list[Any]) -> None:
        events = values[2]["events"]
        events[0:2] = [{**events[0], "slot": 4 + at, "parent": 3} for at in range(MAX_DRAFTS_PER_STEP + 1)]

    refused(lines_with(change), "step 1, Draft: 4,097 of them; at most 4,096")
    match = {"kind": "Match", "length": 1, "count": 1, "score": 1.0, "chosen": False}
    named = [{**match, "source": f"source {at}"} for at in range(MAX_SOURCES + 1)]
    refused(
        lines_with(lambda values: values[1]["events"].__setitem__(slice(0, 0), named)),
        "step 0, source: more than 64",
    )


def test_a_calibration_is_short_and_has_a_time_for_each_row():
    def change(rows: int, seconds: int) -> Callable[[list[Any]], None]:
        found = {"rows": list(range(1, rows + 1)), "pass_seconds": [0.1] * seconds, "readout_seconds": 0.1}
        return lambda values: values[0].update(calibration=found)

    refused(lines_with(change(1_025, 1_025)), r"line 1\.calibration\.rows: 1,025 items; at most 1,024")
    refused(lines_with(change(3, 2)), r"line 1\.calibration\.rows: 3 of them, but 2 pass_seconds")
    book = chain()
    book.header = replace(book.header, calibration=Calibration((2, 4), (0.1, 0.2), 0.0))
    assert "speedup_modelled" not in metrics(book.trace())  # nothing says what one row costs


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ((0, "model", "num_layers"), 2**53, r"line 1\.model\.num_layers: expected a number from 1 to 4,096"),
        ((0, "model", "num_layers"), 0, r"line 1\.model\.num_layers"),
        ((0, "calibration", "pass_seconds"), [0.1, 1e308], r"line 1\.calibration\.pass_seconds\[1\]"),
        ((0, "calibration", "readout_seconds"), 1e10, r"line 1\.calibration\.readout_seconds"),
        ((2, "seconds", "verify"), 1e10, r"line 3\.seconds\.verify: expected a number from 0 to 1,000,000,000"),
        ((2, "seconds", "draft"), -0.5, r"line 3\.seconds\.draft"),
        ((4, "baseline"), {"num_tokens": 3, "seconds": 1e308}, r"line 5\.baseline\.seconds"),
        ((4, "baseline"), {"num_tokens": -3, "seconds": 1.0}, r"line 5\.baseline\.num_tokens"),
        ((4, "parity", "margin"), 1e308, r"line 5\.parity\.margin: expected a number from -1e\+18 to 1e\+18"),
        ((0, "limits", "stop"), ["x"] * 1_001, r"line 1\.limits\.stop: 1,001 items; at most 1,000"),
    ],
)  # fmt: skip
def test_a_value_that_no_picture_can_bear_is_refused_by_line_and_field(path, value, said):
    def change(values: list[Any]) -> None:
        *parents, last = path
        for part in parents:
            values = values[part]
        values[last] = value

    refused(lines_with(change), said)


def test_a_run_of_no_time_has_no_rate():
    trace = chain().trace(measured=True)
    none = Seconds(draft=5e-324, verify=0.0, other=0.0, observe=0.0)
    trace = replace(trace, steps=tuple(replace(step, seconds=none) for step in trace.steps))
    assert not {"tokens_per_second", "drafting_share", "speedup_measured", "speedup_modelled"} & set(
        metrics(trace)
    )
    for use in (*USES.values(), views):
        use(trace)


def test_a_table_of_cosines_has_a_row_for_each_layer_at_most():
    plan = {"kind": "SkipPlan", "skipped": [], "similarity": [[1]] * (MAX_LAYERS + 2)}
    refused(
        lines_with(lambda values: values[1]["events"].insert(0, plan)),
        r"similarity: 4,098 items; at most 4,097",
    )


def test_a_residual_has_a_probability_for_each_token():
    residual = {"kind": "Residual", "slot": 0, "tokens": [1, 2], "probs": [0.5]}
    refused(
        lines_with(lambda values: values[1]["events"].insert(0, residual)),
        "step 0, Residual: as many tokens as probs",
    )


def test_a_line_is_only_so_long(monkeypatch):
    monkeypatch.setattr("accel.trace_reader.MAX_LINE", 1_000)
    refused(
        [*chain().trace().lines()][:1] + ["x" * 1_001] * 2, "line 2: 1,001 characters; at most 1,000 are read"
    )


def test_a_token_is_labelled_once_and_anew_when_its_piece_changes():
    book = chain()
    reader = Reader(book.header)
    step = book.steps[0]
    reader.read(step)
    assert reader.label(0) == "a"
    reader.read(replace(book.steps[1], pieces={0: b"other"}))
    assert reader.label(0) == "other"


def test_what_is_left_out_of_a_joined_text_is_not_read():
    class Counted(list[bytes]):
        read = 0

        def __iter__(self):  # type: ignore[no-untyped-def]
            for piece in super().__iter__():
                self.read += 1
                yield piece

    pieces = Counted([b"abc"] * 1_000)
    assert joined(pieces, 10) == "abcabcabca… (+997 tokens)"
    assert pieces.read == 4
    assert joined([b"abc", b"\xe2\x82", b"\xac"], 4) == "abc€"


def test_a_table_of_a_bounded_text_is_bounded():
    trace = Trace.from_lines(repeated("a" * MAX_PIECE_BYTES, 1_000))
    assert len(tokens_csv(trace)) < 1_000 * (MAX_PIECE_BYTES + 200)


def test_every_limit_stands_in_the_documents():
    from tests.test_docs import ROOT

    text = (ROOT / "docs" / "trace.md").read_text(encoding="utf-8")
    for name, value in vars(trace_limits).items():
        if name.startswith("MAX_") and name not in ("MAX_NUMBER", "MAX_SECONDS"):
            assert f"{value:,}" in text, name
