"""No more models are in memory than are kept, whatever visitors and sessions still hold."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from weakref import ref

import pytest

import accel
from accel.methods import METHODS
from accel.models import load as loading
from accel.models.load import KEPT, load
from accel.models.model import Model
from accel.session import Session
from tests.test_contract import drafting_for
from tests.tiny import save_tiny
from visuals.page.visitor import Visitor

FORMATS = ("float32", "bfloat16", "float16")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[str]:
    loading._loaded.clear()
    yield save_tiny(tmp_path)
    loading._loaded.clear()


def alive(models: list[ref[Model]]) -> int:
    gc.collect()
    return sum(model() is not None for model in models)


def test_a_visitor_does_not_keep_a_dropped_model(folder: str) -> None:
    visitors, models = [Visitor() for _ in range(6)], []
    for number, visitor in enumerate(visitors):
        model = load(folder, dtype=FORMATS[number % 3])
        accel.generate(model, "hello", method="suffix", max_new_tokens=4, session=visitor.session(model))
        models.append(ref(model))
        del model
        assert alive(models) <= KEPT
    assert visitors[0].remembered is not None
    assert visitors[0].remembered.model is None


def test_room_is_made_before_a_model_is_loaded(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    models: list[ref[Model]] = []
    held: list[int] = []
    read = loading.from_folder

    def watched(*args: object, **options: object) -> Model:
        held.append(alive(models))
        return read(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(loading, "from_folder", watched)
    for dtype in FORMATS:
        models.append(ref(load(folder, dtype=dtype)))
    assert max(held) < KEPT


@pytest.mark.parametrize("name", METHODS)
def test_no_memory_of_a_method_holds_the_model(folder: str, name: str) -> None:
    model = load(folder, dtype="float32")
    session = Session(model)
    draft = drafting_for(name, "llama", {})
    accel.generate(model, "hello the", method=name, max_new_tokens=8, session=session, draft=draft)
    whole, weights = ref(model), ref(model.layers)
    del model
    loading._loaded.clear()
    assert alive([whole]) == 0
    assert weights() is None
    assert session.num_answers == 1


def test_a_visitor_whose_model_was_loaded_again_begins_anew(folder: str) -> None:
    visitor = Visitor()
    first = visitor.session(load(folder, dtype="float32"))
    assert visitor.session(load(folder, dtype="float32")) is first
    loading._loaded.clear()
    gc.collect()
    assert visitor.session(load(folder, dtype="float32")) is not first
