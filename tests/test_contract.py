"""What every method promises, checked on every method by itself."""

from __future__ import annotations

import dataclasses

import pytest
import torch

import accel
from accel.decoding import decode, never
from accel.lane import Lane
from accel.methods import METHODS
from accel.models.model import Model
from accel.request import check_request
from accel.run import RECORDED, Run
from accel.sampling import Dice
from accel.session import Session
from accel.trace import Commit, Draft, LayerRun, Match, Observed, Residual, Trace, Verdict
from accel.tree import TokenTree
from tests.families import FAMILIES
from tests.tiny import library_greedy, tiny

PROMPT = [5, 17, 42, 7, 5, 17, 42, 9, 5, 17]
KNOBS = {
    "adadecode": [
        {},
        {"threshold": 0.0, "max_early": 3},
        {"threshold": 0.3, "layers": "1", "heads": "plain"},
        {"threshold": 1.05},
    ],
    "autoregressive": [{}],
    "prompt_lookup": [{}, {"num_draft_tokens": 3, "longest_match": 1, "calibrated": False}],
    "draft_model": [{}, {"depth": 3, "branching": 2, "calibrated": False}],
    "suffix": [
        {},
        {"branching": True, "alpha": 4.0, "min_prob": 0.0, "calibrated": False},
        {"fallback": "prompt_lookup", "min_score": 2.0},
        {"fallback": "draft_model", "min_score": 1.0, "memory": "request"},
    ],
    "clasp": [
        {},
        {"skip_share": 0.0, "draft_exit": 0.0, "num_draft_tokens": 4, "calibrated": False},
        {"skip_share": 0.34, "draft_exit": 0.0, "interval": 1, "num_draft_tokens": 3, "calibrated": False},
        {"skip_share": 1.0, "draft_exit": 0.2, "interval": 3, "calibrated": False},
    ],
    "aded": [
        {},
        {"mode": "published", "calibrated": False},
        {"mode": "mended", "iterations": 12, "num_draft_tokens": 5, "rate": 1.0, "memory": False},
        {"mode": "best_first", "calibrated": False},
    ],
}
CASES = [(name, knobs) for name in METHODS for knobs in KNOBS[name]]
each_case = pytest.mark.parametrize(("name", "knobs"), CASES, ids=str)


def drafting_for(name: str, family: str, knobs: dict | None = None) -> Model | None:
    """A model of another kind with the same vocabulary, for the method that needs one."""
    if "draft_model" not in (name, (knobs or {}).get("fallback")):
        return None
    return tiny("gpt2" if family == "llama" else "llama")


@pytest.mark.parametrize("family", FAMILIES)
@each_case
def test_greedy_text_is_the_librarys_own(family, name, knobs):
    model = tiny(family)
    trace = accel.generate(
        model, PROMPT, method=name, knobs=knobs, max_new_tokens=24, draft=drafting_for(name, family, knobs)
    )
    assert trace.tokens == library_greedy(model, PROMPT, 24)


@pytest.mark.parametrize("temperature", [0.0, 0.8])
@each_case
def test_without_calibration_the_seed_and_the_knobs_alone_decide(name, knobs, temperature):
    steady = {"calibrated": False} if "calibrated" in METHODS[name].__dataclass_fields__ else {}
    wide = accel.trace.Calibration((1, 32), (1.0, 9.0), 0.1)  # a pass so dear that little is drafted
    traces = [
        accel.generate(
            dataclasses.replace(tiny(), calibration=calibration),
            PROMPT,
            method=name,
            knobs={**knobs, **steady},
            temperature=temperature,
            seed=1,
            max_new_tokens=24,
            draft=drafting_for(name, "llama", knobs),
        )
        for calibration in (tiny().calibration, wide, None)
    ]
    assert traces[0].steps == traces[1].steps == traces[2].steps


@each_case
def test_as_many_tokens_as_asked(name, knobs):
    for count in (1, 2, 3, 7, 20):
        trace = accel.generate(
            tiny(),
            PROMPT,
            method=name,
            knobs=knobs,
            max_new_tokens=count,
            draft=drafting_for(name, "llama", knobs),
        )
        assert len(trace.tokens) == count
        assert trace.finish_reason == "length"


