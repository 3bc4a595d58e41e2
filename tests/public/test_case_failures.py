"""What fails inside a run: memory, numbers, time, a broken model. One visitor is told; the others go on."""

from __future__ import annotations

import shutil
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

import accel
from accel.errors import InputError, ModelFailed
from accel.models import load as loading
from accel.models.cache import Cache
from accel.models.unavailable import ModelUnavailable
from accel.trace import Trace
from tests.page.test_inputs import form
from tests.public.tiny_cache import tiny_cache
from visuals.page import limits as limits_module
from visuals.page import runs, words
from visuals.page.inputs import check_asked
from visuals.page.live import play
from visuals.page.visitor import Visitor

REQUEST = gr.Request(client={"host": "192.0.2.1"}, headers={})


@pytest.fixture(autouse=True)
def own_models(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny model under the embedded one's name, and no other loaded."""
    monkeypatch.setenv("DRAFTSCOPE_CACHE", str(cache))
    monkeypatch.setattr(loading, "_loaded", OrderedDict())


def press_run(visitor: Visitor, **changed: Any) -> str:
    """The last status of a press of Run."""
    outputs = list(runs._run(REQUEST, visitor, form(**changed)))
    assert outputs[-1][3]["interactive"] is True  # Run came back
    return str(outputs[-1][2])


def the_model() -> Any:
    return accel.load("smollm2-135m")


class Breaking:
    """A head that fails at one of its calls, as hardware does."""

    def __init__(self, head: Any, at: int, error: BaseException | float) -> None:
        self.head, self.left, self.error = head, at, error

    def __call__(self, hidden: Any) -> Any:
        self.left -= 1
        if self.left != 0:
            return self.head(hidden)
        if isinstance(self.error, float):
            return self.head(hidden) * self.error
        raise self.error


@pytest.mark.case(19)
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), words.MEMORY),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"),
            words.MEMORY,
        ),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory"), words.MEMORY),
        (float("nan"), "not finite numbers"),
        (float("inf"), "not finite numbers"),
        (KeyError("whatever"), "Something went wrong inside (reference "),
    ],
    ids=str,
)
@pytest.mark.parametrize("at", [1, 5])
def test_a_run_that_fails_is_told_to_its_visitor_and_the_next_one_works(monkeypatch, error, said, at):
    one, other = Visitor(), Visitor()
    assert press_run(other, max_new_tokens=12).startswith("Done")
    model = the_model()
    with monkeypatch.context() as patch:
        patch.setattr(type(model.layers), "head", staticmethod(Breaking(model.layers.head, at, error)))
        told = press_run(one, max_new_tokens=12, check=False)
    assert "ds-error" in told
    assert said in told
    assert "Traceback" not in told
    assert one.trace is None
    assert press_run(one, max_new_tokens=12).startswith("Done")
    assert press_run(other, max_new_tokens=12).startswith("Done")


@pytest.mark.case(19)
def test_no_memory_for_the_cache_is_told(monkeypatch):
    def refuse(*_: Any) -> None:
        raise MemoryError

    press_run(Visitor(), max_new_tokens=2)
    with monkeypatch.context() as patch:
        patch.setattr(Cache, "reserve", refuse)
        assert words.MEMORY in press_run(Visitor())
    assert press_run(Visitor(), max_new_tokens=2).startswith("Done")


@pytest.mark.case(19)
def test_a_failing_model_names_itself(monkeypatch):
    model = the_model()
    monkeypatch.setattr(
        type(model.layers), "head", staticmethod(Breaking(model.layers.head, 3, float("nan")))
    )
    with pytest.raises(ModelFailed, match="not finite numbers"):
        accel.generate(model, "a", max_new_tokens=8, method="autoregressive")


