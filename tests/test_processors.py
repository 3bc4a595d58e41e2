"""A model's own logits processors are part of its text: ours, the library's, and every draft's."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
import torch
from transformers import GenerationConfig

import accel
from accel.bench_arms import arms_of
from accel.compare import compare
from accel.methods import METHODS
from accel.models.errors import ModelRefused
from accel.models.library import library_greedy, sample_answers
from accel.models.load import from_library
from accel.models.processors import OF_END_TOKENS, PROCESSORS, REFUSED, ProcessorSettings
from accel.race import Race
from accel.request import greedy_request
from accel.sampling import Dice, Sampling
from accel.trace import Draft, Observed, Readout, Trace, Verdict
from accel.verify import DraftTree, verify
from accel.whatif import whatif
from tests.processed import COUNT, NAMES, PROMPT, generate, library_with, own_text, tiny_with
from tests.test_contract import KNOBS, drafting_for
from tests.test_exactness import CASES as DRAWN
from tests.test_verify import given, new_run
from tests.tiny import tiny, tiny_speaking
from tests.toy import Toy, outcome_probs, play_method, tokens_of, toy_model

FIRST = [(name, KNOBS[name][-1]) for name in METHODS]
EVERY = [(name, knobs) for name in METHODS for knobs in KNOBS[name]]
MATRIX = [
    (asked, name, knobs)
    for asked in NAMES
    for name, knobs in (EVERY if asked in ("repetition_penalty", "all together") else FIRST)
]


def decode(model, name, knobs, **asked):
    draft = drafting_for(name, "llama", knobs)
    terms = {"max_new_tokens": COUNT, "draft": draft, **asked}
    return accel.generate(model, PROMPT, method=name, knobs=knobs, **terms)


@pytest.mark.parametrize(("asked", "name", "knobs"), MATRIX, ids=str)
def test_greedy_text_is_what_generate_gives_when_asked_for_nothing(asked, name, knobs):
    trace = decode(tiny_with(asked), name, knobs)
    assert trace.tokens == own_text(asked)


@pytest.mark.parametrize("asked", NAMES)
def test_each_setting_changes_the_text_and_the_baseline_knows_it(asked):
    assert own_text(asked) != generate(library_with(), PROMPT, COUNT)
    assert library_greedy(tiny_with(asked), PROMPT, COUNT) == own_text(asked)


@pytest.mark.parametrize("asked", NAMES)
def test_each_guess_of_a_tree_is_judged_after_its_own_path(asked):
    """Of the right text beside wrong ones, every guess is kept, and the token after it is right too."""
    model, text = tiny_with(asked), own_text(asked)
    with torch.inference_mode():
        run = new_run(model, PROMPT, Dice(0), count=COUNT, temperature=0.0)
        while run.finish_reason is None:
            done, draft = len(run.tree.text) - len(PROMPT), DraftTree()
            right = text[done : done + 3]
            wrong = [[(token + k) % 97 for token in right] for k in (1, 2)]
            given(wrong[0], wrong[1][:1], right, [right[0], wrong[1][0]])(run, draft)
            verify(run, draft)
            assert len(run.close_step().commit.tokens) == min(4, len(text) - done)
    assert run.tree.text[len(PROMPT) :] == text


def test_a_first_token_that_is_forced_is_forced():
    library = library_with(forced_bos_token_id=8, begin_suppress_tokens=[8])
    model = from_library(library, None, name="forced")
    for prompt in ([5], [5, 6]):
        tokens = accel.generate(model, prompt, method="autoregressive", max_new_tokens=6).tokens
        assert tokens == generate(library_with(forced_bos_token_id=8, begin_suppress_tokens=[8]), prompt, 6)
        assert (tokens[0] == 8) == (len(prompt) == 1)


@pytest.mark.parametrize("new", [0, 4])
def test_a_least_number_of_new_tokens_takes_the_place_of_a_least_length(new):
    fields = {"min_new_tokens": new, "min_length": 28, "eos_token_id": generate(library_with(), PROMPT, 8)[5]}
    model = from_library(library_with(**fields), None, name="both")
    text = generate(library_with(**fields), PROMPT, COUNT)
    assert accel.generate(model, PROMPT, method="prompt_lookup", max_new_tokens=COUNT).tokens == text
    assert len(text) < 18


@pytest.mark.parametrize("asked", NAMES)
def test_answers_sampled_in_a_batch_are_each_the_models_own_text(asked):
    model, prompts = tiny_with(asked), [PROMPT, PROMPT[:3], [1], PROMPT[2:8]]
    together = sample_answers(model, prompts, COUNT, temperature=0.0, seed=0)
    assert together == [library_greedy(model, prompt, COUNT) for prompt in prompts]
    drawn = sample_answers(model, prompts, COUNT, temperature=1.0, seed=0)
    if asked == "suppress_tokens":
        assert not {*itertools.chain(*drawn)} & {*model.processors.values["suppress_tokens"]}


@pytest.mark.parametrize("baseline", ["generate+lookup", "generate+early-exit"])
def test_the_librarys_own_speculation_keeps_to_the_processors(baseline):
    model = tiny_with("repetition_penalty")
    arm = arms_of(model, [], [baseline], warm=False)[-1]
    request = greedy_request(model, PROMPT, "autoregressive", max_new_tokens=COUNT)
    assert arm.answer(model, request, None).tokens == own_text("repetition_penalty")


def test_comparing_finds_one_text():
    model = tiny_with("all together")
    names = [name for name in METHODS if name != "draft_model"]
    requests = [greedy_request(model, PROMPT, name, max_new_tokens=COUNT) for name in names]
    rows = compare(model, requests, 1, with_library=True)
    assert {row.name for row in rows} == {*names, "generate"}
    assert all(row.same_text for row in rows)


OTHER = {  # a value for fields whose default cannot be turned into another by its kind
    "bad_words_ids": [[3]], "sequence_bias": [[[3], -2.0]], "suppress_tokens": [3], "begin_suppress_tokens": [3],
    "exponential_decay_length_penalty": (1, 1.5), "force_words_ids": [[3]], "stop_strings": ["x"],
    "cache_implementation": "static", "dola_layers": "high", "early_stopping": True, "constraints": [1],
    "speculation_type": "x", "num_assistant_tokens_schedule": "constant", "transformers_version": "1",
    "watermarking_config": {"greenlist_ratio": 0.5}, "repetition_penalty": 1.2, "encoder_repetition_penalty": 1.2,
    "guidance_scale": 2.0, "use_cache": False, "max_time": 0.0, "max_length": 11, "max_new_tokens": 2,
    "eos_token_id": None, "_from_model_config": True,
}  # fmt: skip


@pytest.mark.parametrize("field", sorted(vars(GenerationConfig())))
def test_every_field_of_a_generation_config_is_applied_by_all_or_by_none_or_refused(field):
    library = library_with(**{field: OTHER.get(field, 2)})
    if field in REFUSED:
        with pytest.raises(ModelRefused, match=rf"mutant: .*sets {field} to .*take {field} out"):
            from_library(library, None, name="mutant")
        return
    model = from_library(library, None, name="mutant")
    alone = accel.generate(model, PROMPT, method="autoregressive", max_new_tokens=8)
    assert alone.tokens == library_greedy(model, PROMPT, 8)
    assert sample_answers(model, [PROMPT], 8, temperature=0.0, seed=0) == [alone.tokens]
    if field in PROCESSORS and field not in OF_END_TOKENS:  # which the library cannot build without any
        assert alone.tokens == generate(library_with(**{field: OTHER.get(field, 2)}), PROMPT, 8)
    elif field != "eos_token_id":
        assert alone.tokens == library_greedy(tiny(), PROMPT, 8)


def test_the_baseline_reads_nothing_from_the_librarys_model():
    model = from_library(library_with(), None, name="later")
    before = library_greedy(model, PROMPT, 12)
    for field in vars(GenerationConfig()):
        if field[0] != "_":
            setattr(model.library.generation_config, field, OTHER.get(field, 2))
    model.library.generation_config.field_of_a_later_release = 5
    assert library_greedy(model, PROMPT, 12) == before
    assert sample_answers(model, [PROMPT], 12, temperature=0.0, seed=0) == [before]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("repetition_penalty", -1.0), ("repetition_penalty", "high"), ("no_repeat_ngram_size", -2),
        ("bad_words_ids", [3]), ("bad_words_ids", [[3], [99]]), ("suppress_tokens", ["a"]),
        ("min_new_tokens", "3"), ("sequence_bias", [[[200], 1.0]]), ("forced_eos_token_id", 1000),
        ("exponential_decay_length_penalty", 3),
    ],
)  # fmt: skip
def test_a_setting_that_makes_no_sense_is_refused_by_name(field, value):
    with pytest.raises(ModelRefused, match=rf"sets {field} to .* cannot be used") as caught:
        from_library(library_with(**{field: value}), None, name="odd")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"), [("bad_words_ids", []), ("suppress_tokens", []), ("min_length", 0)]
)
def test_an_empty_setting_is_none(field, value):
    model = from_library(library_with(**{field: value}), None, name="empty")
    assert model.processors == ProcessorSettings()


# By hand, and not by the library's classes: what each setting does to logits [vocab] after a path.


def penalised(path, logits):
    for token in set(path):
        logits[token] = logits[token] * 1.7 if logits[token] < 0 else logits[token] / 1.7


def without_repeated_pairs(path, logits):
    for first, second in itertools.pairwise(path):
        if first == path[-1]:
            logits[second] = -torch.inf


def without_bad_words(path, logits):
    logits[2] = logits[2] if path[-1] != 0 else -torch.inf
    logits[1] = logits[1] if path[-2:] != [1, 0] else -torch.inf


def without_first(path, logits):
    if len(path) == len(TOY_PROMPT):
        logits[1] = -torch.inf


def without_an_early_end(path, logits):
    if len(path) < len(TOY_PROMPT) + 2:
        logits[2] = -torch.inf


def penalised_without_an_early_end(path, logits):
    penalised(path, logits)
    without_an_early_end(path, logits)


TOY_PROMPT = [0, 1, 2, 0, 1]
END = frozenset({2})
BY_HAND = {
    penalised: ({"repetition_penalty": 1.7}, frozenset()),
    without_repeated_pairs: ({"no_repeat_ngram_size": 2}, frozenset()),
    without_bad_words: ({"bad_words_ids": [[0, 2], [1, 0, 1]]}, frozenset()),
    without_first: ({"begin_suppress_tokens": [1]}, frozenset()),
    without_an_early_end: ({"min_new_tokens": 2}, END),
    penalised_without_an_early_end: ({"repetition_penalty": 1.7, "min_length": 7}, END),
}


def expected_probs(toy, sampling, by_hand, end, length):
    """The target's own distribution over texts of this length, or that end before."""
    found = {}

    def walk(text, prob):
        if len(text) == length or (text and text[-1] in end):
            found[text] = prob
            return
        path = [*TOY_PROMPT, *text]
        logits = toy.logits_after(toy.code(path)).clone()
        by_hand(path, logits)
        for token, share in enumerate(sampling.probs(logits[None])[0].tolist()):
            if share > 0:
                walk((*text, token), prob * share)

    walk((), 1.0)
    return found


