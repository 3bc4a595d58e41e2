"""A text ends at the end token, a stop string, the number asked for or the context, whoever drafted it."""

from __future__ import annotations

import dataclasses

import pytest
import torch

import accel
from accel.ending import Ending, cut_at_stop
from accel.methods import METHODS
from accel.models.tokenizer import Tokenizer
from accel.sampling import Dice
from tests.models.test_tokenizer import sentencepiece_like
from tests.test_contract import KNOBS, drafting_for
from tests.tiny import tiny_speaking, tiny_tokenizer
from tests.toy import Toy, play_method, tokens_of, toy_model

PIECES = {0: b"", 1: b"a", 2: b"b", 3: b"ab", 4: b"\xe2\x82", 5: b"\xac", 6: b"!", 7: b" end"}
PROMPT = [40, 17, 42, 7, 40, 17, 42, 9, 40, 17]
CASES = [(name, knobs) for name in METHODS for knobs in KNOBS.get(name, [{}])]
each_case = pytest.mark.parametrize(("name", "knobs"), CASES, ids=str)


def ending(*stop, end=(), count=100, room=1000):
    return Ending(
        end_tokens=frozenset(end), stop=stop, max_new_tokens=count, room=room, piece=PIECES.__getitem__
    )


def first_reason(tokens, cuts, **asked):
    """(how many tokens, why) when the text is appended in runs that are cut at these places."""
    stops = asked.pop("stop", ())
    end, done = ending(*stops, **asked), 0
    for first, last in zip([0, *cuts], [*cuts, len(tokens)], strict=True):
        run = tokens[first:last]
        for i in range(1, len(run) + 1):
            if reason := end.reason_after(run[:i]):
                return done + i, reason
        end.append(run)
        done += len(run)
    return done, None


def every_cut(length):
    for bits in range(2 ** (length - 1)):
        yield [i + 1 for i in range(length - 1) if bits >> i & 1]


@pytest.mark.parametrize(
    ("tokens", "asked", "found"),
    [
        ([6, 1, 2], {"end": [6]}, (1, "eos")),
        ([1, 1, 6, 2], {"end": [6, 7]}, (3, "eos")),
        ([1, 2, 1, 2, 6], {"stop": ["ba"]}, (3, "stop")),
        ([1, 1, 3, 6, 2], {"stop": ["b!"]}, (4, "stop")),
        ([2, 4, 5, 1], {"stop": ["€"]}, (3, "stop")),
        ([2, 4, 5, 1], {"stop": ["b€a"]}, (4, "stop")),
        ([4, 4, 5, 6], {"stop": ["€!"]}, (4, "stop")),
        ([1, 2, 6, 7], {"stop": ["ab! e", "b!"]}, (3, "stop")),
        ([1, 2, 6, 7], {"stop": ["! en", "ab! e"]}, (4, "stop")),
        ([1, 1, 2, 1, 1, 2, 6], {"stop": ["aabaab!"]}, (7, "stop")),
        ([0, 1, 0, 2, 0], {"stop": ["ab"]}, (4, "stop")),
        ([1, 2, 3, 6], {"stop": ["zz"]}, (4, None)),
        ([1, 1, 1, 1], {"count": 3}, (3, "length")),
        ([1, 1, 1, 1], {"room": 2}, (2, "context")),
        ([1, 1, 1, 1], {"count": 2, "room": 2}, (2, "length")),
        ([1, 2, 1, 1], {"count": 2, "stop": ["ab"]}, (2, "stop")),
        ([1, 6, 1, 1], {"count": 2, "stop": ["a!"], "end": [6]}, (2, "eos")),
    ],
    ids=str,
)
def test_the_text_ends_at_the_same_token_however_it_is_cut_into_runs(tokens, asked, found):
    for cuts in every_cut(len(tokens)):
        assert first_reason(tokens, cuts, **asked) == found


def test_what_is_left_counts_down_to_the_nearer_limit():
    end = ending(count=5, room=3)
    assert end.tokens_left == 3
    end.append([1, 2])
    assert end.tokens_left == 1
    assert end.reason_after([1]) == "context"


def test_asking_changes_nothing():
    end = ending("ab")
    for _ in range(3):
        assert end.reason_after([1]) is None
        assert end.reason_after([2]) is None
    assert end.reason_after([1, 2]) == "stop"


