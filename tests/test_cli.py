"""The command line: one JSON object or one line of error, and nothing else where it is read by a program."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from accel.__main__ import main
from accel.methods import METHODS
from accel.trace import Trace
from tests.tiny import save_tiny

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> str:
    return save_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def call(capsys, monkeypatch):
    """Runs the command line in this process: (exit code, standard output, standard error)."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["accel", *words])
        capsys.readouterr()
        code = main()
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def one_object(text: str) -> dict:
    assert text.endswith("}\n")
    assert text.count("\n") == 1
    found = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert isinstance(found, dict)
    return found


def start(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error::UserWarning", "-m", "accel", *words]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=ROOT, env=env, input=given, capture_output=True, text=True, check=False
    )


def test_a_run_prints_one_object_and_saves_its_trace(folder, tmp_path):
    path = tmp_path / "trace.jsonl"
    done = start(
        *shlex.split("run - --method prompt_lookup --set longest_match=2 --set calibrated=false"),
        *shlex.split("--dtype float32 --max-new-tokens 9 --check --json --no-chat"),
        "--trace", str(path), "--model", folder,
        given="the end the end",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found, trace = one_object(done.stdout), Trace.load(path)
    assert found["tokens"] == trace.tokens
    assert len(trace.tokens) == 9
    assert found["text"] == trace.text
    assert found["parity"]["equal"] is True
    assert found["method"]["knobs"]["longest_match"] == trace.header.method.knobs["longest_match"] == 2
    assert found["metrics"]["speedup_measured"] > 0
    assert trace.header.model.dtype == "float32"


def test_an_error_is_one_line_and_exit_two():
    done = start("run", "the end", "--no-such-option", "--json")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("error: No such option: --no-such-option")


WRONG = """
run x --method no-such                                  | method
run x --set alpha                                       | --set
run x --method prompt_lookup --set longest_match=99     | knobs.longest_match
run x --method prompt_lookup --set longest_match=many   | knobs.longest_match
run x --method prompt_lookup --set depth=1              | knobs.depth
run x --temperature nan                                 | temperature
run x --temperature hot                                 | --temperature
run x --top-p 0                                         | top_p
run x --top-k -1                                        | top_k
run x --max-new-tokens 0                                | max_new_tokens
run x --max-new-tokens 1000000000000000000000000000000  | max_new_tokens
run x --seed -1                                         | seed
run x --observe all                                     | observe
run x --method draft_model                              | draft
run x --stop ""                                         | stop
run " "                                                 | prompt
run x --threads -1                                      | --threads
run x --dtype int4                                      | dtype
run x --device abacus                                   | device
run x --nope                                            | --nope
run x y                                                 | y
run                                                     | prompt
fly                                                     | fly
compare x --rounds 0                                    | --rounds
compare x --methods no-such                             | method
compare x --set longest_match=2                         | --set
"""
CASES = [[part.strip() for part in line.split("|")] for line in WRONG.strip().splitlines()]


@pytest.mark.parametrize(("line", "named"), CASES)
def test_a_bad_argument_exits_two_with_one_line_that_names_it(line, named, folder, call):
    words = shlex.split(line)
    if words[0] in ("run", "compare"):
        call("run", "the", "--model", folder, "--max-new-tokens", "1")  # loads it, which says so
        words = [*words, "--model", folder]
    code, out, err = call(*words)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert named in err


def test_an_unknown_model_is_named(call):
    for name in ("no-such", "../../etc", "http://169.254.169.254/x", "a/b;rm", "", "\ud800"):
        code, out, err = call("run", "x", "--model", name)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith("error: model: ")


def test_a_trace_that_cannot_be_written_is_an_error_of_that_option(folder, call, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    for path in (tmp_path / "none" / "trace", tmp_path / "file" / "trace", tmp_path):
        words = [
            "run",
            "the",
            "--model",
            folder,
            "--max-new-tokens",
            "1",
            "--method",
            "autoregressive",
            "--json",
        ]
        code, out, err = call(*words, "--trace", str(path))
        assert (code, out) == (2, "")
        assert err.splitlines()[-1].startswith("error: --trace: cannot write")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file"]


def test_models_lists_every_method_with_its_knobs(call):
    code, out, _ = call("models", "--json")
    found = one_object(out)
    assert code == 0
    assert [card["name"] for card in found["methods"]] == list(METHODS)
    assert all(card["about"] for card in found["methods"])
    assert found["models"][0]["name"] == "smollm2-135m"
    code, out, _ = call("models")
    assert code == 0
    assert all(name in out for name in METHODS)


def test_doctor_says_what_is_here_and_loads_nothing(call, tmp_path, monkeypatch):
    monkeypatch.setenv("DRAFTSCOPE_CACHE", str(tmp_path / "empty"))
    code, out, _ = call("doctor", "--json")
    found = one_object(out)
    assert (code, found["device"] in ("cpu", "cuda", "mps")) == (0, True)
    assert found["smollm2-135m"].startswith("not ready")
    assert found["torch"] != "not installed"
    assert not (tmp_path / "empty").exists()


def test_compare_prints_a_row_for_each_method_our_own_loop_first(folder, call):
    words = ["compare", "the end the end", "--model", folder, "--dtype", "float32", "--rounds", "1"]
    code, out, _ = call(*words, "--methods", "prompt_lookup", "--max-new-tokens", "6", "--json")
    found = one_object(out)
    assert code == 0
    assert [row["name"] for row in found["rows"]] == ["autoregressive", "prompt_lookup", "generate"]
    assert all(row["same_text"] and row["num_tokens"] == 6 for row in found["rows"])
    assert found["rows"][0]["speedup"] == 1.0


def test_text_goes_to_standard_output_and_numbers_do_not(folder, call):
    words = ["run", "the end", "--model", folder, "--max-new-tokens", "4", "--no-chat"]
    _, out, err = call(*words)
    _, again, _ = call(*words, "--json")
    assert out == one_object(again)["text"] + "\n"
    assert "tokens_per_second" in err
