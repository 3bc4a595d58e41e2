"""AdaDecode: the layers reported are the layers run, deferred ones join later calls, and every threshold gives the
text of the model alone."""

from __future__ import annotations

import pytest
import transformers as hf

import accel
from accel.errors import InputError
from accel.methods import METHODS
from accel.methods.adadecode import plain_layers
from accel.models.load import from_library
from accel.trace import Draft, LayerRun, Readout, Rollback, Verdict
from tests.families import _GROUPED, build
from tests.tiny import library_greedy, tiny

PROMPT = [5, 17, 42, 7, 5, 17, 42, 9, 5, 17]
LOOKS = {"layers": "1,2", "heads": "plain"}


def decode(model, threshold: float, **knobs):
    return accel.generate(
        model, PROMPT, method="adadecode", knobs={**LOOKS, "threshold": threshold, **knobs}, max_new_tokens=40
    )


@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0, 1.05])
@pytest.mark.parametrize("family", ["llama", "gemma3", "gpt2"])
def test_at_every_threshold_the_text_is_the_models_own(family, threshold):
    model = tiny(family)
    assert decode(model, threshold).tokens == library_greedy(model, PROMPT, 40)


def test_above_one_nothing_leaves_and_the_layer_calls_are_the_models_own():
    trace = decode(tiny(), 1.05)
    assert trace.metrics["layer_calls_per_token"] == tiny().layers.num_layers
    assert not any(isinstance(event, Draft) for step in trace.steps for event in step.events)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.6])
def test_the_layer_calls_reported_are_those_the_model_was_asked_for(threshold, monkeypatch):
    model = tiny()
    calls = []
    kind = type(model.layers)
    plain_run = kind.run_layers

    def counting(self, hidden, first, last, rows, cache, tap=None):
        calls.append((last - first, hidden.shape[0]))
        return plain_run(self, hidden, first, last, rows, cache, tap)

    monkeypatch.setattr(kind, "run_layers", counting)
    trace = decode(model, threshold)
    runs = [event for step in trace.steps for event in step.events if isinstance(event, LayerRun)]
    assert [(run.last - run.first, len(run.slots)) for run in runs] == calls
    assert len(calls) > len(trace.steps)


def test_deferred_layers_run_in_the_calls_of_later_tokens():
    """Every layer runs once on every kept slot, and some call takes an older and a newer token together."""
    trace = decode(tiny(), 0.0, max_early=4)
    shared = 0
    for step in trace.steps[1:]:
        seen: dict[tuple[int, int], int] = {}
        for run in (event for event in step.events if isinstance(event, LayerRun)):
            for layer in range(run.first, run.last):
                for slot in run.slots:
                    seen[slot, layer] = seen.get((slot, layer), 0) + 1
            shared += len(run.slots) > 1 and run.first > 0
        assert set(seen.values()) == {1}
        num_drafts = sum(isinstance(event, Draft) for event in step.events)
        assert len(seen) == tiny().layers.num_layers * (num_drafts + 1)
    assert shared > 0


def test_a_token_leaves_at_the_first_look_that_is_surer_than_the_threshold():
    trace = decode(tiny(), 0.3)
    looks = [event for step in trace.steps for event in step.events if isinstance(event, Readout)]
    assert any(look.taken for look in looks)
    assert any(not look.taken for look in looks)
    assert all(look.taken == (look.confidence > look.threshold) for look in looks)
    for step in trace.steps:
        left = [event.slot for event in step.events if isinstance(event, Readout) and event.taken]
        assert left == [event.parent for event in step.events if isinstance(event, Draft)]


def test_tokens_taken_back_are_named_before_the_commit():
    trace = decode(tiny(), 0.0)
    taken_back = 0
    for step in trace.steps:
        drafted = [event.slot for event in step.events if isinstance(event, Draft)]
        kept = [event.slot for event in step.events if isinstance(event, Verdict) and event.accepted]
        named = [slot for event in step.events if isinstance(event, Rollback) for slot in event.slots]
        assert named == [slot for slot in drafted if slot not in kept]
        taken_back += len(named)
    assert taken_back > 0


def test_no_more_tokens_wait_than_allowed():
    for most in (1, 2, 5):
        trace = decode(tiny(), 0.0, max_early=most)
        drafted = [sum(isinstance(event, Draft) for event in step.events) for step in trace.steps]
        assert max(drafted) == most


def test_the_shown_confidence_at_a_look_is_the_methods_own():
    trace = accel.generate(
        tiny(),
        PROMPT,
        method="adadecode",
        knobs={**LOOKS, "threshold": 0.3},
        max_new_tokens=12,
        observe="full",
    )
    for step in trace.steps[1:]:
        shown = {(e.slot, e.layer): e for e in step.events if type(e).__name__ == "Observed"}
        for look in (event for event in step.events if isinstance(event, Readout)):
            assert shown[look.slot, look.layer].token == look.token
            assert shown[look.slot, look.layer].confidence == pytest.approx(look.confidence, abs=1e-5)


def test_layers_that_no_model_has_are_refused():
    for layers in ("2,1", "0", "3", "1,1", "x", "", "1,2,"):
        with pytest.raises(InputError) as refusal:
            accel.generate(tiny(), PROMPT, method="adadecode", knobs={"layers": layers, "heads": "plain"})
        assert refusal.value.field == "knobs.layers"


def test_a_model_of_one_layer_is_refused_in_words_and_taken_by_every_other_method():
    model = from_library(build(hf.LlamaConfig(**{**_GROUPED, "num_hidden_layers": 1})), None, name="flat")
    for knobs in ({}, {"heads": "plain"}, {"layers": "1"}):
        with pytest.raises(
            InputError, match="model: flat has a single layer, so no token can exit below the top"
        ):
            accel.generate(model, PROMPT, method="adadecode", knobs=knobs)
    alone = accel.generate(model, PROMPT, method="autoregressive", max_new_tokens=20)
    for name in METHODS:
        if name != "adadecode":
            draft = tiny() if name == "draft_model" else None
            trace = accel.generate(model, PROMPT, method=name, draft=draft, max_new_tokens=20)
            assert trace.tokens == alone.tokens


def test_the_plain_looks_lie_in_the_upper_half():
    assert plain_layers(tiny()) == [2]