@each_case
def test_same_seed_same_trace_and_json_changes_nothing(name, knobs, tmp_path):
    asked = {
        "method": name, "knobs": knobs, "temperature": 0.8, "top_p": 0.9, "seed": 3, "max_new_tokens": 16,
        "observe": "full", "draft": drafting_for(name, "llama", knobs),
    }  # fmt: skip
    first, second = (accel.generate(tiny(), PROMPT, **asked) for _ in range(2))
    assert first == second
    first.save(tmp_path / "trace.jsonl")
    again = Trace.load(tmp_path / "trace.jsonl")
    assert again == first
    assert [step.seconds for step in again.steps] == [step.seconds for step in first.steps]
    other = accel.generate(tiny(), PROMPT, **{**asked, "seed": 4})
    assert other.tokens != first.tokens


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@each_case
def test_events_are_whole(name, knobs, temperature):
    trace = accel.generate(
        tiny(), PROMPT, method=name, knobs=knobs, temperature=temperature, max_new_tokens=24, observe="full",
        draft=drafting_for(name, "llama", knobs),
    )  # fmt: skip
    for step in trace.steps:
        kinds = [type(event) for event in step.events]
        assert kinds.count(Commit) == 1
        assert kinds[-1] is Commit
        assert LayerRun in kinds
        drafted = [event.slot for event in step.events if isinstance(event, Draft)]
        verdicts = [event for event in step.events if isinstance(event, Verdict)]
        assert {verdict.slot for verdict in verdicts} <= set(drafted)
        assert all(verdict.accepted == (verdict.draw < verdict.accept_prob) for verdict in verdicts)
        accepted = [verdict.slot for verdict in verdicts if verdict.accepted]
        assert accepted == [slot for slot in step.commit.slots if slot in drafted]
        ran = {(event.slots, event.last) for event in step.events if isinstance(event, LayerRun)}
        assert ran
        observed = {(event.slot, event.layer) for event in step.events if isinstance(event, Observed)}
        shown = {
            (slot, layer + 1)
            for event in step.events
            if isinstance(event, LayerRun) and event.lane == "target"
            for layer in range(event.first, event.last)
            for slot in event.slots
            if slot >= len(PROMPT) - 1
        }
        assert observed == shown
    tested = [event for step in trace.steps for event in step.events if isinstance(event, Verdict)]
    if name == "autoregressive":
        assert not tested
    elif (name, temperature) == ("aded", 1.0):
        pass  # it goes by pairs of tokens seen before, and a tiny random model repeats none by chance
    elif (
        name != "adadecode" or knobs.get("threshold") == 0.0
    ):  # a tiny random model is seldom sure of anything
        assert tested


@each_case
def test_observing_less_records_less_and_decides_the_same(name, knobs):
    asked = {
        "method": name,
        "knobs": knobs,
        "max_new_tokens": 16,
        "draft": drafting_for(name, "llama", knobs),
    }
    none, decisions, full = (
        accel.generate(tiny(), PROMPT, observe=o, **asked) for o in ("none", "decisions", "full")
    )
    kinds = [
        {type(event) for step in trace.steps for event in step.events} for trace in (none, decisions, full)
    ]
    assert kinds[0] <= {LayerRun, Draft, Commit}
    assert kinds[1] <= RECORDED["decisions"]
    assert kinds[2] - kinds[1] <= {Residual, Observed}
    for trace in (none, decisions):
        for ours, watched in zip(trace.steps, full.steps, strict=True):
            decided = [event for event in ours.events if not isinstance(event, Match)]
            kinds = {type(event) for event in decided}
            assert decided == [event for event in watched.events if type(event) in kinds]
            # Look-ups that lost are kept only where everything is.
            assert {e for e in ours.events if isinstance(e, Match)} <= set(watched.events)


@pytest.mark.parametrize("family", ["llama", "gemma3", "gpt2", "qwen3"])
@each_case
def test_after_every_commit_the_cache_is_that_of_the_text_read_from_scratch(family, name, knobs):
    model = tiny(family)
    draft = drafting_for(name, family, knobs)
    request = check_request(
        model, PROMPT, method=name, knobs=knobs, max_new_tokens=24, temperature=0.0, top_k=0, top_p=1.0, stop=(),
        seed=0, observe="none", chat=False, draft=draft,
    )  # fmt: skip
    with torch.inference_mode():
        run = Run(model, request.terms, request.ending(model), Session(model), draft, Dice(0))
        for _ in decode(run, request, never):
            tree = TokenTree(run.tree.text[:-1])
            for lane in run.lanes:
                fresh = Lane("fresh", lane.model, tree, lambda run: None)
                fresh.advance([tree.tip])
                held = sum(lane.progress(slot) == lane.model.num_layers for slot in run.tree.trunk)
                if lane is run.target:
                    assert held == len(run.tree.trunk) - 1
                torch.testing.assert_close(
                    lane.cache.rows(0, held), fresh.cache.rows(0, held), atol=1e-4, rtol=1e-4
                )


