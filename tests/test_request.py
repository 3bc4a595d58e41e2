"""Every argument of the door: what is wrong is an InputError that names it, before anything is decoded."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from functools import partial

import pytest
import transformers as hf
from tokenizers import Tokenizer as Library
from transformers import PreTrainedTokenizerFast

import accel
from accel.errors import InputError
from accel.method import Choice, Counts, Knob, Range, Switch, check_knob, knobs_of
from accel.methods import METHODS
from accel.models.load import from_library
from accel.models.tokenizer import Tokenizer
from accel.trace import Draft, LayerRun
from tests.families import _GPT, _GROUPED, build
from tests.pace import keeps
from tests.tiny import tiny, tiny_speaking, tiny_tokenizer
from tests.toy import Toy, toy_model

PROMPT = [5, 17, 42]
HUGE, VAST = 10**400, 10**5000  # beyond a float; beyond what Python writes out in digits
NO_NUMBERS = [math.nan, math.inf, -math.inf, None, True, "", "abc", "nan", "inf", [], [1], {}, object(), 1j]
NO_NUMBERS += [HUGE, VAST, -HUGE, "1" + "0" * 400, b"1e999", "\ud800", lambda: 1]


class Untouched(Toy):
    """A model of which nothing may be asked."""

    def new_cache(self):
        raise AssertionError("decoding began")


def refused(**asked):
    """The field that a request with these arguments is refused for."""
    model = asked.pop("model", None) or dataclasses.replace(toy_model(Untouched()), context=100)
    prompt = asked.pop("prompt", [0, 1])
    with pytest.raises(InputError) as refusal:
        accel.stream(model, prompt, **{"method": "autoregressive", **asked})
    message = str(refusal.value)
    assert message.startswith(f"{refusal.value.field}: ")
    assert "\n" not in message
    assert len(message) < 300
    return refusal.value.field


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda v: type(v).__name__)
@pytest.mark.parametrize("field", ["temperature", "top_p", "top_k", "max_new_tokens", "seed"])
def test_what_is_no_number_is_refused(field, value):
    assert refused(**{field: value}) == field


OUTSIDE = {
    "temperature": [-1, -1e-9, 1e-9, 9.9e-5, 100.1, 1e9, "-1"],
    "top_p": [0, -0.5, 1.5, 1e9, -0.0],
    "top_k": [-1, 1e9, 2.5, "2.5", 10**18],
    "max_new_tokens": [0, -5, 1e9, 1.5, 10**18],
    "seed": [-1, 1.5, 2**63, 2**53, 2**53 + 1, 1e300],
}


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, values in OUTSIDE.items() for v in values])
def test_numbers_out_of_range_are_refused(field, value):
    assert refused(**{field: value}) == field


def test_the_ends_of_every_range_are_taken():
    for asked in [
        {"temperature": 0},
        {"temperature": 1e-4},
        {"temperature": 100.0},
        {"top_p": 1.0},
        {"top_p": 1e-9, "temperature": 1},
        {"top_k": 10_000_000},
        {"max_new_tokens": 1_000_000},
        {"max_new_tokens": 2.0},
        {"temperature": "0.5"},
    ]:
        accel.stream(tiny(), PROMPT, method="autoregressive", **asked)


def test_a_trace_of_the_largest_seed_can_be_read_again():
    trace = accel.generate(tiny(), PROMPT, method="autoregressive", seed=2**53 - 1, max_new_tokens=1)
    assert accel.Trace.from_lines(trace.lines()).header.sampling.seed == 2**53 - 1


@pytest.mark.parametrize("value", ["no-such", "", None, 3, ["suffix"], "SUFFIX", "\ud800", {}, "x" * 10**6])
def test_an_unknown_method_is_refused(value):
    assert refused(method=value) == "method"


@pytest.mark.parametrize("value", ["all", "", None, 3, True, ["full"], "FULL", {}])
def test_an_unknown_way_of_observing_is_refused(value):
    assert refused(observe=value) == "observe"


@pytest.mark.parametrize("value", ["yes", "false", 1, 0, None, [], 0.5])
def test_chat_is_on_or_off_and_nothing_else(value):
    assert refused(chat=value) == "chat"


NO_KNOBS = [5, "alpha", ["alpha"], ["num_draft_tokens"], [("alpha", 1)], True, {1: 2}, {None: 1}]


@pytest.mark.parametrize("value", NO_KNOBS, ids=str)
def test_knobs_that_are_no_mapping_of_known_names_are_refused(value):
    assert refused(knobs=value, method="prompt_lookup").startswith("knobs")
    assert refused(knobs={"no_such": 1}, method="prompt_lookup") == "knobs.no_such"
    assert refused(knobs={"depth": 1}) == "knobs.depth"


KNOBS = [(name, knob) for name, method in METHODS.items() for knob in knobs_of(method)]


@pytest.mark.parametrize(("name", "knob"), KNOBS, ids=lambda v: getattr(v, "name", v))
def test_every_knob_of_every_method_is_held_to_its_bounds(name, knob: Knob):
    bounds, bad = knob.bounds, [*NO_NUMBERS]
    if isinstance(bounds, Range):
        bad += [bounds.low - 1, bounds.high + 1, 1e9 if bounds.high < 1e9 else -1e9]
        bad += [bounds.low + 0.5] if knob.kind is int else []
        good = [bounds.low, bounds.high, str(bounds.high), knob.default]
    elif isinstance(bounds, Switch):
        bad.remove(True)
        bad += [0, 1, "on", "1"]
        good = [True, False, "true", "False"]
    elif isinstance(bounds, Counts):
        bad += ["2,1", "1,1", "0", "1,,2", "1;2", "9" * 61, str(bounds.high + 1)]
        good = ["auto", "1", "1,2", "15, 20,24"]
    else:
        assert isinstance(bounds, Choice)
        bad += [*(option + "x" for option in bounds.options), 0]
        good = [*bounds.options]
    for value in bad:
        assert refused(method=name, knobs={knob.name: value}) == f"knobs.{knob.name}"
    for value in good:
        assert type(check_knob(knob, value)) is knob.kind


@pytest.mark.parametrize("value", ["", "  \n\t ", "\0", "\0 \0", [], ()])
def test_an_empty_prompt_is_refused(value):
    assert refused(model=tiny_speaking(), prompt=value) == "prompt"


NO_PROMPTS = [
    None,
    5,
    1.5,
    True,
    b"abc",
    {},
    {1: 2},
    object(),
    [True],
    [1.0],
    ["5"],
    [None],
    [[1]],
    [-1],
    [3],
]


@pytest.mark.parametrize("value", [*NO_PROMPTS, [VAST]], ids=lambda v: type(v).__name__)
def test_what_is_no_prompt_is_refused(value):
    assert refused(prompt=value) == "prompt"


def test_text_for_a_model_without_a_tokenizer_is_refused():
    assert refused(prompt="hello") == "prompt"
    assert refused(stop=["x"]) == "stop"


def test_a_vast_prompt_is_refused_at_once():
    model = tiny_speaking()
    for vast in ("word " * 1_000_000, "\0" * 5_000_000, [1] * 5_000_000):
        assert keeps(partial(is_refused_in_time, model, vast))


def is_refused_in_time(model, vast):
    start = time.perf_counter()
    assert refused(model=model, prompt=vast) == "prompt"
    return time.perf_counter() - start < 0.1


def test_a_prompt_leaves_room_for_one_token():
    model = dataclasses.replace(tiny(), context=8)
    for length in (8, 9, 1000):
        assert refused(model=model, prompt=[1] * length) == "prompt"
    trace = accel.generate(model, [1] * 7, method="autoregressive")
    assert (len(trace.tokens), trace.finish_reason) == (1, "context")


@pytest.mark.parametrize(
    "prompt", ["a\0b", "a\ud800b", "\udfff", "a‮b", "👩‍👩‍👧", "ﷺ" * 50, "</s>", "\x1b[31m"]
)
def test_strange_characters_are_read(prompt):
    for method in METHODS:
        if method != "draft_model":
            trace = accel.generate(tiny_speaking(), prompt, method=method, max_new_tokens=4, chat=False)
            assert len(trace.tokens) == 4
            assert accel.Trace.from_lines(trace.lines()) == trace


@pytest.mark.parametrize("value", ["x", None, 5, [""], ["a" * 257], ["x"] * 17, [3], [None], [b"x"], b"x"])
def test_stops_that_are_no_short_list_of_strings_are_refused(value):
    assert refused(model=tiny_speaking(), stop=value) == "stop"


def test_a_stop_with_half_a_character_is_read_and_its_trace_saved(tmp_path):
    trace = accel.generate(
        tiny_speaking(), "the", method="autoregressive", max_new_tokens=3, stop=["a\ud800"]
    )
    trace.save(tmp_path / "trace.jsonl")
    assert accel.Trace.load(tmp_path / "trace.jsonl") == trace


def swapped_tokenizer():
    """The tiny tokenizer with two words exchanged: as many ids, another meaning."""
    written = json.loads(tiny_tokenizer().backend_tokenizer.to_str())
    words = written["model"]["vocab"]
    words["y"], words["z"] = words["z"], words["y"]
    library = PreTrainedTokenizerFast(tokenizer_object=Library.from_str(json.dumps(written)))
    return Tokenizer(library)


def test_a_draft_must_be_a_model_that_shares_the_vocabulary_and_reads_the_prompt():
    model = tiny_speaking()
    foreign = dataclasses.replace(tiny("gpt2"), tokenizer=swapped_tokenizer())
    short = dataclasses.replace(model, context=3)
    for draft in (toy_model(), foreign, short, "smollm2-135m", 5, Toy()):
        for method in ("draft_model", "autoregressive"):
            assert refused(model=model, prompt="the end", chat=False, method=method, draft=draft) == "draft"
    assert refused(method="draft_model") == "draft"


def padded(rows):
    """A tiny model with the tiny tokenizer and this many rows for its 99 words."""
    library = build(hf.LlamaConfig(**{**_GROUPED, "vocab_size": rows}))
    model = from_library(library, Tokenizer(tiny_tokenizer()), name="padded")
    return dataclasses.replace(model, end_tokens=frozenset())


DRAFTING = [{"calibrated": False}, {"depth": 3, "branching": 3, "calibrated": False}]


@pytest.mark.parametrize("knobs", DRAFTING, ids=str)
@pytest.mark.parametrize(("target", "draft"), [(128, 112), (112, 128)])
def test_vocabularies_that_are_padded_to_other_numbers_are_shared(target, draft, knobs):
    target, draft = padded(target), padded(draft)
    prompt = [target.layers.vocab_size - 29, 5, 17]  # of 128 and 112, ids that both have
    alone = accel.generate(target, prompt, method="autoregressive", max_new_tokens=60)
    trace = accel.generate(target, prompt, method="draft_model", knobs=knobs, draft=draft, max_new_tokens=60)
    assert trace.tokens == alone.tokens
    drafted = [event.token for step in trace.steps for event in step.events if isinstance(event, Draft)]
    assert drafted
    assert max(drafted) < 112
    for seed in range(3):
        asked = {"knobs": knobs, "draft": draft, "max_new_tokens": 40, "temperature": 1.0, "seed": seed}
        assert len(accel.generate(target, prompt, method="draft_model", observe="full", **asked).tokens) == 40


def test_after_a_token_that_the_draft_model_lacks_nothing_is_drafted():
    target, draft = padded(128), padded(112)
    asked = {"max_new_tokens": 40, "knobs": {"calibrated": False}}
    trace = accel.generate(target, PROMPT, method="draft_model", draft=draft, **asked)
    assert trace.tokens == accel.generate(target, PROMPT, method="autoregressive", max_new_tokens=40).tokens
    written = 0
    for step in trace.steps:
        drafts = [event for event in step.events if isinstance(event, Draft)]
        assert not drafts or 120 not in trace.tokens[:written]
        written += len(step.commit.tokens)
    assert 120 in trace.tokens
    with pytest.raises(InputError, match="draft: padded has no token 120, which is in the prompt"):
        accel.stream(target, [120, 1], method="draft_model", draft=draft)


@pytest.mark.parametrize("method", ["draft_model", "suffix"])
@pytest.mark.parametrize("context", [8, 9, 12, 20])
def test_a_draft_model_stops_at_its_own_end(context, method):
    model, prompt = tiny(), [5, 17, 42, 7, 5, 17, 42]
    draft = dataclasses.replace(tiny("gpt2"), context=context)
    for knobs in DRAFTING if method == "draft_model" else [{"fallback": "draft_model", "min_score": 32}]:
        trace = accel.generate(model, prompt, method=method, knobs=knobs, draft=draft, max_new_tokens=30)
        alone = accel.generate(model, prompt, method="autoregressive", max_new_tokens=30)
        assert (trace.tokens, trace.finish_reason) == (alone.tokens, "length")
        runs = [run for step in trace.steps for run in step.events if isinstance(run, LayerRun)]
        assert any(run.lane == "draft" for run in runs[2:])
    short = dataclasses.replace(draft, context=7)
    with pytest.raises(InputError, match="draft: tiny-gpt2 reads at most 6 tokens, and the prompt has 7"):
        accel.stream(model, prompt, method="draft_model", draft=short)


def test_a_draft_model_reads_no_position_beyond_its_context():
    learned = from_library(build(hf.GPT2Config(**{**_GPT, "n_positions": 21})), None, name="short")
    asked = {"knobs": {"depth": 16, "branching": 4, "calibrated": False}, "max_new_tokens": 40}
    trace = accel.generate(tiny(), PROMPT, method="draft_model", draft=learned, **asked)
    assert trace.tokens == accel.generate(tiny(), PROMPT, method="autoregressive", max_new_tokens=40).tokens


def test_a_word_that_the_model_has_no_row_for_is_named():
    library = PreTrainedTokenizerFast(
        tokenizer_object=Library.from_str(tiny_tokenizer().backend_tokenizer.to_str())
    )
    library.add_special_tokens({"pad_token": "[PAD]"})
    model = dataclasses.replace(tiny_speaking(), tokenizer=Tokenizer(library))
    said = "the tokenizer of tiny-speaking reads '[PAD]' as id 99, but its weights end at id 98: "
    with pytest.raises(InputError) as refusal:
        accel.stream(model, "hi [PAD] there", method="autoregressive")
    assert str(refusal.value) == f"prompt: {said}leave it out, or choose another model"
    library.chat_template = "[PAD]{{ messages[0]['content'] }}"
    with pytest.raises(InputError) as refusal:
        accel.stream(model, "hi there", method="autoregressive")
    assert str(refusal.value) == (
        f"chat: {said}turn the chat template off, which puts it there, or choose another model"
    )
    accel.stream(model, "hi there", method="autoregressive", chat=False)


def test_ranges_are_written_with_all_their_digits():
    with pytest.raises(InputError, match=r"^seed: -1 is outside 0 to 9007199254740991$"):
        accel.stream(tiny(), PROMPT, seed=-1)
    with pytest.raises(InputError, match=r"^top_k: -1 is outside 0 to 10000000$"):
        accel.stream(tiny(), PROMPT, top_k=-1)
    with pytest.raises(InputError, match=r"^max_new_tokens: 0 is outside 1 to 1000000$"):
        accel.stream(tiny(), PROMPT, max_new_tokens=0)
    with pytest.raises(InputError, match=r"^top_p: 2 is outside more than 0 to 1$"):
        accel.stream(tiny(), PROMPT, top_p=2)
    with pytest.raises(InputError, match=r"^temperature: 'hot' is not a number from 0 to 100$"):
        accel.stream(tiny(), PROMPT, temperature="hot")
    knob = Knob("alpha", int, 1, Range(0.25, 2**31 - 1, ""))
    with pytest.raises(InputError, match=r"^knobs\.alpha: 0 is outside 0\.25 to 2147483647$"):
        check_knob(knob, 0)


def test_a_session_is_of_one_model_and_answers_one_prompt_at_a_time():
    session = accel.Session(tiny("gpt2"))
    with pytest.raises(InputError, match="session: it belongs to tiny-gpt2; make one for tiny-llama"):
        accel.generate(tiny(), PROMPT, method="autoregressive", session=session)
    steps = iter(accel.stream(tiny("gpt2"), PROMPT, method="autoregressive", session=session))
    next(steps)
    with pytest.raises(InputError, match="session: it is decoding another prompt"):
        accel.generate(tiny("gpt2"), PROMPT, method="autoregressive", session=session)
    steps.close()
    accel.generate(tiny("gpt2"), PROMPT, method="autoregressive", session=session)
