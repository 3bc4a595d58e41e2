"""CLaSp: plans are made when they should be, belong to their run, and decide what drafts run; never the text."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
import torch

import accel
from accel.methods import clasp
from accel.skip_plan import Plan
from accel.trace import Draft, LayerRun, SkipPlan, Verdict
from accel.verify import verify
from tests.skipping import TEXT, Bench, close
from tests.tiny import library_greedy, tiny


@pytest.fixture(autouse=True)
def _inference():
    with torch.inference_mode():
        yield


def plans_of(trace):
    return [
        (step.index, event) for step in trace.steps for event in step.events if isinstance(event, SkipPlan)
    ]


def test_skipping_nothing_is_the_model_drafting_for_itself():
    knobs = {"skip_share": 0.0, "draft_exit": 0.0, "num_draft_tokens": 4, "calibrated": False}
    for temperature in (0.0, 1.0):
        trace = accel.generate(
            tiny(), TEXT, method="clasp", knobs=knobs, max_new_tokens=21, temperature=temperature
        )
        assert trace.metrics["acceptance_rate"] == 1.0
        assert trace.metrics["mean_acceptance_length"] == 5.0
        assert [plan.skipped for _, plan in plans_of(trace)] == [()]


def test_plans_are_made_after_the_prompt_and_then_every_interval():
    knobs = {"interval": 3, "skip_share": 0.34, "calibrated": False}
    trace = accel.generate(tiny(), TEXT, method="clasp", knobs=knobs, max_new_tokens=30)
    found = plans_of(trace)
    assert [index for index, _ in found] == list(range(1, len(trace.steps), 3))
    assert len(found) > 3
    # The first is that of the prompt's last token; the next that of the last token accepted by then.
    for index, plan in found:
        text = [*TEXT, *(token for step in trace.steps[:index] for token in step.commit.tokens)]
        expected = Bench(tiny().layers, text).plan(1)
        assert plan.skipped == expected.skipped
        close(torch.tensor(plan.similarity), torch.tensor(expected.cosines))
    ran = [(event.slots, step.index) for step in trace.steps for event in step.events
           if isinstance(event, LayerRun) and event.lane == "plan"]  # fmt: skip
    assert len(ran) == 2 * len(found)


def test_the_plan_is_carried_out_by_the_drafts():
    knobs = {"interval": 1, "skip_share": 0.67, "draft_exit": 0.0, "num_draft_tokens": 3, "calibrated": False}
    trace = accel.generate(tiny("gpt2"), TEXT, method="clasp", knobs=knobs, max_new_tokens=24)
    chosen = set()
    for step in trace.steps[1:]:
        for plan in (event for event in step.events if isinstance(event, SkipPlan)):
            runs = [e for e in step.events if isinstance(e, LayerRun) and e.lane == "draft"]
            drafted = [event.slot for event in step.events if isinstance(event, Draft)]
            assert len({slot for run in runs for slot in run.slots}) == len(drafted)
            ran = {layer for run in runs for layer in range(run.first, run.last)}
            assert ran == set(range(3)) - set(plan.skipped)
            chosen.add(plan.skipped)
    assert len(chosen) > 1


@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_drafting_stops_after_the_first_unsure_token_and_that_one_is_kept(temperature):
    asked = {"method": "clasp", "max_new_tokens": 40, "temperature": temperature, "seed": 2}
    knobs = {"skip_share": 0.34, "draft_exit": 0.5, "num_draft_tokens": 6, "calibrated": False}
    trace = accel.generate(tiny(), TEXT, knobs=knobs, **asked)
    lengths = set()
    for step in trace.steps[1:]:
        probs = [event.draft_prob for event in step.events if isinstance(event, Draft)]
        lengths.add(len(probs))
        if temperature == 0:
            assert all(prob >= 0.5 for prob in probs[:-1])
            left = 40 - sum(len(s.commit.tokens) for s in trace.steps[: step.index])
            assert probs[-1:] < [0.5] or len(probs) == min(6, left - 1)
    assert len(lengths) > 1
    for edge, count in ((1.0, 1), (0.0, 6)):
        trace = accel.generate(tiny(), TEXT, knobs={**knobs, "draft_exit": edge}, **asked)
        assert sum(isinstance(event, Draft) for event in trace.steps[1].events) == count


def test_a_drawn_draft_is_judged_against_the_distribution_it_was_drawn_from():
    knobs = {"skip_share": 0.34, "draft_exit": 0.0, "num_draft_tokens": 3, "calibrated": False}
    trace = accel.generate(tiny(), TEXT, method="clasp", knobs=knobs, max_new_tokens=40, temperature=1.0)
    for step in trace.steps:
        drafts = {event.slot: event for event in step.events if isinstance(event, Draft)}
        for verdict in (event for event in step.events if isinstance(event, Verdict)):
            assert verdict.rule == "drawn"
            ratio = verdict.target_prob / drafts[verdict.slot].draft_prob
            assert verdict.accept_prob == pytest.approx(min(1.0, ratio), rel=1e-4)


def test_two_runs_at_once_do_not_share_a_plan():
    asked = [
        {"prompt": TEXT, "knobs": {"interval": 2, "skip_share": 0.34, "calibrated": False}},
        {"prompt": TEXT[::-1] * 2, "knobs": {"interval": 3, "skip_share": 0.67, "calibrated": False}},
    ]
    rest = {"method": "clasp", "max_new_tokens": 30, "temperature": 0.7, "seed": 1}
    alone = [accel.generate(tiny(), **one, **rest) for one in asked]
    both = [accel.stream(tiny(), **one, **rest) for one in asked]
    for _ in itertools.zip_longest(*both):
        pass
    assert [stream.trace() for stream in both] == alone


@pytest.mark.parametrize("skipped", [(0,), (2,), (0, 1), (1, 2), (0, 2)], ids=str)
@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma3", "mistral-window"])
def test_whatever_is_skipped_the_text_is_the_librarys_own(family, skipped, monkeypatch):
    monkeypatch.setattr(clasp, "plan_skips", lambda *_: Plan(skipped, ((1.0,),)))
    model = tiny(family)
    knobs = {"draft_exit": 0.0, "num_draft_tokens": 3, "calibrated": False}
    trace = accel.generate(model, TEXT, method="clasp", knobs=knobs, max_new_tokens=24)
    assert trace.tokens == library_greedy(model, TEXT, 24)
    ran = {layer for step in trace.steps for e in step.events if isinstance(e, LayerRun) and e.lane == "draft"
           for layer in range(e.first, e.last)}  # fmt: skip
    assert ran == set(range(3)) - set(skipped)


def test_an_answer_of_two_tokens_plans_nothing_it_cannot_use():
    for count in (1, 2, 3):
        trace = accel.generate(tiny(), [7], method="clasp", max_new_tokens=count)
        assert len(plans_of(trace)) == (count == 3)


def test_nothing_is_guessed_after_an_end_token():
    model = tiny()
    knobs = {"skip_share": 0.0, "draft_exit": 0.0, "num_draft_tokens": 6, "calibrated": False}
    end = library_greedy(model, TEXT, 4)[3]  # the third guess of the first round
    ending = dataclasses.replace(model, end_tokens=frozenset({end}))
    trace = accel.generate(ending, TEXT, method="clasp", knobs=knobs, max_new_tokens=24)
    assert [event.token for event in trace.steps[1].events if isinstance(event, Draft)][-1] == end
    assert trace.finish_reason == "eos"
    assert len(trace.tokens) == 4


def test_states_are_kept_only_where_a_plan_is_next(monkeypatch):
    taps = []

    def watched(run, draft, tap=None):
        taps.append(tap is not None)
        verify(run, draft, tap)

    monkeypatch.setattr(clasp, "verify", watched)
    knobs = {"interval": 3, "calibrated": False}
    accel.generate(tiny(), TEXT, method="clasp", knobs=knobs, max_new_tokens=30)
    assert len(taps) > 6
    assert taps == [at % 3 == 2 for at in range(len(taps))]


def test_whatever_the_share_one_layer_is_left_and_no_share_leaves_out_none():
    for share, skipped in ((0.0, 0), (0.1, 0), (0.34, 1), (0.67, 2), (1.0, 2)):
        trace = accel.generate(tiny(), TEXT, method="clasp", knobs={"skip_share": share}, max_new_tokens=6)
        assert {len(plan.skipped) for _, plan in plans_of(trace)} == {skipped}
