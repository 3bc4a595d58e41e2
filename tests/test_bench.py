"""The benchmark: what its table says of known records, and a small run of it, interrupted and taken up again."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

import accel
from accel.__main__ import main
from accel.arctic import is_installed
from accel.bench_arms import arms_of
from accel.bench_log import Log
from accel.bench_table import Record, interval, markdown, rows
from accel.errors import InputError
from accel.request import greedy_request
from accel.session import Session
from tests.prompts import REPEAT
from tests.tiny import tiny


def record(
    arm: str, item: str, tokens: int, seconds: float, steps: int | None = None, number: int = 0
) -> Record:
    return Record("chat", item, number, arm, tokens, steps, seconds, same_text=True)


RECORDS = [
    record("autoregressive", "a", 10, 1.0, 9),
    record("suffix", "a", 10, 0.5, 3),
    record("generate", "a", 10, 2.0),
    record("autoregressive", "b", 20, 2.0, 19),
    record("suffix", "b", 20, 2.0, 19),
    record("generate", "b", 20, 2.0),
]


def test_ratios_are_paired_prompt_by_prompt() -> None:
    loop, suffix, library = rows(RECORDS)
    assert (loop.mean, loop.total, loop.median) == (1.0, 1.0, 1.0)
    assert suffix.mean == suffix.median == 1.5
    assert suffix.total == pytest.approx(3.0 / 2.5)
    assert suffix.tokens_per_second == pytest.approx(30 / 2.5)
    assert suffix.tokens_per_step == pytest.approx(28 / 22)
    assert (suffix.low, suffix.high) == (1.0, 2.0)
    assert suffix.over_library == pytest.approx((4.0 + 1.0) / 2)
    assert (library.tokens_per_step, library.over_lookup) == (None, None)


def test_of_several_rounds_the_middle_one_of_each_prompt_counts() -> None:
    rounds = [record("suffix", "a", 10, seconds, 3, n) for n, seconds in enumerate((0.5, 0.1, 5.0))]
    found = rows([*RECORDS[:1], *rounds])[1]
    assert (found.num_prompts, found.median) == (1, 2.0)


def test_the_table_has_a_cell_for_every_column() -> None:
    lines = markdown(rows(RECORDS)).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert len(lines) == 2 + 3
    assert "None" not in lines[-1]


def test_the_interval_holds_the_middle_as_often_as_it_says() -> None:
    chance = random.Random(0)
    drawn = [[chance.expovariate(1.0) for _ in range(12)] for _ in range(4000)]
    held = sum(low <= 0.6931 <= high for low, high in map(interval, drawn)) / len(drawn)
    assert 0.95 <= held <= 0.98
    assert interval([3.0, 1.0, 2.0]) == (1.0, 3.0), "with so few the whole range"


def test_records_are_kept_a_part_at_a_time_and_belong_to_one_benchmark(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    Log(path, {"asked": 1}).add(RECORDS)
    assert Log(path, {"asked": 1}).records == RECORDS
    with pytest.raises(InputError, match="another benchmark"):
        Log(path, {"asked": 2})
    path.write_text(path.read_text() + "{\n")
    with pytest.raises(InputError, match="damaged"):
        Log(path, {"asked": 1})


def bench(out: Path, *more: str) -> list[str]:
    arguments = ["--suite", "editing,chat", "--prompts", "2", "--max-new-tokens", "6", "--methods", "suffix"]
    return ["bench", *arguments, "--out", str(out), "--dtype", "float32", *more]


@pytest.mark.slow
def test_a_run_that_was_broken_off_goes_on(embedded_folder, tmp_path, monkeypatch, capsys) -> None:
    arguments = bench(tmp_path, "--warm", "--baselines", "generate,generate+lookup", "--json")
    monkeypatch.setattr("sys.argv", ["accel", *arguments])
    assert main() == 0
    first = json.loads(capsys.readouterr().out)
    assert [(row["suite"], row["arm"]) for row in first["rows"]] == [
        (suite, arm)
        for suite in ("editing", "chat")
        for arm in ("autoregressive", "suffix", "suffix, warm", "generate", "generate+lookup")
    ]
    assert all(row["same_text"] == 1.0 and row["num_prompts"] == 2 for row in first["rows"])
    records = tmp_path / "records.jsonl"
    lines = records.read_text().splitlines()
    kept = [line for line in lines[1:] if json.loads(line)["suite"] == "editing"]
    records.write_text("\n".join([lines[0], *kept]) + "\n")
    assert main() == 0
    again = json.loads(capsys.readouterr().out)
    assert again["rows"][:5] == first["rows"][:5], "what was done is not measured again"
    assert len(again["rows"]) == 10
    assert (tmp_path / "bench.md").read_text().count("\n") == 12


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--suite", "poems"], "suite: 'poems' is not one of chat"),
        (["--methods", "magic"], "methods: 'magic' cannot be measured"),
        (["--methods", "draft_model"], "methods: 'draft_model' cannot"),
        (["--methods", "suffix:speed=2"], "knobs.speed: suffix has no such knob"),
        (["--methods", "suffix:offset=99"], "knobs.offset"),
        (["--baselines", "vllm"], "baselines: 'vllm' is not one of generate"),
        (["--prompts", "-1"], "--prompts: -1 is below 0"),
    ],
)
def test_a_wrong_name_is_refused(wrong, said, embedded_folder, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", ["accel", *bench(tmp_path / "new"), *wrong])
    assert main() == 2
    assert said in capsys.readouterr().err


@pytest.mark.skipif(not is_installed(), reason="arctic-inference is not installed")
def test_the_peer_drafts_and_changes_nothing(embedded_folder) -> None:
    model = accel.load("smollm2-135m", device="cpu", dtype="float32")

    request = greedy_request(model, REPEAT, "autoregressive", max_new_tokens=32)
    loop, *peers = arms_of(model, ["arctic"], [], warm=True)
    text = loop.answer(model, request, None)
    session = Session(model)
    for arm in (*peers, peers[-1]):
        answer = arm.answer(model, request, session if arm.is_warm else None)
        assert answer.tokens == text.tokens
        assert answer.num_steps < text.num_steps


def test_knobs_behind_a_name_are_the_methods() -> None:
    model = tiny()
    request = greedy_request(model, [3, 17, 42, 5] * 6, "autoregressive", max_new_tokens=64, chat=False)
    loop, none, some = arms_of(model, ["suffix:alpha=0", "suffix:calibrated=false:offset=2"], [], warm=False)
    assert [none.name, some.name] == ["suffix:alpha=0", "suffix:calibrated=false:offset=2"]
    text, undrafted, drafted = (arm.answer(model, request, None) for arm in (loop, none, some))
    assert text == undrafted  # nothing was guessed
    assert drafted.tokens == text.tokens
    assert drafted.num_steps < text.num_steps