def test_the_text_is_cut_where_the_earliest_stop_begins():
    def cut(text, stop):
        return cut_at_stop(text, text.encode(), stop)

    assert cut("abcdef", []) == "abcdef"
    assert cut("abcdef", ["x"]) == "abcdef"
    assert cut("abcdef", ["ef", "cd", "de"]) == "ab"
    assert cut("abcdef", ["bcd", "abcdefg", "bc"]) == "a"
    assert cut("abab", ["ab"]) == ""
    assert cut("", ["ab"]) == ""


def test_the_text_is_cut_where_its_bytes_hold_the_stop_and_nowhere_else():
    half = b"a\xe2\x82b"  # decoded as a, U+FFFD, b
    assert cut_at_stop("a\ufffdb", half, ["\ufffd"]) == "a\ufffdb"
    assert cut_at_stop("a\ufffdb", half, ["b"]) == "a\ufffd"
    assert cut_at_stop("a\ufffdb", "a\ufffdb".encode(), ["\ufffd"]) == "a"
    assert cut_at_stop("Sure.", b" Sure.", [" Sure"]) == ""  # its first space is dropped
    assert cut_at_stop("Sure. So", b" Sure. So", [" So"]) == "Sure."
    assert cut_at_stop("Sure.", b" Sure.", [" "]) == ""


def speak(name, knobs, **asked):
    draft = drafting_for(name, "llama", knobs)
    if draft is not None:
        draft = dataclasses.replace(draft, tokenizer=tiny_speaking().tokenizer)
    return accel.generate(
        asked.pop("model", tiny_speaking()), PROMPT, method=name, knobs=knobs, chat=False, draft=draft,
        **{"max_new_tokens": 30, **asked},
    )  # fmt: skip


def naive_end(model, tokens, stop):
    """The number of tokens whose bytes are the first to hold the stop string."""
    text = b""
    for count, token in enumerate(tokens, 1):
        text += model.piece(token)
        if stop.encode() in text:
            return count
    return len(tokens)


@each_case
def test_a_stop_string_ends_every_methods_text_where_it_ends_the_models_own(name, knobs):
    model = tiny_speaking()
    free = speak("autoregressive", {})
    said = b"".join(model.piece(token) for token in free.tokens)
    stops = {free.text[at : at + length] for at in (0, 3, 8, 13, 21) for length in (1, 2, 4, 7)}
    ends = set()
    for stop in sorted(text for text in stops if text and text.encode() in said):
        trace = speak(name, knobs, stop=[stop, "never seen"])
        count = naive_end(model, free.tokens, stop)
        assert (trace.tokens, trace.finish_reason) == (free.tokens[:count], "stop")
        assert trace.text == free.text[: free.text.index(stop)]
        ends.add(count)
    assert len(ends) > 4


@each_case
def test_an_end_token_at_any_place_ends_every_methods_text(name, knobs):
    free = speak("autoregressive", {}).tokens
    for at in (0, 1, 4, 9, 16):
        if free[at] in free[:at]:
            continue
        model = dataclasses.replace(tiny_speaking(), end_tokens=frozenset({free[at]}))
        trace = speak(name, knobs, model=model)
        assert (trace.tokens, trace.finish_reason) == (free[: at + 1], "eos")


class Cycle(Toy):
    """A toy that says 0 1 2 0 1 2 ..., so that what comes next is easily guessed."""

    def logits_after(self, code):
        last = -1
        while code:
            code, last = code // 4, code % 4 - 1
        return torch.eye(3, dtype=torch.float64)[(last + 1) % 3] * 50


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@each_case
def test_an_end_token_in_the_middle_of_right_guesses_ends_the_text(name, knobs, temperature):
    draft = toy_model(Cycle()) if "draft_model" in (name, knobs.get("fallback")) else None
    asked = {"method": name, "knobs": knobs, "draft": draft, "max_new_tokens": 9, "temperature": temperature}
    prompt = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]
    free = play_method(toy_model(Cycle()), prompt, Dice(0), **asked)
    assert tokens_of(free) == (1, 2, 0) * 3
    for end, expected in [(1, (1,)), (2, (1, 2)), (0, (1, 2, 0))]:
        model = toy_model(Cycle(), end_tokens=frozenset({end}))
        steps = play_method(model, prompt, Dice(0), **asked)
        assert tokens_of(steps) == expected
        assert len(steps) <= len(free)