WARPED = [(rule, {}) for rule in BY_HAND]
WARPED.append((penalised_without_an_early_end, {"temperature": 0.7, "top_k": 2}))


@pytest.mark.parametrize(
    ("by_hand", "warp"), WARPED, ids=lambda value: getattr(value, "__name__", str(value))
)
@pytest.mark.parametrize(("name", "knobs"), DRAWN, ids=str)
def test_every_fall_of_the_dice_adds_up_to_the_processed_distribution(name, knobs, by_hand, warp):
    values, end = BY_HAND[by_hand]
    toy = Toy()
    model = dataclasses.replace(toy_model(toy, end_tokens=end), processors=ProcessorSettings(values))
    draft = toy_model(Toy(seed=1)) if "draft_model" in (name, knobs.get("fallback")) else None
    asked = {"temperature": 1.0, **warp}

    def play(dice):
        steps = play_method(model, TOY_PROMPT, dice, method=name, knobs=knobs, draft=draft, **asked)
        return tokens_of(steps)

    found = outcome_probs(play)
    expected = expected_probs(toy, Sampling(**asked), by_hand, end, 3)
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-6)
    assert found.keys() == expected.keys()
    for text, prob in expected.items():
        assert found[text] == pytest.approx(prob, abs=1e-6)


@pytest.mark.parametrize("name", ["adadecode", "clasp", "draft_model"])
def test_a_draft_of_the_model_itself_is_processed_too(name):
    """Drafts that are no better than the target, and no worse: all are kept, as they are without processors."""
    knobs = {
        "adadecode": {"threshold": 0.0, "layers": "2", "heads": "plain"},
        "clasp": {"skip_share": 0.0, "draft_exit": 0.0, "calibrated": False},
        "draft_model": {"calibrated": False},
    }[name]
    model = tiny_with("repetition_penalty")
    draft = tiny() if name == "draft_model" else None
    trace = accel.generate(
        model, PROMPT, method=name, knobs=knobs, max_new_tokens=COUNT, draft=draft, observe="full"
    )
    verdicts = [event for step in trace.steps for event in step.of(Verdict)]
    assert verdicts
    if name != "adadecode":
        assert all(verdict.accepted for verdict in verdicts)
        drafted = {event.slot: event.draft_prob for step in trace.steps for event in step.of(Draft)}
        for verdict in verdicts:
            assert verdict.target_prob == pytest.approx(drafted[verdict.slot], abs=1e-4)
    else:
        banned = accel.generate(
            tiny_with("suppress_tokens"),
            PROMPT,
            method=name,
            knobs=knobs,
            max_new_tokens=COUNT,
            observe="full",
        )
        looks = [e for step in banned.steps for e in step.events if isinstance(e, Readout | Observed)]
        suppressed = tiny_with("suppress_tokens").processors.values["suppress_tokens"]
        assert looks
        assert not {look.token for look in looks} & {*suppressed}


