"""Exit heads fitted from the page: AdaDecode finds them, Stop ends it between chunks, a public server refuses."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Any

import pytest

import accel
from accel import head_fitting
from accel.errors import InputError
from accel.methods.adadecode import forget_heads
from tests.tiny import save_tiny
from visuals.page.fitting import fitting
from visuals.page.measuring import Told

PLACED = ("cpu", "float32")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A tiny model of its own cache, and a course that takes a moment."""
    monkeypatch.setenv("DRAFTSCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(head_fitting, "TOKENS", 150)
    monkeypatch.setattr(head_fitting, "ANSWERS", 4)
    monkeypatch.setattr(head_fitting, "LONGEST", 16)
    return save_tiny(tmp_path / "tiny")


def heads_in(folder: str) -> list[Path]:
    return list((Path(folder).parent / "cache" / "heads").glob("*.safetensors"))


def test_runs_use_the_heads_that_were_fitted(folder: str) -> None:
    model = accel.load(folder, device="cpu", dtype="float32")
    asked: dict[str, Any] = {"method": "adadecode", "max_new_tokens": 8}
    before = accel.generate(model, "the", **asked)
    assert before.header.method.knobs["heads"] == "plain"
    told = list(fitting(Event(), folder, *PLACED))
    assert told[-1].done
    assert told[-1].status.startswith("Done")
    assert max(one.fraction for one in told) == 1.0
    assert len({one.fraction for one in told}) > 3
    after = accel.generate(model, "the", **asked)
    assert after.header.method.knobs["heads"] == "trained"
    assert after.tokens == before.tokens  # lossless with either
    again = list(fitting(Event(), folder, *PLACED))
    assert "has trained heads already" in again[-1].status


def test_stop_ends_it_between_two_chunks_and_saves_nothing(folder: str) -> None:
    stop = Event()
    seen: list[Told] = []
    for told in fitting(stop, folder, *PLACED):
        seen.append(told)
        if 0 < told.fraction < 1:
            stop.set()
    assert seen[-1].done
    assert seen[-1].status.startswith("Stopped")
    assert heads_in(folder) == []


def test_a_page_that_is_closed_stops_it_too(folder: str) -> None:
    stop = Event()
    work = fitting(stop, folder, *PLACED)
    while not next(work).fraction:
        pass
    work.close()  # type: ignore[attr-defined]  # a generator, as gradio closes it
    assert stop.is_set()


def test_a_public_server_fits_nothing(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRAFTSCOPE_PUBLIC", "1")
    with pytest.raises(InputError, match="public server"):
        list(fitting(Event(), folder, *PLACED))
    assert heads_in(folder) == []


@pytest.fixture(autouse=True)
def _forget() -> Any:
    yield
    forget_heads()