@each_case
def test_an_end_token_inside_an_accepted_run_ends_the_text(name, knobs):
    model = tiny()
    free = library_greedy(model, PROMPT, 24)
    for at in (0, 5, 11):
        end = frozenset({free[at]})
        ending = dataclasses.replace(model, end_tokens=end)
        trace = accel.generate(
            ending,
            PROMPT,
            method=name,
            knobs=knobs,
            max_new_tokens=24,
            draft=drafting_for(name, "llama", knobs),
        )
        assert trace.tokens == library_greedy(model, PROMPT, 24, end)
        assert trace.finish_reason == "eos"


@each_case
def test_the_context_is_a_limit(name, knobs):
    model = tiny()
    short = dataclasses.replace(model, context=len(PROMPT) + 6)
    trace = accel.generate(
        short, PROMPT, method=name, knobs=knobs, max_new_tokens=50, draft=drafting_for(name, "llama", knobs)
    )
    assert len(trace.tokens) == 6
    assert trace.finish_reason == "context"
    assert trace.tokens == library_greedy(model, PROMPT, 6)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_target_drafting_for_itself_is_always_accepted(temperature):
    trace = accel.generate(
        tiny(), PROMPT, method="draft_model", knobs={"calibrated": False}, draft=tiny(), temperature=temperature,
        max_new_tokens=20,
    )  # fmt: skip
    assert trace.metrics["acceptance_rate"] == 1.0
    assert trace.metrics["mean_acceptance_length"] > 4


@each_case
def test_a_long_prompt_is_read_in_chunks_that_can_be_stopped(name, knobs):
    long = [(i * 31 + i // 7) % 90 for i in range(200)]
    model = tiny("gpt_neox")
    asked = {
        "method": name,
        "knobs": knobs,
        "max_new_tokens": 8,
        "draft": drafting_for(name, "gpt_neox", knobs),
    }
    assert accel.generate(model, long, **asked).tokens == library_greedy(model, long, 8)
    stopped = accel.generate(model, long, stopping=lambda: "cancelled", **asked)
    assert stopped.tokens == []
    assert stopped.finish_reason == "cancelled"
    answers = iter([None] * (2 if name != "draft_model" else 3))
    later = accel.generate(model, long, stopping=lambda: next(answers, "deadline"), **asked)
    assert later.finish_reason == "deadline"
    assert 0 < len(later.tokens) < 16


@pytest.mark.parametrize("after", [1, 2, 5])
@each_case
def test_stop_takes_effect_within_one_step(name, knobs, after):
    steps = []
    decoding = accel.stream(
        tiny(),
        PROMPT,
        method=name,
        knobs=knobs,
        max_new_tokens=200,
        draft=drafting_for(name, "llama", knobs),
        stopping=lambda: "cancelled" if len(steps) >= after else None,
    )
    for step in decoding:
        steps.append(step)
    assert len(steps) == after
    trace = decoding.trace()
    assert trace.finish_reason == "cancelled"
    assert trace.tokens == library_greedy(tiny(), PROMPT, len(trace.tokens))


@pytest.mark.parametrize("most", [2, 3])
@pytest.mark.parametrize("name", METHODS)
def test_passes_over_drafts_that_are_cut_change_no_text(name, most):
    """Models whose rows are exact up to a few a pass are read in several passes a step."""
    model = tiny("llama")
    cut = dataclasses.replace(model, info=dataclasses.replace(model.info, invariant_rows=most))
    eager = {"calibrated": False} if "calibrated" in METHODS[name].__dataclass_fields__ else {}
    knobs = eager | ({"interval": 1, "draft_exit": 0.0} if name == "clasp" else {})
    prompt = [5, 17, 42, 7, 5, 17, 42, 7, 5, 17]
    for temperature in (0.0, 0.8):
        asked = {"method": name, "knobs": knobs, "max_new_tokens": 40, "temperature": temperature, "seed": 3}
        whole = accel.generate(model, prompt, draft=drafting_for(name, "llama", knobs), **asked)
        parts = accel.generate(cut, prompt, draft=drafting_for(name, "llama", knobs), **asked)
        assert parts.tokens == whole.tokens