@pytest.mark.parametrize("asked", ["repetition_penalty", "all together"])
def test_the_readout_after_the_last_layer_is_the_token_that_comes(asked):
    trace = decode(tiny_with(asked), "autoregressive", {}, observe="full")
    top = trace.header.model.num_layers
    seen = {e.slot: e.token for step in trace.steps for e in step.of(Observed) if e.layer == top}
    slots = [len(PROMPT) - 1, *(slot for step in trace.steps for slot in step.commit.slots)]
    assert [seen[slot] for slot in slots[:-1]] == trace.tokens


@pytest.mark.parametrize(
    ("name", "knobs", "other"),
    [
        ("adadecode", {"threshold": 0.3, "layers": "1,2", "heads": "plain"}, {"threshold": 1.05}),
        ("adadecode", {"threshold": 1.05, "layers": "1,2", "heads": "plain"}, {"threshold": 0.9}),
        ("suffix", {"calibrated": False}, {"alpha": 3.0}),
    ],
)
def test_a_what_if_is_as_exact_as_without_processors(name, knobs, other):
    for asked in ("repetition_penalty", "suppress_tokens"):
        model = tiny_with(asked)
        found = whatif(decode(model, name, knobs, observe="full"), other)
        run = decode(model, name, {**knobs, **other}, observe="full")
        steps = [event for step in run.steps[1:] for event in step.of(Draft)]
        if found.kind == "exact":
            assert (found.num_steps, found.num_drafted) == (len(run.steps) - 1, len(steps))
        assert found.num_tokens == len(run.tokens) - 1