@each_case
def test_the_number_of_tokens_goes_before_the_context_where_both_are_met(name, knobs):
    for count, room, reason in [(6, 6, "length"), (6, 5, "context"), (1, 1, "length"), (9, 1, "context")]:
        model = dataclasses.replace(tiny_speaking(), context=len(PROMPT) + room)
        if "draft_model" in (name, knobs.get("fallback")):
            continue  # its draft must read as much as the target; test_contract has this case
        trace = speak(name, knobs, model=model, max_new_tokens=count)
        assert (len(trace.tokens), trace.finish_reason) == (min(count, room), reason)


class Recital(Toy):
    """A toy that says these tokens, one after another, after a prompt of one token."""

    said = ()

    def logits_after(self, code):
        length = 0
        while code:
            code, length = code // (self.vocab_size + 1), length + 1
        return 50 * torch.nn.functional.one_hot(torch.tensor(self.said[length - 1]), self.vocab_size).double()


def reciting(*words, library=None):
    """A model that says these tokens, by default of a tokenizer which drops the first space of a text."""
    library = library or sentencepiece_like(metaspace=True)
    toy = Recital(vocab_size=len(library))
    object.__setattr__(toy, "said", library.convert_tokens_to_ids(list(words)))
    return dataclasses.replace(toy_model(toy), tokenizer=Tokenizer(library))


@pytest.mark.parametrize(
    ("words", "stop", "text", "reason"),
    [
        (["\u2581w", "a", "."], " wa", "", "stop"),
        (["\u2581w", "a", "."], "a", "w", "stop"),
        (["\u2581w", "a", "\u2581w"], " w", "", "stop"),
        (["a", "\u2581w", "a"], " w", "a", "stop"),
        (["a", "<0xE2>", "<0x82>"], "\ufffd", "a\ufffd\ufffd", "length"),
        (["<0xE2>", "<0x82>", "a"], "a", "\ufffd\ufffd", "stop"),
        (["<0xEF>", "<0xBF>", "<0xBD>"], "\ufffd", "", "stop"),
        (["a", "<0xE2>", "b"], "\ud800", "a\ufffdb", "length"),
        (["a", ".", "b"], "\ud800", "a.b", "length"),
    ],
)
def test_what_ended_a_text_is_what_is_cut(words, stop, text, reason):
    model = reciting(*words)
    decoding = accel.stream(
        model, [5], method="autoregressive", stop=[stop], max_new_tokens=3, chat=False, temperature=0
    )
    for _ in decoding:
        pass
    assert (decoding.trace().text, decoding.finish_reason) == (text, reason)


def test_two_halves_of_a_character_stop_where_it_is_written():
    trace = accel.generate(
        reciting("<0xF0>", "<0x9F>", "<0x98>", "<0x80>"), [5], method="autoregressive",
        stop=["\ud83d\ude00"], max_new_tokens=4, chat=False,
    )  # fmt: skip
    assert (trace.text, trace.finish_reason, trace.header.limits.stop) == ("", "stop", ("\U0001f600",))


def test_half_a_character_is_no_question_mark():
    trace = accel.generate(
        reciting("a", "?", "b", library=tiny_tokenizer()), [5], method="autoregressive",
        stop=["\ud83d"], max_new_tokens=3, chat=False,
    )  # fmt: skip
    assert (trace.text, trace.finish_reason) == ("a?b", "length")


def test_who_reads_no_further_than_the_last_step_has_its_reason_and_its_text():
    decoding = accel.stream(reciting("a", "b", "."), [5], method="autoregressive", stop=["b"], chat=False)
    steps = iter(decoding)
    while decoding.finish_reason != "stop":
        next(steps)
    steps.close()
    assert (decoding.text, decoding.trace().finish_reason) == ("a", "stop")


def test_what_ends_a_text_is_cut_and_what_is_not_cut_did_not_end_it():
    model = tiny_speaking()
    free = speak("autoregressive", {})
    for stop in ["\ufffd", "\ufffd\ufffd", *sorted(set(free.text))]:
        trace = speak("autoregressive", {}, stop=[stop])
        written = b"".join(model.text_piece(token) for token in trace.tokens)
        assert (trace.finish_reason == "stop") == (stop.encode() in written)
        whole = model.decode(trace.tokens)
        assert (trace.text != whole) == (trace.finish_reason == "stop")
        assert trace.text == free.text[: len(trace.text)]
