"""How often a step waits for the device: every number read from a tensor is counted, on the CPU as on a GPU."""

from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from accel.decoding import decode, never
from accel.request import check_request
from accel.run import Run
from accel.sampling import Dice
from accel.session import Session
from accel.trace import Draft, LayerRun, Readout, Verdict
from tests.test_contract import drafting_for
from tests.tiny import tiny

PROMPT = [5, 17, 42, 7, 5, 17, 42, 9, 5, 17]
aten = torch.ops.aten
READS = ("item", "tolist", "numpy", "cpu", "__bool__", "__int__", "__float__", "__index__")
# Operations that ask the device for a size, or for a yes or no.
SIZES = {aten.nonzero.default, aten.masked_select.default, aten.equal.default}


class Transfers(TorchDispatchMode):
    """Counts what makes a GPU's queue run dry: a number read (`item`, `bool`, ...), a list read, a mask as an index."""

    def __init__(self, monkeypatch):
        super().__init__()
        self.count = 0
        for name in READS:
            monkeypatch.setattr(torch.Tensor, name, self._counted(getattr(torch.Tensor, name)))

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        masks = func is aten.index.Tensor and any(i is not None and i.dtype == torch.bool for i in args[1])
        self.count += func in SIZES or masks
        return func(*args, **(kwargs or {}))

    def _counted(self, read):
        def run(*args, **kwargs):
            self.count += 1
            with torch.utils._python_dispatch._disable_current_modes():
                return read(*args, **kwargs)

        return run


def steps_of(monkeypatch, name, knobs, *, temperature=0.0, observe="none", count=16):
    """(transfers, events) of each step after the prompt's."""
    draft = drafting_for(name, "llama", knobs)
    request = check_request(
        tiny(), PROMPT, method=name, knobs=knobs, max_new_tokens=count, temperature=temperature, top_k=0, top_p=1.0,
        stop=(), seed=1, observe=observe, chat=False, draft=draft,
    )  # fmt: skip
    found = []
    with torch.inference_mode():
        run = Run(tiny(), request.terms, request.ending(tiny()), Session(tiny()), draft, Dice(1))
        with monkeypatch.context() as patched, Transfers(patched) as transfers:
            for step in decode(run, request, never):
                found.append((transfers.count, step.events))
                transfers.count = 0
    return found[1:]


def drafted(events, lane=None):
    if lane:
        return sum(isinstance(event, LayerRun) and event.lane == lane for event in events)
    return sum(isinstance(event, Draft) for event in events)


def test_what_waits_is_counted(monkeypatch):
    values = torch.tensor([1.0, 2.0])
    for read in (
        lambda: values[0].item(), lambda: float(values[0]), lambda: bool(values[0] > 0), lambda: int(values[1]),
        lambda: values.tolist(), lambda: values[values > 1], lambda: values.nonzero(), lambda: values.numpy(),
    ):  # fmt: skip
        with monkeypatch.context() as patched, Transfers(patched) as transfers, torch.inference_mode():
            read()
        assert transfers.count == 1
    with monkeypatch.context() as patched, Transfers(patched) as transfers:
        values[torch.tensor([0, 1])].softmax(-1).masked_fill_(values > 1, 0.0)
    assert transfers.count == 0


CHEAP = [
    ("autoregressive", {}),
    ("prompt_lookup", {"calibrated": False}),
    ("suffix", {"calibrated": False, "branching": True, "alpha": 4.0, "min_prob": 0.0}),
    ("aded", {"calibrated": False}),
]


@pytest.mark.parametrize(("name", "knobs"), CHEAP, ids=str)
def test_a_greedy_step_waits_for_its_verdict_only(name, knobs, monkeypatch):
    steps = steps_of(monkeypatch, name, knobs)
    assert [count for count, _ in steps] == [1] * len(steps)
    if name != "autoregressive":
        assert sum(drafted(events) for _, events in steps) > 3


@pytest.mark.parametrize("branching", [1, 3])
def test_a_draft_model_is_read_once_a_level(branching, monkeypatch):
    knobs = {"depth": 3, "branching": branching, "calibrated": False}
    steps = steps_of(monkeypatch, "draft_model", knobs)
    assert [count for count, _ in steps] == [1 + drafted(events, "draft") for _, events in steps]
    assert max(count for count, _ in steps) > 3


def test_adadecode_is_read_once_a_look(monkeypatch):
    knobs = {"threshold": 0.3, "layers": "1,2", "heads": "plain"}
    steps = steps_of(monkeypatch, "adadecode", knobs, observe="none")
    looked = steps_of(monkeypatch, "adadecode", knobs, observe="decisions")
    looks = [sum(isinstance(event, Readout) for event in events) for _, events in looked]
    assert [count for count, _ in steps] == [1 + count for count in looks]
    assert max(looks) > 1


def test_clasp_is_read_once_a_guess_and_once_a_plan(monkeypatch):
    knobs = {"skip_share": 0.34, "draft_exit": 0.0, "interval": 2, "num_draft_tokens": 3, "calibrated": False}
    for count, events in steps_of(monkeypatch, "clasp", knobs):
        planned = any(isinstance(event, LayerRun) and event.lane == "plan" for event in events)
        assert count == 1 + drafted(events) + planned


@pytest.mark.parametrize(
    ("name", "knobs", "each"),
    [
        ("autoregressive", {}, 0),
        ("draft_model", {"depth": 3, "calibrated": False}, 1),
        ("clasp", {"skip_share": 0.3, "draft_exit": 0.0, "interval": 99, "calibrated": False}, 1),
        ("adadecode", {"threshold": 0.0, "max_early": 3, "layers": "2", "heads": "plain"}, 1),
        ("suffix", {"calibrated": False, "branching": True, "alpha": 4.0, "min_prob": 0.0}, 0),
    ],
    ids=str,
)
def test_a_sampled_step_waits_for_each_guess_tested(name, knobs, each, monkeypatch):
    """One for each guess drawn (an early one is looked at, too), one for each tested, one for the token at the end."""
    unseen = [count for count, _ in steps_of(monkeypatch, name, knobs, temperature=1.0)]
    shown = [e for _, e in steps_of(monkeypatch, name, knobs, temperature=1.0, observe="decisions")]
    for count, events in list(zip(unseen, shown, strict=True))[1:]:
        tested = sum(isinstance(event, Verdict) for event in events)
        end = events[-1].last != "accepted"
        looks = sum(isinstance(event, Readout) for event in events)
        assert count == drafted(events) * each + looks + tested + end