def test_a_margin_is_that_of_the_processed_logits():
    from accel.parity import compare as parity_of

    model, prompt = tiny_with("suppress_tokens"), tuple(PROMPT)
    terms = greedy_request(model, PROMPT, "autoregressive", max_new_tokens=COUNT).terms
    text = own_text("suppress_tokens")
    at = next(at for at, token in enumerate(generate(library_with(), PROMPT, COUNT)) if token != text[at])
    other = [*text[:at], (text[at] + 1) % 99]
    found = parity_of(model, prompt, text, other, terms.processors)
    logits = tiny().library(torch.tensor([[*PROMPT, *text[:at]]])).logits[0, -1]
    logits[model.processors.values["suppress_tokens"]] = -torch.inf
    first, second = logits.topk(2).values.tolist()
    assert found.first_divergence == at
    assert found.margin == pytest.approx(first - second, abs=1e-4)


@pytest.mark.parametrize("asked", NAMES)
def test_parity_with_the_models_own_loop_holds(asked):
    trace = decode(tiny_with(asked), "prompt_lookup", {}, check=True)
    assert trace.footer.parity.equal


def test_a_stop_string_ends_a_text_before_its_least_length_and_the_check_knows_it():
    """The number asked for, not the number that came, decides where an end token is forced."""
    asked = ProcessorSettings({"min_new_tokens": 25, "forced_eos_token_id": 2})
    model = dataclasses.replace(tiny_speaking(), processors=asked, end_tokens=frozenset({2}))
    terms = {"method": "prompt_lookup", "max_new_tokens": 30, "chat": False, "check": True}
    whole = accel.generate(model, PROMPT, **terms)
    assert (len(whole.tokens), whole.finish_reason) == (30, "eos")
    cut = accel.generate(model, PROMPT, stop=[whole.text[6:8]], **terms)
    assert (cut.finish_reason, cut.tokens) == ("stop", whole.tokens[: len(cut.tokens)])
    assert len(cut.tokens) < 25
    assert cut.footer.parity.equal


def test_a_race_of_processed_runs_finds_one_text():
    names = ("autoregressive", "clasp", "suffix")
    model = tiny_with("all together")
    requests = [greedy_request(model, PROMPT, name, max_new_tokens=COUNT) for name in names]
    race = Race(model, requests, 1)
    assert len(list(race)) > 6
    assert all(trace.footer.parity.equal for trace in race.traces())


def test_the_header_says_which_processors_ran():
    trace = decode(tiny_with("all together"), "suffix", {})
    asked = tiny_with("all together").processors.values
    assert trace.header.processors == {
        name: value if isinstance(value, int | float) else str(value) for name, value in asked.items()
    }
    assert list(trace.header.processors) == [name for name in PROCESSORS if name in asked]
    assert Trace.from_lines(trace.lines()) == trace
    assert decode(tiny(), "suffix", {}).header.processors == {}
    endless = from_library(library_with(min_new_tokens=3, repetition_penalty=1.2), None, name="endless")
    assert decode(endless, "suffix", {}).header.processors == {"repetition_penalty": 1.2}


def test_a_model_without_processors_pays_nothing():
    request = greedy_request(tiny(), PROMPT, "autoregressive", max_new_tokens=4)
    assert request.terms.processors is None
    request = greedy_request(tiny_with("repetition_penalty"), PROMPT, "autoregressive", max_new_tokens=4)
    assert request.terms.processors is not None
