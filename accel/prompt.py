"""A prompt as token ids that the target and the draft model can read; every error names the field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accel.errors import InputError, shown
from accel.models.model import Model
from accel.models.tokenizer import ChatError, Tokenizer

MAX_PROMPT_CHARS = 1_000_000  # about 30 full contexts of the embedded model: far beyond use, cheap to refuse


def prompt_tokens(model: Model, prompt: str | Sequence[int], chat: bool) -> list[int]:
    if isinstance(prompt, bytes) or not isinstance(prompt, Sequence):
        raise InputError("prompt", f"expected text or a list of token ids, not {shown(prompt)}")
    tokens = _encode(model, prompt, chat) if isinstance(prompt, str) else prompt
    if not len(tokens):
        raise InputError("prompt", "it is empty; type something to continue")
    if len(tokens) >= model.context:
        raise InputError(
            "prompt",
            f"it is {len(tokens)} tokens long; {model.info.name} reads at most {model.context - 1}. Shorten it",
        )
    size = model.layers.vocab_size
    for token in tokens:
        if isinstance(token, bool) or not isinstance(token, int) or not 0 <= token < size:
            raise _no_token(model, prompt, chat, token)
    return list(tokens)


def _no_token(model: Model, prompt: str | Sequence[int], chat: bool, token: Any) -> InputError:
    """What is wrong with a prompt that has this id: of a typed one, the model's files."""
    name, most = model.info.name, model.layers.vocab_size - 1
    if not isinstance(prompt, str):
        return InputError(
            "prompt", f"{shown(token)} is not a token id of {name}: a whole number from 0 to {most}"
        )
    word = model.piece(token).decode(errors="replace")
    typed = not chat or word in prompt
    remedy = "leave it out" if typed else "turn the chat template off, which puts it there"
    return InputError(
        "prompt" if typed else "chat",
        f"the tokenizer of {name} reads {shown(word)} as id {token}, but its weights end at id {most}: {remedy}, "
        "or choose another model",
    )


def _encode(model: Model, prompt: str, chat: bool) -> list[int]:
    if model.tokenizer is None:
        raise InputError("prompt", "this model has no tokenizer; give a list of token ids")
    if len(prompt) > MAX_PROMPT_CHARS:
        raise InputError(
            "prompt", f"it has {len(prompt)} characters; at most {MAX_PROMPT_CHARS} are read. Shorten it"
        )
    if not prompt.replace("\x00", "").strip():
        raise InputError("prompt", "it is empty; type something to continue")
    try:
        return model.tokenizer.encode(prompt, chat=chat)
    except ChatError as error:
        raise InputError("chat", f"the model's chat template does not fit ({error}); turn it off") from error
    except Exception as error:  # what a foreign tokenizer makes the library raise
        reason = " ".join(str(error).split())[:120]
        raise InputError(
            "prompt",
            f"the model's tokenizer cannot read it ({reason}); write it differently, or give token ids",
        ) from error


def check_draft(model: Model, draft: Model, prompt: Sequence[int]) -> None:
    """A draft model must mean the same by every id, and read the prompt; it stops where it can read no further."""
    name = draft.info.name
    if not _shares_tokens(
        model.tokenizer, draft.tokenizer, model.layers.vocab_size == draft.layers.vocab_size
    ):
        raise InputError(
            "draft",
            f"{name} and {model.info.name} have different vocabularies; choose a model that shares it",
        )
    if len(prompt) >= draft.context:
        raise InputError(
            "draft",
            f"{name} reads at most {draft.context - 1} tokens, and the prompt has {len(prompt)}; shorten the "
            "prompt, or choose a model with a longer context",
        )
    if max(prompt) >= draft.layers.vocab_size:
        raise InputError(
            "draft", f"{name} has no token {max(prompt)}, which is in the prompt; choose another model"
        )


def _shares_tokens(target: Tokenizer | None, draft: Tokenizer | None, same_size: bool) -> bool:
    """By their tokenizers: two sizes of one family may pad the same vocabulary to different numbers of rows."""
    if target is None or draft is None:
        return same_size
    return target.same_vocabulary(draft)
