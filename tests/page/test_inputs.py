"""Everything a visitor can send is checked on the server, and an error names the field."""

from __future__ import annotations

import math

import pytest

from accel.errors import InputError
from accel.method import knobs_of
from accel.methods import METHODS
from accel.trace import TraceError
from visuals.page.escape import LIMIT, escape
from visuals.page.inputs import check_asked, check_race
from visuals.page.uploads import MAX_TRACE_BYTES, read_trace


def form(**changed):
    """The form as the page opens with it, some values changed."""
    knobs = {f"{name}.{knob.name}": knob.default for name, m in METHODS.items() for knob in knobs_of(m)}
    opened = {
        "prompt": "Hello", "method": "suffix", "model": "smollm2-135m", "draft": "smollm2-135m", "folder": "",
        "device": "auto", "dtype": "auto", "max_new_tokens": 32, "temperature": 0, "top_k": 0, "top_p": 1,
        "seed": 0, "stop": "", "chat": True, "every_layer": False, "check": True,
    }  # fmt: skip
    return {**opened, **knobs, **changed}


def test_the_form_as_it_opens_is_accepted():
    asked = check_asked(form())
    assert (asked.method, asked.observe, asked.draft) == ("suffix", "decisions", None)
    assert asked.knobs["alpha"] == 1.0
    assert check_asked(form(method="draft_model")).draft == "smollm2-135m"
    assert check_asked(form(stop="a\n\nb")).stop == ("a", "b")


BAD = {
    "prompt": ["", "  \n", "\0", None, 5, ["a"], "x" * 20_001],
    "method": ["nope", "", None, 3, ["suffix"], "Suffix"],
    "model": ["", None, ["a"], "m" * 501],
    "device": ["gpu", None, 1],
    "dtype": ["int8", None, 16],
    "max_new_tokens": [0, -5, 1.5, 1e9, math.nan, math.inf, None, "abc", True, 10**400],
    "temperature": [-1, math.nan, math.inf, 2.5, None, "hot"],
    "top_k": [-1, 1e9, 0.5, None],
    "top_p": [0, -0.1, 1.5, math.nan, None],
    "seed": [-1, 1.5, 2**40, None],
    "stop": [None, 5, ["a"], "s" * 201],
    "chat": [None, "yes", 1],
    "every_layer": [None, "no"],
    "check": [None, 0],
    "suffix.alpha": [math.nan, -1, 9, None, "x"],
    "suffix.min_prob": [1.1, -0.1],
    "suffix.num_draft_tokens": [0, 64, 1.5],
    "suffix.memory": ["all", None],
    "suffix.branching": ["maybe", 2],
}


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, values in BAD.items() for v in values], ids=str)
def test_a_bad_value_is_refused_by_the_name_of_its_field(field, value):
    with pytest.raises(InputError) as refused:
        check_asked(form(**{field: value}))
    assert field.rpartition(".")[2] in refused.value.field
    assert len(str(refused.value)) < 400


def test_strangers_may_name_models_of_the_catalogue_only(monkeypatch):
    monkeypatch.setenv("DRAFTSCOPE_PUBLIC", "1")
    assert check_asked(form()).model == "smollm2-135m"
    for folder in ("/etc", "../..", "owner/model", "http://127.0.0.1/x"):
        with pytest.raises(InputError, match="model"):
            check_asked(form(folder=folder))
    with pytest.raises(InputError, match="draft"):
        check_asked(form(method="draft_model", draft="owner/model"))


def test_a_public_page_has_one_number_format_and_one_device(monkeypatch):
    monkeypatch.setenv("DRAFTSCOPE_PUBLIC", "1")
    assert check_race(race_form(dtype="auto")).dtype == check_asked(form()).dtype == "auto"
    for dtype in ("float32", "bfloat16", "float16"):
        with pytest.raises(InputError, match=r"dtype: '.*' is not one of auto"):
            check_asked(form(dtype=dtype))
        with pytest.raises(InputError, match="dtype"):
            check_race(race_form(dtype=dtype))
    with pytest.raises(InputError, match="device"):
        check_asked(form(device="cpu"))


def test_text_from_anyone_is_inert():
    shown = escape("<img src=x onerror=alert(1)> ${x} {{y}} `z` \\ \u202e \x00 'q' \"r\"")
    assert not set("<>${}`\\'\"\u202e\x00") & set(shown)
    assert len(escape("&" * 10_000)) < LIMIT * 6


def test_an_upload_is_bounded_and_read_in_words(tmp_path):
    with pytest.raises(TraceError, match="could not be read"):
        read_trace(tmp_path / "absent.jsonl")
    big = tmp_path / "big.jsonl"
    with big.open("wb") as file:
        file.truncate(MAX_TRACE_BYTES + 1)
    with pytest.raises(TraceError, match="larger than 20 MB"):
        read_trace(big)
    binary = tmp_path / "binary.jsonl"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TraceError, match="not a trace"):
        read_trace(binary)


def race_form(**changed):
    opened = {
        "prompt": "Hello", "methods": ["suffix", "autoregressive"], "model": "smollm2-135m", "dtype": "float32",
        "max_new_tokens": 64, "rounds": 3,
    }  # fmt: skip
    return {**opened, **changed}


def test_the_race_form_as_it_opens_is_accepted_in_the_order_of_the_methods():
    assert check_race(race_form()).methods == ("autoregressive", "suffix")
    assert len(check_race(race_form(methods=["suffix", "aded", "clasp", "aded", "suffix"])).methods) == 3


BAD_RACES = {
    "prompt": ["", None, 5, "x" * 20_001],
    "methods": [
        None,
        "suffix",
        [],
        ["suffix"],
        ["suffix", "suffix"],
        ["suffix", 3],
        [["a"], "aded"],
        list(METHODS),
        ["suffix"] * 99,
        {},
    ],
    "model": ["owner/model", "/etc", None, ["smollm2-135m"]],
    "dtype": ["int8", None],
    "max_new_tokens": [0, 257, 1.5, math.nan, None, True, "abc"],
    "rounds": [0, 6, 1.5, math.inf, None],
}


@pytest.mark.parametrize(
    ("field", "value"), [(f, v) for f, values in BAD_RACES.items() for v in values], ids=str
)
def test_a_bad_value_of_a_race_is_refused_by_the_name_of_its_field(field, value):
    with pytest.raises(InputError) as refused:
        check_race(race_form(**{field: value}))
    assert refused.value.field == field
    assert len(str(refused.value)) < 400
