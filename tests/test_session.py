"""One model for all, one memory for each: runs side by side are what each would have been alone."""

from __future__ import annotations

import gc
import itertools
import random
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Barrier

import pytest

import accel
from accel.decoding import Decoding
from accel.errors import InputError, ModelFailed
from accel.methods import METHODS
from accel.trace import Occurrence
from tests.test_contract import KNOBS, drafting_for
from tests.test_sampling import Failing
from tests.tiny import tiny
from tests.toy import toy_model

PROMPTS = [[5, 17, 42, 7, 5, 17, 42, 9, 5, 17], [30, 31, 32, 33] * 3, [80], list(range(60, 99))]
CASES = [(name, knobs) for name in METHODS for knobs in KNOBS.get(name, [{}])]
each_method = pytest.mark.parametrize("name", METHODS)


def stream(name, knobs, prompt, **asked) -> Decoding:
    asked = {"max_new_tokens": 20, "observe": "full", "temperature": 0.7, "seed": 5, **asked}
    draft = drafting_for(name, "llama", knobs)
    return accel.stream(tiny(), prompt, method=name, knobs={**_steady(name), **knobs}, draft=draft, **asked)


def _steady(name) -> dict[str, bool]:
    """Without the clock's say in how much is drafted, so that runs can be compared."""
    return {"calibrated": False} if "calibrated" in METHODS[name].__dataclass_fields__ else {}


def whole(decoding: Decoding) -> accel.Trace:
    for _ in decoding:
        pass
    return decoding.trace()


@cache
def alone() -> list[accel.Trace]:
    """The trace of every job by itself."""
    return [whole(stream(name, knobs, prompt)) for (name, knobs), prompt in jobs()]


def jobs():
    return zip(CASES, itertools.cycle(PROMPTS), strict=False)


def test_runs_interleaved_step_by_step_are_what_each_is_alone():
    expected = alone()
    decodings = [stream(name, knobs, prompt) for (name, knobs), prompt in jobs()]
    running, chance = [iter(decoding) for decoding in decodings], random.Random(1)
    while running:
        at = chance.randrange(len(running))
        if next(running[at], None) is None:
            del running[at]
    assert [decoding.trace() for decoding in decodings] == expected


def test_runs_in_four_threads_are_what_each_is_alone():
    expected, together = alone(), Barrier(4)

    def work(number):
        together.wait(timeout=60)
        numbered = list(enumerate(jobs()))
        random.Random(number).shuffle(numbered)
        found = {at: whole(stream(*case, prompt)) for at, (case, prompt) in numbered}
        return [found[at] for at in range(len(expected))]

    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(work, range(4)):
            assert found == expected


@each_method
def test_a_stream_may_be_read_from_another_thread_at_every_step(name):
    expected = whole(stream(name, {}, PROMPTS[0]))
    decoding = stream(name, {}, PROMPTS[0])
    steps = iter(decoding)
    done = False
    while not done:
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(next, steps, None).result() is None
    assert decoding.trace() == expected


@each_method
def test_without_a_session_every_run_starts_cold(name):
    first = whole(stream(name, {}, PROMPTS[1]))
    for prompt in PROMPTS:
        whole(stream(name, {}, prompt))
    assert whole(stream(name, {}, PROMPTS[1])) == first
    assert not first.header.warm


@each_method
def test_one_sessions_memory_is_never_in_anothers(name):
    mine, yours = accel.Session(tiny()), accel.Session(tiny())
    cold = whole(stream(name, {}, PROMPTS[0], session=yours, temperature=0.0))
    yours = accel.Session(tiny())
    for _ in range(3):
        warm = whole(stream(name, {}, PROMPTS[0], session=mine, temperature=0.0))
    assert warm.header.warm
    first = whole(stream(name, {}, PROMPTS[0], session=yours, temperature=0.0))
    assert first == cold
    assert warm.tokens == first.tokens


@pytest.mark.skipif("suffix" not in METHODS, reason="no method with a memory")
def test_what_a_session_answered_before_helps_it_and_nobody_else():
    session, prompt = accel.Session(tiny()), PROMPTS[0]
    asked = {"temperature": 0.0, "max_new_tokens": 40}
    first = whole(stream("suffix", {}, prompt, session=session, **asked))
    second = whole(stream("suffix", {}, prompt, session=session, **asked))
    stranger = whole(stream("suffix", {}, prompt, session=accel.Session(tiny()), **asked))
    assert (first.header.warm, second.header.warm, stranger.header.warm) == (False, True, False)
    assert second.tokens == first.tokens == stranger.tokens
    assert len(second.steps) < len(first.steps) == len(stranger.steps)
    assert stranger == first