@pytest.mark.case(20)
@pytest.mark.parametrize("method", ["autoregressive", "suffix", "adadecode"])
def test_at_the_time_limit_what_was_decoded_is_a_whole_trace(monkeypatch, method):
    monkeypatch.setenv("DRAFTSCOPE_RUN_SECONDS", "20")
    visitor, looks = Visitor(), iter(range(10_000))
    monkeypatch.setattr(limits_module, "monotonic", lambda: float(next(looks)))  # a second a look
    told = press_run(visitor, method=method, max_new_tokens=400)
    assert told.startswith("Stopped: time limit of 20 seconds")
    trace = visitor.trace
    assert trace is not None
    assert trace.finish_reason == "deadline"
    assert 10 < len(trace.tokens) < 400
    assert Trace.from_lines(trace.lines()) == trace
    assert trace.metrics["num_tokens"] == len(trace.tokens)


@pytest.mark.case(16)
@pytest.mark.parametrize("method", ["suffix", "draft_model", "clasp"])
def test_a_run_closed_in_its_middle_leaves_its_session_free(method):
    visitor = Visitor()
    asked = check_asked(form(method=method, max_new_tokens=300))
    work = play(visitor, asked, visitor.stop)
    while next(work).status != words.DECODING:
        pass
    next(work)
    work.close()
    assert press_run(visitor, method=method, max_new_tokens=8).startswith("Done")


@pytest.mark.case(9)
def test_a_model_that_cannot_be_read_is_named_and_the_one_before_goes_on(tmp_path):
    good = the_model()
    broken = tiny_cache(tmp_path / "broken") / "models" / "smollm2-135m"
    for part, damage in (
        ("model.safetensors", b"\xff" * 100),
        ("config.json", b"{"),
        ("tokenizer.json", b"[]"),
    ):
        folder = shutil.copytree(broken, tmp_path / part)
        (folder / part).write_bytes(damage)
        with pytest.raises((ModelUnavailable, InputError)) as refused:
            accel.load(str(folder))
        assert len(str(refused.value)) < 500
        assert list(loading._loaded) == [next(iter(loading._loaded))]  # nothing half-loaded is kept
    assert the_model() is good
    assert press_run(Visitor(), max_new_tokens=4).startswith("Done")


@pytest.mark.case(1)
@pytest.mark.parametrize("prompt", ["<s>", "<s><s>", "."])
def test_a_prompt_of_next_to_nothing_has_figures_that_are_numbers(prompt):
    visitor = Visitor()
    assert press_run(visitor, prompt=prompt, max_new_tokens=1, chat=False).startswith("Done")
    assert visitor.trace is not None
    assert all(value == value for value in visitor.trace.metrics.values())  # no nan


@pytest.mark.case(2)
def test_refusing_five_megabytes_takes_no_time():
    sent, least = form(prompt="x" * 5_000_000), 1.0
    for _ in range(3):
        began = time.perf_counter()
        with pytest.raises(InputError, match="prompt: it has 5,000,000 characters"):
            check_asked(sent)
        least = min(least, time.perf_counter() - began)
    assert least < 0.1


@pytest.mark.case(3)
def test_a_text_that_fills_the_context_says_so_and_a_longer_prompt_is_refused():
    visitor = Visitor()
    room = the_model().context
    told = press_run(
        visitor, prompt="z" * (room - 10), chat=False, max_new_tokens=100, method="autoregressive"
    )
    assert "context is full" in told
    assert visitor.trace is not None
    assert len(visitor.trace.tokens) <= 11
    assert f"reads at most {room - 1}" in press_run(visitor, prompt="z" * (room + 10), chat=False)


@pytest.mark.case(15)
def test_visitors_share_no_memory_of_what_they_wrote():
    one, other = Visitor(), Visitor()
    secret = "my password is swordfish and my password is swordfish"
    assert press_run(one, prompt=secret, max_new_tokens=16).startswith("Done")
    assert press_run(other, prompt="my password is", max_new_tokens=16).startswith("Done")
    assert one.trace is not None
    assert other.trace is not None
    assert not other.trace.header.warm
    alone = Visitor()
    press_run(alone, prompt="my password is", max_new_tokens=16)
    assert other.trace == alone.trace
