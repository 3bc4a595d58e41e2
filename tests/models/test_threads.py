"""Threads are chosen by what a pass takes with them, unless somebody has said."""

from __future__ import annotations

import pytest
import torch

from accel.models import threads
from accel.models.threads import SAID, say_threads, settle_threads
from accel.trace import Calibration
from tests.tiny import tiny


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    tiny()  # loaded before, with what the tests run on
    monkeypatch.setenv(SAID, "")  # so that it is put back whatever a test sets
    monkeypatch.delenv(SAID)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def taking(monkeypatch, seconds):
    """A machine on which a pass takes so many seconds with so many threads; the numbers that were tried."""
    tried = []

    def calibrate(model, context, rows, repeats):
        tried.append(torch.get_num_threads())
        return Calibration(rows, (seconds[tried[-1]],), 0.0)

    monkeypatch.setattr(threads, "calibrate", calibrate)
    return tried


@pytest.mark.parametrize(
    ("seconds", "best"),
    [
        ({1: 4.0, 2: 2.0, 4: 1.0, 6: 0.9}, 6),
        ({1: 4.0, 2: 2.0, 4: 1.95, 6: 2.5}, 2),  # more, but hardly faster
        ({1: 1.0, 2: 20.0, 4: 30.0, 6: 40.0}, 1),  # a busy machine
    ],
)
def test_the_fastest_number_is_taken(monkeypatch, seconds, best):
    torch.set_num_threads(6)
    tried = taking(monkeypatch, seconds)
    assert settle_threads(tiny().layers, 64) == best
    assert tried == [1, 2, 4, 6]
    assert torch.get_num_threads() == best


def test_what_was_said_holds(monkeypatch):
    tried = taking(monkeypatch, {})
    say_threads(3)
    assert settle_threads(tiny().layers, 64) == 3
    assert tried == []


def test_a_real_pass_is_measured():
    torch.set_num_threads(2)
    assert settle_threads(tiny().layers, 64) in (1, 2)
