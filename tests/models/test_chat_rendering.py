"""A chat template is rendered as the library renders it, and stopped where it does not end."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from accel.models import chat_template
from accel.models.chat_template import TemplateFailed, render_chat
from tests.tiny import tiny_tokenizer

MESSAGES = [{"role": "user", "content": "hello \U0001f600 <s>\n\u2028 {{ x }}"}]
PLAIN = "{% for m in messages %}<s>{{ m['role'] }}: {{ m['content'] | trim }}</s>{% endfor %}assistant:"


def with_template(template: Any) -> Any:
    tokenizer = tiny_tokenizer()
    library = type(tokenizer)(tokenizer_object=tokenizer.backend_tokenizer, **tokenizer.special_tokens_map)
    library.chat_template = template
    return library


TEMPLATES: dict[str, Any] = {
    "plain": PLAIN,
    "tokens": "{{ bos_token }}{% for m in messages %}{{ m.content + eos_token }}{% endfor %}",
    "blocks": "  {%- if messages %}\n  {% set x = namespace(n=0) %}\n a\n  {% endif %}\n b {{ x.n }}",
    "loops": "{% for i in range(9) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "json": "{{ messages | tojson(indent=2) }}",
    "generation": "{% generation %}x{% endgeneration %}{{ add_generation_prompt }}{{ tools is none }}",
    "named": {"default": PLAIN, "other": "no"},
}


@pytest.mark.parametrize("kind", TEMPLATES)
def test_rendered_as_the_library_does(kind: str) -> None:
    library = with_template(TEMPLATES[kind])
    expected = library.apply_chat_template(MESSAGES, add_generation_prompt=True, tokenize=False)
    assert render_chat(library, MESSAGES) == expected


ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
DOUBLING = (
    "{% set n = namespace(x='ab') %}{% for a in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}"
)
HOSTILE = {
    "endless": (ENDLESS, "takes more than 2 s and was stopped"),
    "doubling": (DOUBLING, "of memory|characters|stopped"),
    "a power": ("{{ 9 ** (9 ** 9) }}", "stopped"),
    "a long text": ("{{ 'a' * 10 ** 11 }}", "of memory|stopped"),
    "long, not too long": ("{{ 'a' * 10 ** 7 }}", "10,000,000 characters"),
    "itself": ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "recursion"),
    "its own error": ("{{ raise_exception('only\nadmins') }}", "^only admins$"),
    "no template": ("{% for %}", "Expected"),
    "no default": ({"a": "b", "c": "d"}, "template"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_does_not_end_is_stopped_and_the_next_is_rendered(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    template, said = HOSTILE[kind]
    render_chat(with_template(PLAIN), MESSAGES)  # the process has started
    monkeypatch.setattr(chat_template, "SECONDS", 2.0)
    began = time.perf_counter()
    with pytest.raises(TemplateFailed, match=said) as caught:
        render_chat(with_template(template), MESSAGES)
    assert time.perf_counter() - began < 20
    assert "\n" not in str(caught.value)
    monkeypatch.undo()
    assert render_chat(with_template(PLAIN), MESSAGES).endswith("assistant:")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are listed in /proc")
def test_one_process_renders_and_goes_when_it_is_told() -> None:
    render_chat(with_template(PLAIN), MESSAGES)
    first = chat_template._worker._process
    render_chat(with_template(PLAIN), MESSAGES)
    assert first is not None
    assert chat_template._worker._process is first
    chat_template._worker.stop()
    assert not Path(f"/proc/{first.pid}").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_has_one_of_its_own() -> None:
    render_chat(with_template(PLAIN), MESSAGES)
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if render_chat(with_template(PLAIN), MESSAGES).endswith("assistant:") else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert render_chat(with_template(PLAIN), MESSAGES).endswith("assistant:")
