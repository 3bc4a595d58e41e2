"""A sweep's measured points are runs with those knobs, and its predictions are those of the recorded run."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import accel
from accel.__main__ import main
from accel.errors import InputError
from accel.outcome import Point, front
from accel.replay import read_pairs
from accel.request import check_request
from accel.sweep import Measured, Progress, measure, sweep
from accel.whatif import whatif
from tests.tiny import save_tiny, tiny

PROMPT = [5, 17, 42, 7, 5, 17, 42, 9, 5, 17]
TERMS = {
    "max_new_tokens": 40, "temperature": 0.0, "top_k": 0, "top_p": 1.0, "stop": (), "seed": 0,
    "observe": "decisions", "chat": False, "draft": None,
}  # fmt: skip


@pytest.mark.parametrize(("method", "knob", "values"), [
    ("suffix", "alpha", ["0.5", "3"]),
    ("adadecode", "threshold", ["0.2", "1.05"]),
    ("prompt_lookup", "num_draft_tokens", ["2", "8"]),
])  # fmt: skip
def test_each_point_is_a_run_with_that_value(method, knob, values):
    model = tiny()
    knobs = {"layers": "1,2", "heads": "plain"} if method == "adadecode" else {"calibrated": False}
    request = check_request(model, PROMPT, method=method, knobs=knobs, **TERMS)
    points = sweep(model, request, {knob: values}, 1)
    recorded = accel.generate(model, PROMPT, method=method, knobs=knobs, max_new_tokens=40, observe="full")
    for point, value in zip(points, values, strict=True):
        run = accel.generate(model, PROMPT, method=method, knobs={**knobs, knob: value}, max_new_tokens=40)
        assert point.same_text
        assert point.layer_calls_per_token == run.metrics["layer_calls_per_token"]
        assert point.speedup > 0
        if method == "prompt_lookup":
            assert point.predicted is None
        else:
            expected = whatif(recorded, {knob: float(value)})
            assert point.predicted.layer_calls_per_token == expected.layer_calls_per_token
            assert point.predicted.kind == expected.kind


def asked(knobs, method="adadecode", tokens=40):
    return check_request(tiny(), PROMPT, method=method, knobs=knobs, **{**TERMS, "max_new_tokens": tokens})


def test_two_knobs_make_a_grid_and_each_point_comes_as_it_is_measured():
    request = asked({"layers": "1,2", "heads": "plain"})
    grid = {"threshold": ["0.2", "1.05"], "max_early": ["1", "4"]}
    told = list(measure(tiny(), request, grid, 1))
    found = [one for one in told if isinstance(one, Measured)]
    shares = [one.fraction for one in told if isinstance(one, Progress)]
    expected = [{"threshold": t, "max_early": e} for t in (0.2, 1.05) for e in (1, 4)]
    assert [one.point.knobs for one in found] == expected
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    for one in found:
        assert one.trace.header.method.knobs.items() >= one.point.knobs.items()
        run = accel.generate(tiny(), PROMPT, method="adadecode", max_new_tokens=40,
                             knobs={"layers": "1,2", "heads": "plain", **one.point.knobs})  # fmt: skip
        assert one.trace.tokens == run.tokens
        drafted = run.metrics["num_draft_tokens"]
        lost = drafted - run.metrics["num_accepted_tokens"]
        assert one.point.not_kept_share == (lost / drafted if drafted else 0)


def test_a_sweep_is_stopped_within_a_step():
    request, seen, reasons = asked({"layers": "1,2", "heads": "plain"}), [], []
    for one in measure(tiny(), request, {"threshold": ["0.2", "0.4"]}, 1, lambda: next(iter(reasons), None)):
        seen.append(one)
        if isinstance(one, Measured):
            reasons.append("cancelled")
    after = len(seen) - next(at for at, one in enumerate(seen) if isinstance(one, Measured)) - 1
    assert after == 0
    assert sum(isinstance(one, Measured) for one in seen) == 1


def point(calls, speedup):
    return Point("", {}, None, calls, 1.0, None, 0.0, speedup, True)


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=12))
def test_the_front_is_what_brute_force_finds(pairs):
    points = [point(float(calls), float(speedup)) for calls, speedup in pairs]

    def beats(one, other):
        better = (one.layer_calls_per_token < other.layer_calls_per_token, one.speedup > other.speedup)
        as_good = (one.layer_calls_per_token <= other.layer_calls_per_token, one.speedup >= other.speedup)
        return all(as_good) and any(better)

    expected = [one for one in points if not any(beats(other, one) for other in points)]
    assert sorted(map(id, front(points))) == sorted(map(id, expected))


def test_the_command_turns_two_knobs(capsys, monkeypatch, tmp_path):
    save_tiny(tmp_path)
    line = "sweep the --method prompt_lookup --knob num_draft_tokens --values 2,4 --rounds 1 --json --max-new-tokens 8"
    words = [*line.split(), "--second", "longest_match", "--second-values", "1,3", "--model", str(tmp_path)]
    monkeypatch.setattr("sys.argv", ["accel", *words])
    assert main() == 0
    said = json.loads(capsys.readouterr().out)
    assert said["knobs"] == ["num_draft_tokens", "longest_match"]
    pairs = [
        (point["knobs"]["num_draft_tokens"], point["knobs"]["longest_match"]) for point in said["points"]
    ]
    assert pairs == [(2, 1), (2, 3), (4, 1), (4, 3)]


def test_pairs_are_read_in_words(tmp_path):
    file = tmp_path / "pairs.jsonl"
    file.write_text('{"prompt": [1, 2], "answer": [3]}\n\n{"prompt": [], "answer": [4, 5]}\n')
    assert read_pairs(file, tokenizer=None) == [([1, 2], [3]), ([], [4, 5])]
    for line, said in (
        ("[]", "line 1"),
        ('{"prompt": [1]}', "line 1"),
        ('{"prompt": [1.5], "answer": [1]}', "token ids"),
    ):
        file.write_text(line)
        with pytest.raises(InputError, match=said):
            read_pairs(file, tokenizer=None)
    with pytest.raises(InputError, match="cannot be read"):
        read_pairs(tmp_path / "absent", tokenizer=None)


def test_replay_prints_one_object(tmp_path, capsys, monkeypatch):
    file = tmp_path / "pairs.jsonl"
    file.write_text('{"prompt": [1, 2, 3, 1, 2], "answer": [3, 1, 2, 3, 9]}\n')
    monkeypatch.setattr("sys.argv", ["accel", "replay", str(file), "--set", "alpha=8", "--json"])
    assert main() == 0
    assert json.loads(capsys.readouterr().out)["num_tokens"] == 5
