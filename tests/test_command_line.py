"""Nothing that a command worked out is lost without a word: outputs, signals, streams, encodings, cut records."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from accel.models.load import load
from accel.trace import Trace
from tests.command_line import Call, Ended, model_folder, play
from tests.fuzz_command_line import explore

ROOT = Path(__file__).parents[1]
SHORT = ("--dtype", "float32", "--no-chat", "--max-new-tokens", "12")
LONG = ("--dtype", "float32", "--no-chat", "--method", "autoregressive", "--max-new-tokens", "6000")
BOM = "\ufeffhello"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> str:
    return model_folder(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def roomy(tmp_path_factory) -> str:
    """A model whose context has room for an answer that takes many seconds."""
    return model_folder(tmp_path_factory.mktemp("roomy"), 8192)


def error_of(ended: Ended) -> str:
    """The one line that says why it failed."""
    assert not ended.is_hung
    assert "Traceback" not in ended.err
    assert "Exception ignored" not in ended.err
    said = [line for line in ended.err.splitlines() if line.startswith(("error: ", "stopped"))]
    assert len(said) == 1, ended.err
    return said[0]


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("run", "x", "--trace", "{}/none/t.jsonl"), "--trace"),
        (("run", "x", "--trace", "{}/file/t.jsonl"), "--trace"),
        (("run", "x", "--trace", "{}"), "--trace"),
        (("bench", "--out", "{}/file"), "--out"),
        (("bench", "--out", "/proc/none"), "--out"),
        (("heads", "train", "--out", "{}/file"), "--out"),
        (("heads", "train", "--out", "/proc/none"), "--out"),
    ],
)
def test_an_output_that_cannot_be_written_is_named_before_the_model_is_loaded(words, option, tmp_path):
    (tmp_path / "file").write_text("")
    words = tuple(word.format(tmp_path) for word in words)
    environment = {"DRAFTSCOPE_CACHE": str(tmp_path / "cache")}
    ended = play(Call((*words, "--model", "no-such"), environment=environment))
    assert (ended.code, ended.out) == (2, b"")
    assert error_of(ended).startswith(f"error: {option}: cannot write")
    assert (tmp_path / "file").read_text() == ""


def test_the_text_is_printed_where_the_disk_is_full(folder, tmp_path):
    path = tmp_path / "trace.jsonl"
    words = ("run", "hello the", "--model", folder, *SHORT, "--trace", str(path))
    ended = play(Call(words, largest_file=4096))
    assert error_of(ended).startswith(f"error: --trace: cannot write {path}")
    assert (ended.code, list(tmp_path.iterdir())) == (2, [])
    assert ended.out == play(Call(words)).out != b""


@pytest.mark.parametrize("check", [(), ("--check",)])
@pytest.mark.parametrize(("at", "kept"), [(1, 0), (5, 4)])
def test_a_model_that_fails_in_the_middle_costs_no_text(at, kept, check, folder, tmp_path, monkeypatch):
    layers = load(folder, device="cpu", dtype="float32").layers
    head, calls = layers.head, count(1)
    broken = staticmethod(lambda normed: head(normed) * (float("nan") if next(calls) >= at else 1.0))
    monkeypatch.setattr(type(layers), "head", broken)
    trace = tmp_path / "t.jsonl"
    words = (
        "run",
        "hello",
        "--model",
        folder,
        *SHORT,
        "--method",
        "autoregressive",
        "--trace",
        str(trace),
        *check,
    )
    ended = play(Call(words))
    assert ended.code == 1
    assert "not finite numbers" in error_of(ended)
    assert trace.exists() == bool(ended.out) == bool(kept)
    if kept:
        assert len(Trace.load(trace).tokens) == kept
        assert Trace.load(trace).finish_reason == "cancelled"
        assert ended.out.decode().strip() == Trace.load(trace).text.strip()


def test_a_trace_may_go_to_a_device(folder, tmp_path):
    device = tmp_path / "device"
    device.symlink_to(os.devnull)
    ended = play(Call(("run", "hello the", "--model", folder, *SHORT, "--trace", str(device))))
    assert ended.code == 0, ended.err
    assert device.is_char_device()


def test_a_model_folder_whose_name_is_no_text_gets_a_trace_or_is_refused(folder, tmp_path):
    link, real = tmp_path / "link" / "caf\udce9", tmp_path / "real" / "caf\udce9"
    link.parent.mkdir()
    link.symlink_to(folder)
    path = tmp_path / "trace.jsonl"
    ended = play(Call(("run", "hello", "--model", str(link), *SHORT, "--trace", str(path), "--json")))
    assert ended.code == 0, ended.err
    assert Trace.load(path).header.model.name.endswith("caf\\udce9")
    assert json.loads(ended.out)["model"]["name"].endswith("caf\\udce9")
    shutil.copytree(folder, real)
    ended = play(Call(("run", "hello", "--model", str(real), *SHORT)))
    assert ended.code == 2, "the library reads no tokenizer there"
    error_of(ended)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("as_json", [False, True])
def test_a_signal_ends_a_run_with_its_text_and_a_whole_trace(number, as_json, roomy, tmp_path):
    path = tmp_path / "trace.jsonl"
    words = ("run", "hello", "--model", roomy, *LONG, "--trace", str(path))
    for after in (1.0, 4.0, 12.0):  # on a busy machine decoding may not have begun
        ended = play(Call((*words, "--json") if as_json else words, signals=((number, after),)))
        assert ended.code == 128 + number
        if ended.err != "stopped\n":
            break
    assert error_of(ended).startswith("stopped: the text so far is printed and in")
    trace = Trace.load(path)
    assert trace.finish_reason == "cancelled"
    assert 0 < len(trace.tokens) < 6000
    text = json.loads(ended.out)["text"] if as_json else ended.out.decode().removesuffix("\n")
    assert text == trace.text


def test_a_second_signal_does_not_wait(roomy):
    words = ("run", "hello", "--model", roomy, *LONG)
    ended = play(Call(words, signals=((signal.SIGINT, 2.0), (signal.SIGINT, 2.001))))
    assert ended.code == 128 + signal.SIGINT
    error_of(ended)


def test_signals_that_the_parent_ignores_stay_ignored(folder):
    command = f"trap '' INT; exec {sys.executable} -c \"$SCRIPT\""
    script = (
        "import signal; from accel.interrupts import INTERRUPTS\n"
        "with INTERRUPTS.handled(): print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
    )
    env = {**os.environ, "SCRIPT": script}
    done = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"


ALPHAS = ",".join(f"{number / 100}" for number in range(1, 400))
MEASURED = [
    ("compare word --methods suffix --rounds 1000 --max-new-tokens 4", "rows"),
    (f"sweep word --method suffix --knob alpha --rounds 2 --max-new-tokens 4 --values {ALPHAS}", "points"),
]


@pytest.mark.parametrize(("words", "rows"), MEASURED, ids=["compare", "sweep"])
def test_a_signal_ends_a_measurement_with_what_was_measured(words, rows, folder):
    words = (*words.split(), "--model", folder, "--dtype", "float32", "--json")
    ended = play(Call(words, signals=((signal.SIGTERM, 4.0),)))
    assert ended.code == 128 + signal.SIGTERM
    found = json.loads(ended.out)
    measured = found["rounds"] if rows == "rows" else len(found["points"])
    assert found[rows]
    assert 0 < measured < 399
    assert error_of(ended).startswith(f"stopped: {measured} of ")


BENCH = ("bench", "--suite", "chat", "--prompts", "1", "--methods", "suffix", "--max-new-tokens", "4")


def test_a_signal_ends_a_benchmark_that_goes_on(roomy, tmp_path):
    words = (*BENCH, "--dtype", "float32", "--model", roomy, "--out", str(tmp_path), "--baselines", "none")
    ended = play(Call((*words, "--rounds", "100"), signals=((signal.SIGINT, 3.0),)))
    assert ended.code == 128 + signal.SIGINT
    records = (tmp_path / "records.jsonl").read_text().splitlines()[1:]
    assert error_of(ended).startswith(f"stopped: {len(records) // 2} of 100 parts are in {tmp_path}")
    assert json.loads((tmp_path / "bench.json").read_text())["rows"]


def test_a_benchmark_measures_a_part_again_whose_records_were_cut(roomy, tmp_path):
    words = (
        *BENCH,
        "--dtype",
        "float32",
        "--model",
        roomy,
        "--out",
        str(tmp_path),
        "--rounds",
        "3",
        "--json",
    )
    whole = play(Call(words))
    assert whole.code == 0, whole.err
    records = tmp_path / "records.jsonl"
    lines = records.read_text().splitlines(keepends=True)
    assert len(lines) == 1 + 3 * 4
    for cut, dropped in ((lines[:-2], 2), ([*lines[:-1], lines[-1][:30]], 3), ([lines[0][:30]], 0)):
        records.write_text("".join(cut))
        again = play(Call(words))
        assert again.code == 0, again.err
        assert len(records.read_text().splitlines()) == len(lines)
        assert (f"{dropped} records of a part" in again.err) == (dropped > 0)
        assert records.read_text().startswith("".join(lines[: 1 + 2 * 4 if dropped else 0]))


def test_a_benchmark_names_the_prompts_that_are_too_long_and_goes_on(folder, tmp_path):
    words = ("bench", "--suite", "summarisation,chat", "--prompts", "2", "--methods", "suffix", "--json")
    words += ("--model", folder, "--dtype", "float32", "--max-new-tokens", "4", "--out", str(tmp_path))
    ended = play(Call(words))
    assert ended.code == 0, ended.err
    left_out = json.loads(ended.out)["left_out"]
    assert [one["suite"] for one in left_out] == ["summarisation", "summarisation"]
    for one in left_out:
        assert f"left out: summarisation, {one['id']}: prompt: it is " in ended.err
    assert {row["suite"] for row in json.loads(ended.out)["rows"]} == {"chat"}
    none = play(Call((*words, "--suite", "summarisation")))
    assert none.code == 2
    assert error_of(none).startswith("error: --suite: no prompt can be read; summarisation, ")


def test_a_signal_says_where_the_heads_lessons_are(roomy, tmp_path):
    words = (
        "heads",
        "train",
        "--model",
        roomy,
        "--layers",
        "1",
        "--tokens",
        "10000000",
        "--dtype",
        "float32",
    )
    environment = {"DRAFTSCOPE_CACHE": str(tmp_path)}
    ended = play(Call(words, signals=((signal.SIGINT, 2.0),), environment=environment))
    assert ended.code == 128 + signal.SIGINT
    assert error_of(ended).startswith(f"stopped: answers and checkpoints so far are in {tmp_path}")


def test_any_encoding_of_standard_output_gets_the_text(folder):
    words = ("run", BOM, "--model", folder, *SHORT)
    text = json.loads(play(Call((*words, "--json"))).out)["text"]
    assert not text.isascii()
    for encoding in ("ascii", "cp1252", "latin-1", "utf-16", "cp037"):
        ended = play(Call((*words, "--json"), encoding=encoding))
        assert (ended.code, json.loads(ended.out.decode(encoding))["text"]) == (0, text)
        ended = play(Call(words, encoding=encoding))
        shown = text.encode(encoding, "backslashreplace").decode(encoding)
        assert (ended.code, ended.out.decode(encoding)) == (0, shown + "\n")


@pytest.mark.parametrize(
    ("output", "code", "said"),
    [
        ("closed", 1, "error: standard output: cannot be written: it is closed"),
        ("full", 1, "error: standard output: cannot be written: No space left on device"),
        ("read-only", 1, "error: standard output: cannot be written: Bad file descriptor"),
        ("broken", 141, ""),
    ],
)
def test_standard_output_that_cannot_be_written_is_an_error(output, code, said, folder):
    for words in (
        ("run", "hello", "--model", folder, *SHORT),
        ("doctor",),
        ("models", "--json"),
        ("--help",),
    ):
        ended = play(Call(words, output=output))
        assert ended.code == code
        assert said == "" or error_of(ended).startswith(said)
        assert "Traceback" not in ended.err
        assert "Exception ignored" not in ended.err


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
@pytest.mark.parametrize("unbuffered", ["1", ""])
def test_help_that_the_disk_cuts_off_is_an_error(encoding, unbuffered, tmp_path):
    out, asked = tmp_path / "out", f'ulimit -f 1; exec "{sys.executable}" -m accel run --help'
    env = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUNBUFFERED": unbuffered}
    with out.open("wb") as file:
        ended = subprocess.run(
            ["bash", "-c", asked], cwd=ROOT, env=env, stdout=file, stderr=subprocess.PIPE, text=True
        )
    assert (ended.returncode, ended.stderr) == (
        1,
        "error: standard output: cannot be written: File too large\n",
    )
    assert out.stat().st_size == 1024


@pytest.mark.parametrize(("errors", "code"), [("closed", 0), ("full", 1), ("broken", 1), ("read-only", 1)])
def test_messages_that_cannot_be_written_cost_no_text(errors, code, folder):
    words = ("run", "hello", "--model", folder, *SHORT)
    ended = play(Call(words, errors=errors))
    assert (ended.code, ended.out) == (code, play(Call(words)).out)
    assert json.loads(play(Call((*words, "--json"), errors=errors)).out)["text"] == ended.out.decode()[:-1]


@pytest.mark.parametrize(("given", "said"), [(None, "is closed"), (b"caf\xe9", "is not utf-8 text (byte 3)")])
def test_standard_input_that_cannot_be_read_is_named(given, said, folder):
    ended = play(Call(("run", "-", "--model", folder), given=given))
    assert ended.code == 2
    assert f"prompt: standard input {said}" in error_of(ended)


def test_a_byte_order_mark_of_standard_input_is_no_text(folder):
    words = ("--model", folder, *SHORT)
    marked = play(Call(("run", "-", *words), given=BOM.encode()))
    assert marked.out == play(Call(("run", "hello", *words))).out


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c"])
def test_a_line_of_pairs_ends_at_a_line_feed_alone(sign, folder, tmp_path):
    pairs = tmp_path / "pairs.jsonl"
    line = json.dumps({"prompt": f"first{sign}second", "answer": "a b a b"}, ensure_ascii=False)
    pairs.write_text(f"\ufeff{line}\n{line}\r\n", encoding="utf-8")
    ended = play(Call(("replay", str(pairs), "--model", folder, "--json")))
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["num_requests"] == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"prompt": [1], "answer": [2]}\n{"prompt": [1], "ans', "line 2, the last, is cut off"),
        (b'{"prompt": [1], "answer": [2]}\n{"prompt": [1]}\n', "line 2 is not {"),
        (b'{"prompt": "\xff"}', "is not UTF-8 text (byte 12)"),
    ],
)
def test_pairs_that_are_cut_or_not_text_are_named(content, said, tmp_path):
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_bytes(content)
    ended = play(Call(("replay", str(pairs))))
    assert ended.code == 2
    assert said in error_of(ended)


@pytest.mark.parametrize("command", ["doctor", "models", "replay pairs.jsonl", "run x"])
def test_a_missing_package_is_named_with_the_command_that_installs_it(command):
    script = "import sys; sys.modules['torch'] = None; from accel.__main__ import main; sys.exit(main())"
    words = [sys.executable, "-c", script, *command.split()]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert "torch" in done.stderr
    assert "python -m pip install -r requirements.txt" in done.stderr
    assert ("transformers" in done.stdout) == (command == "doctor")


@pytest.mark.parametrize("command", ["run", "compare", "sweep"])
def test_a_prompt_that_begins_with_a_dash_is_explained(command, folder):
    ended = play(Call((command, "-5 + 3 = ?", "--model", folder)))
    assert ended.code == 2
    assert "before a prompt that begins with a dash write --" in error_of(ended)
    ended = play(Call(("run", "--model", folder, *SHORT, "--", "-5 + 3 = ?")))
    assert ended.code == 0, ended.err


def test_an_option_that_is_not_there_is_no_prompt(folder):
    said = error_of(play(Call(("compare", "hello", "--model", folder, "--no-chat"))))
    assert said == "error: No such option: --no-chat"


def test_a_file_in_the_place_of_a_folder_is_named(folder, tmp_path):
    (tmp_path / "file").write_text("")
    said = error_of(play(Call(("bench", "--model", folder, "--out", str(tmp_path / "file")))))
    assert said.endswith("it is a file; name a folder, or a path where nothing is")


def test_method_names_may_have_spaces_between(folder):
    words = ("compare", "the end", "--methods", "suffix, prompt_lookup", "--model", folder, "--json")
    ended = play(Call((*words, "--rounds", "1", "--max-new-tokens", "3", "--dtype", "float32")))
    assert ended.code == 0, ended.err
    names = [row["name"] for row in json.loads(ended.out)["rows"]]
    assert names == ["autoregressive", "suffix", "prompt_lookup", "generate"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--knob alpha --values ,", "--values: no value"),
        ("--knob alpha --values 1 --second offset", "--second-values: no value"),
        ("--knob alpha --values 1 --second alpha --second-values 2", "--second: 'alpha' is turned already"),
        ("--knob alpha --values 1 --second-values 2", "--second-values: there is no second knob"),
    ],
)
def test_a_sweep_over_nothing_is_refused(words, said):
    ended = play(Call(("sweep", "x", "--method", "suffix", "--model", "no-such", *words.split())))
    assert ended.code == 2
    assert error_of(ended).startswith(f"error: {said}")


def test_random_command_lines_lose_nothing():
    assert explore(count=40, seed=0) == []
