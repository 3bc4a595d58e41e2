"""Chat templates: the user's words are in the prompt, or the request is refused by the name `chat`."""

from __future__ import annotations

import dataclasses

import pytest

import accel
from accel.errors import InputError
from accel.models.model import Model
from accel.models.tokenizer import Tokenizer
from tests.models.test_tokenizer import sentencepiece_like
from tests.tiny import tiny_speaking

PARTS_ONLY = (
    "{% for m in messages %}<s>{{ m['role'] }}: {% for c in m['content'] %}"
    "{% if c['type']=='text' %}{{ c['text'] }}{% endif %}{% endfor %}{% endfor %}assistant:"
)
EITHER = (
    "{% for m in messages %}{% if m['content'] is string %}{{ m['content'] | trim }}{% else %}"
    "{{ m['content'][0]['text'] }}, in parts{% endif %}{% endfor %} assistant:"
)
LOST = "{% for m in messages %}{{ m['role'] }}: {% endfor %}assistant:"
FIRST_WORD = "{% for m in messages %}{{ m['content'].split(' ')[0] }}{% endfor %} assistant:"
ESCAPED = "{% for m in messages %}{{ m | tojson }}{% endfor %} assistant:"
SILENT = "{% if false %}{{ messages }}{% endif %}"
PARTS_RAISING = "{{ messages[0]['content'][0]['text'] + ' assistant:' }}"


def tokenizer_of(template: str) -> Tokenizer:
    library = sentencepiece_like(metaspace=False)
    library.chat_template = template
    return Tokenizer(library)


def model_of(template: str) -> Model:
    return dataclasses.replace(tiny_speaking(), tokenizer=tokenizer_of(template))


def prompt_of(template: str, text: str) -> str:
    tokenizer = tokenizer_of(template)
    return tokenizer.decode(tokenizer.encode(text, chat=True))


def refusal_of(template: str, prompt: str) -> str:
    with pytest.raises(InputError) as refusal:
        accel.stream(model_of(template), prompt, method="autoregressive")
    assert refusal.value.field == "chat"
    return str(refusal.value)


@pytest.mark.parametrize("template", [PARTS_ONLY, PARTS_RAISING])
def test_a_template_of_parts_gets_parts(template: str) -> None:
    assert prompt_of(template, "hello, he").endswith(
        "hello, heassistant:"
    ) or "hello, he assistant" in prompt_of(template, "hello, he")
    assert prompt_of(template, "one") != prompt_of(template, "two")


def test_text_goes_before_parts_where_a_template_takes_both() -> None:
    assert prompt_of(EITHER, " hello ") == "hello assistant:"


def test_words_may_be_trimmed_and_escaped() -> None:
    assert "hello" in prompt_of(ESCAPED, 'hello "you"\n\\there')
    assert prompt_of(EITHER, "  ?!  ").startswith("?!")


@pytest.mark.parametrize(
    ("template", "prompt"),
    [(LOST, "hello there"), (LOST, "?!"), *((SILENT, text) for text in ("hello there", "user", "?!"))],
)
def test_a_template_that_loses_all_words_is_refused(template: str, prompt: str) -> None:
    assert refusal_of(template, prompt) == (
        "chat: the model's chat template does not fit (it leaves out words of the prompt); turn it off"
    )


def test_a_template_that_loses_some_words_is_refused_for_those() -> None:
    assert prompt_of(FIRST_WORD, "hello") == "hello assistant:"
    assert "leaves out words" in refusal_of(FIRST_WORD, "hello there")


def test_a_failing_template_is_named_once() -> None:
    message = refusal_of("{{ raise_exception('no users\\n here') }}", "hello")
    assert message == "chat: the model's chat template does not fit (it fails: no users here); turn it off"
    assert refusal_of("{{ nothing.such }}", "hello").count("fail") == 1


def test_without_the_template_the_words_are_taken() -> None:
    for template in (LOST, SILENT, "{{ raise_exception('no') }}"):
        tokenizer = tokenizer_of(template)
        assert tokenizer.decode(tokenizer.encode("hello", chat=False)) == "hello"


def test_a_template_of_parts_has_an_opening() -> None:
    tokenizer = tokenizer_of(PARTS_ONLY)
    assert tokenizer.encode("x", chat=True)[: len(tokenizer.opening())] == tokenizer.opening() != []
    assert tokenizer_of(LOST).opening() == []
