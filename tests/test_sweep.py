"""A sweep's measured points are runs with those knobs, and its predictions are those of the recorded run."""

from __future__ import annotations

import json

import pytest

import accel
from accel.__main__ import main
from accel.errors import InputError
from accel.replay import read_pairs
from accel.request import check_request
from accel.sweep import sweep
from accel.whatif import whatif
from tests.tiny import tiny

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
    points = sweep(model, request, knob, values, 1)
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
