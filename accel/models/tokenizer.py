"""Text to token ids and back, and the exact bytes of each token."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from accel.models.chat_template import render_chat, start_worker
from accel.models.pieces import PieceReader
from accel.models.unavailable import ModelUnavailable

SENTENCEPIECE_FILES = ("tokenizer.model", "spiece.model", "sentencepiece.bpe.model")
FILES = ("tokenizer.json", *SENTENCEPIECE_FILES, "vocab.json", "vocab.txt", "tekken.json")
PLACE = "draftscope"  # stands for the user's words where a template is only tried
WORD = re.compile(r"\w+")
LOSES = "it leaves out words of the prompt"


class ChatError(ValueError):
    """The model's chat template cannot carry this prompt."""


def load_tokenizer(folder: Path) -> Tokenizer | None:
    """The tokenizer of a model's folder; None where it has none: such a model takes token ids."""
    if not any((folder / file).is_file() for file in FILES):
        return None
    from transformers import AutoTokenizer

    try:
        library: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        made = Tokenizer(library)
        made.decode(made.encode("a word", chat=False))  # some settings are first read when they are used
    except Exception as error:  # whatever a foreign file makes the library raise
        raise ModelUnavailable(
            f"the tokenizer in {folder} cannot be read: {_reason(folder, error)}"
        ) from error
    if library.chat_template:
        start_worker()
    return made


def _reason(folder: Path, error: Exception) -> str:
    """Why a tokenizer cannot be read. Of a missing sentencepiece package, the library blames tiktoken."""
    lone = next((name for name in SENTENCEPIECE_FILES if (folder / name).is_file()), None)
    missing = [name for name in ("sentencepiece", "google.protobuf") if not _is_installed(name)]
    if lone and missing and not (folder / "tokenizer.json").is_file():
        return (
            f"{lone} is a sentencepiece model, and there is no tokenizer.json. Save the model's tokenizer.json "
            "beside it, or install what reads it: pip install sentencepiece protobuf"
        )
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # nor is the package that it is part of
        return False


def clean(text: str) -> str:
    """Without NUL, surrogates as `without_surrogates` leaves them."""
    return without_surrogates(text.replace("\0", ""))


def without_surrogates(text: str) -> str:
    """Surrogates that stand alone become U+FFFD, those in pairs the character they mean."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Tokenizer:
    """A transformers tokenizer, read only. Safe to share among threads once made."""

    def __init__(self, library: Any) -> None:
        self._library = library
        own = library.eos_token_id
        self.eos_ids: frozenset[int] = frozenset() if own is None else frozenset({int(own)})
        marked = {token for token, added in library.added_tokens_decoder.items() if added.special}
        self.special_ids = frozenset(library.all_special_ids) | marked
        self._pieces = PieceReader(library)

    def encode(self, text: str, *, chat: bool) -> list[int]:
        """The ids of a text, as one user message in the chat template where `chat` and the model has one.

        Raises ChatError where the template fails or leaves out words of the text.
        """
        text = clean(text)
        if not (chat and self.has_chat):
            return list(self._library(text, verbose=False)["input_ids"])
        rendered = self._rendered(text)
        if not _holds(rendered, text):
            raise ChatError(LOSES)
        return self._marked(rendered)

    def opening(self) -> list[int]:
        """The ids of the chat template as far as the user's first word; none for a model without one."""
        if not self.has_chat:
            return []
        before, found, _ = self._rendered(PLACE).partition(PLACE)
        return self._marked(before) if found else []

    def _rendered(self, text: str) -> str:
        content = [{"type": "text", "text": text}] if self._takes_parts else text
        try:
            return self._template(content)
        except Exception as error:  # a template is a program of the model's author
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ChatError(f"it fails: {reason[:120]}") from error

    def _template(self, content: object) -> str:
        return render_chat(self._library, [{"role": "user", "content": content}])

    @cached_property
    def _takes_parts(self) -> bool:
        """Does the template read a message as a list of parts only, as those of models that also see do?"""
        for content, is_parts in ((PLACE, False), ([{"type": "text", "text": PLACE}], True)):
            try:
                if PLACE in self._template(content):
                    return is_parts
            except Exception:  # tried; what it raises on the prompt itself is reported
                continue
        return False

    def _marked(self, text: str) -> list[int]:
        """The ids of a text in which the template has put its own special tokens."""
        return list(self._library(text, add_special_tokens=False, verbose=False)["input_ids"])

    def piece(self, token: int) -> bytes:
        """The exact bytes of a token, which may be part of a character; none for an id without a token."""
        return self._pieces.read(token)

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of the tokens, special ones left out, spaces as they are."""
        text = self._library.decode(
            list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return str(text)

    @property
    def has_chat(self) -> bool:
        return bool(self._library.chat_template)

    @cached_property
    def vocab_size(self) -> int:
        """One more than the highest id; a model's own may be higher, padded to a round number."""
        return max(self._vocabulary.values(), default=-1) + 1

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits of all tokens with their ids."""
        listed = json.dumps(sorted(self._vocabulary.items(), key=lambda item: (item[1], item[0])))
        return hashlib.sha256(listed.encode()).hexdigest()[:16]

    def same_vocabulary(self, other: Tokenizer) -> bool:
        """Whether every id means the same token to both, as a draft model's must."""
        return self.fingerprint == other.fingerprint

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        return dict(self._library.get_vocab())


def _holds(rendered: str, text: str) -> bool:
    """Are the words of `text` in what a template made of it, in their order? It may trim or escape the rest."""
    at = 0
    for word in WORD.finditer(text):
        at = rendered.find(word[0], at)
        if at < 0:
            return False
        at += len(word[0])
    return at > 0 or text.strip() in rendered