@each_method
def test_a_stream_broken_off_frees_its_session(name):
    session = accel.Session(tiny())
    for leave in ("close", "forget", "stop"):
        steps = iter(stream(name, {}, PROMPTS[0], session=session))
        next(steps)
        with pytest.raises(InputError, match="session: it is decoding another prompt"):
            whole(stream(name, {}, PROMPTS[1], session=session))
        if leave == "close":
            steps.close()
        elif leave == "stop":
            with pytest.raises(KeyError):
                steps.throw(KeyError("the watcher failed"))
        else:
            del steps
            gc.collect()
        assert len(whole(stream(name, {}, PROMPTS[1], session=session, max_new_tokens=3)).tokens) == 3
    assert session.is_warm


def test_a_run_says_whether_its_session_was_warm_when_it_started_not_when_it_was_made():
    session = accel.Session(tiny())
    first, second = (stream("suffix", {}, PROMPTS[0], session=session, temperature=0.0) for _ in range(2))
    assert not second.header.warm
    assert (whole(first).header.warm, whole(second).header.warm) == (False, True)
    assert second.header.warm


def test_a_run_cancelled_in_its_prefill_leaves_its_session_cold():
    session = accel.Session(tiny())
    for name in ("suffix", "aded"):
        stopped = whole(stream(name, {}, PROMPTS[0], session=session, stopping=lambda: "cancelled"))
        assert stopped.tokens == []
    assert session.num_answers == 0
    cold, now = (stream("suffix", {}, PROMPTS[0], session=s, temperature=0.0) for s in (None, session))
    assert whole(now) == whole(cold)


def test_an_occurrence_names_the_sessions_answer_by_its_number_whatever_method_wrote_it():
    session, asked = accel.Session(tiny()), {"temperature": 0.0, "max_new_tokens": 30}
    for name in ("aded", "autoregressive", "suffix"):
        last = whole(stream(name, {}, PROMPTS[0], session=session, **asked))
    again = whole(stream("suffix", {"memory": "session"}, PROMPTS[0], session=session, **asked))
    places = [event for step in again.steps for event in step.of(Occurrence) if event.answer]
    assert {place.answer for place in places} == {3}
    for place in places:
        assert list(place.excerpt) == last.tokens[place.first : place.first + len(place.excerpt)]


def test_a_stream_that_was_never_read_holds_nothing():
    session = accel.Session(tiny())
    iter(stream("autoregressive", {}, PROMPTS[0], session=session))
    stream("autoregressive", {}, PROMPTS[0], session=session)
    assert len(whole(stream("autoregressive", {}, PROMPTS[0], session=session)).tokens) == 20
    assert session.num_answers == 1


def test_a_model_that_fails_frees_its_session_too():
    model = toy_model(Failing())
    session = accel.Session(model)
    for _ in range(2):
        with pytest.raises(ModelFailed):
            accel.generate(model, [1], method="autoregressive", session=session)
    assert (
        len(accel.generate(model, [1], method="autoregressive", session=session, max_new_tokens=1).tokens)
        == 1
    )


@each_method
def test_a_run_that_was_stopped_leaves_a_session_that_answers_right(name):
    session, asked = accel.Session(tiny()), {"temperature": 0.0}
    expected = whole(stream(name, {}, PROMPTS[0], **asked))
    for count in range(4):
        left = itertools.chain([None] * count, itertools.repeat("cancelled"))
        stopped = whole(
            stream(name, {}, PROMPTS[0], session=session, stopping=lambda left=left: next(left), **asked)
        )
        assert stopped.finish_reason == "cancelled"
        assert expected.tokens[: len(stopped.tokens)] == stopped.tokens
        assert accel.Trace.from_lines(stopped.lines()) == stopped
    assert whole(stream(name, {}, PROMPTS[0], session=session, **asked)).tokens == expected.tokens


def test_the_model_and_the_request_are_left_as_they_were():
    model, prompt, knobs = tiny(), [5, 17, 42], {"num_draft_tokens": 3}
    before = {name: value.clone() for name, value in model.library.state_dict().items()}
    accel.generate(model, prompt, method="prompt_lookup", knobs=knobs, max_new_tokens=8)
    assert (prompt, knobs) == ([5, 17, 42], {"num_draft_tokens": 3})
    assert all(value.equal(before[name]) for name, value in model.library.state_dict().items())
