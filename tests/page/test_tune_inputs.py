"""What can be asked to be measured is checked on the server; what is copied from it runs and gives the same text."""

from __future__ import annotations

import json
import runpy
import shlex
from dataclasses import replace

import pytest

import accel
from accel.__main__ import main
from accel.errors import InputError
from accel.method import knobs_of, with_knobs
from accel.methods import METHODS
from accel.outcome import Point
from tests.page.test_inputs import form
from tests.tiny import save_tiny
from visuals.page.inputs import check_asked
from visuals.page.measure_inputs import check_measure, turnable, values_for
from visuals.page.measuring import Tuning
from visuals.page.settings_text import as_command, as_json, as_python, knobs_to_set


def given(**changed):
    opened = {
        "prompt": "Hello", "method": "adadecode", "knob": "threshold", "values": "0.3, 0.7", "second": "none",
        "second_values": "", "max_new_tokens": 32, "rounds": 2,
    }  # fmt: skip
    return {**opened, **changed}


def test_what_is_asked_overrides_the_form_and_makes_a_grid():
    asked = check_measure(form(temperature=1.0, prompt="other"), given())
    assert (asked.run.prompt, asked.run.method, asked.run.temperature) == ("Hello", "adadecode", 0)
    assert asked.grid == {"threshold": ["0.3", "0.7"]}
    asked = check_measure(
        form(), given(values="15,20;24", knob="layers", second="max_early", second_values="2")
    )
    assert asked.grid == {"layers": ["15,20", "24"], "max_early": ["2"]}


BAD = {
    "prompt": ["", None, "x" * 20_001],
    "method": ["nope", None, 3, "autoregressive"],
    "knob": ["alpha", None, 5, ["threshold"]],
    "values": ["", " , ", None, 5, "x", "2", "nan", "0.1," * 60, ",".join(str(at / 100) for at in range(13))],
    "second": ["alpha", "threshold", None, 5],
    "max_new_tokens": [1, 129, None, "many", float("nan")],
    "rounds": [0, 6, None, 1.5],
}


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, values in BAD.items() for v in values], ids=str)
def test_a_bad_value_is_refused_in_words(field, value):
    with pytest.raises(InputError) as refused:
        check_measure(form(), given(**{field: value}))
    assert len(str(refused.value)) < 400


def test_no_more_is_measured_than_a_visitor_waits_for():
    many = ",".join(str(at / 100) for at in range(12))
    with pytest.raises(InputError, match="more than 72 runs"):
        check_measure(form(), given(values=many, second="max_early", second_values="1,2,3,4,5,6,7", rounds=1))


def test_every_knob_begins_with_values_that_it_can_have():
    for method in METHODS:
        for name in turnable(method):
            for value in values_for(method, name).split(", "):
                with_knobs(METHODS[method], {name: value})


@pytest.mark.parametrize("at", [None, -1, 0, 1, True, "0", 1.0, [0]])
def test_a_point_that_was_not_measured_cannot_be_opened(at):
    with pytest.raises(InputError, match="measure again"):
        Tuning().trace(at)


HOSTILE = 'It\'s "quoted" $(touch pwned) `id` \\n {0}\nnew line: -- é'


def test_what_is_copied_runs_and_gives_the_same_text(tmp_path, monkeypatch, capsys):
    save_tiny(tmp_path)
    knobs = {f"suffix.{knob.name}": knob.default for knob in knobs_of(METHODS["suffix"])}
    asked = check_asked(
        form(**knobs, prompt=HOSTILE, folder=str(tmp_path), chat=False, device="cpu", max_new_tokens=9)
    )
    asked = replace(asked, knobs={**asked.knobs, "min_prob": 0.25, "calibrated": False})
    point = Point("3", {"alpha": 3.0, "branching": True}, None, 1.0, 1.0, None, 0.0, 1.0, True)
    turned = knobs_to_set(asked, point)
    assert turned == {"min_prob": 0.25, "calibrated": False, "alpha": 3.0, "branching": True}

    (tmp_path / "copied.py").write_text(as_python(asked, turned), encoding="utf-8")
    trace = runpy.run_path(str(tmp_path / "copied.py"))["trace"]
    assert turned.items() <= trace.header.method.knobs.items()
    assert trace.header.limits.max_new_tokens == 9

    words = shlex.split(as_command(asked, turned))
    assert words[:4] == ["python", "-m", "accel", "run"]
    monkeypatch.setattr("sys.argv", ["accel", "run", "--json", *words[4:]])
    capsys.readouterr()
    assert main() == 0
    assert json.loads(capsys.readouterr().out)["tokens"] == trace.tokens

    told = json.loads(as_json(asked, turned))
    model = accel.load(told.pop("model"), device=told.pop("device"))
    assert accel.generate(model, told.pop("prompt"), **told).tokens == trace.tokens
