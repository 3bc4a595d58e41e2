"""Text to token ids and back, and the exact bytes of each token."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from accel.models.chat_template import render_chat, start_worker
from accel.models.pieces import PieceReader
from accel.models.unavailable import ModelUnavailable

FILES = ("tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json", "vocab.txt", "tekken.json")
PLACE = "draftscope"  # stands for the user's words where only what comes before them is wanted


def load_tokenizer(folder: Path) -> Tokenizer | None:
    """The tokenizer of a model's folder; None where it has none: such a model takes token ids."""
    if not any((folder / file).is_file() for file in FILES):
        return None
    from transformers import AutoTokenizer

    try:
        library: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        made = Tokenizer(library, end_tokens(folder))
        made.decode(made.encode("a word", chat=False))  # some settings are first read when they are used
    except Exception as error:  # whatever a foreign file makes the library raise
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise ModelUnavailable(f"the tokenizer in {folder} cannot be read: {reason[0][:200]}") from error
    if library.chat_template:
        start_worker()
    return made


def end_tokens(folder: Path) -> frozenset[int]:
    """The ids that end an answer, as the folder's generation config has them, else its model config."""
    for file in ("generation_config.json", "config.json"):
        try:
            ids = json.loads((folder / file).read_bytes()).get("eos_token_id")
        except (OSError, ValueError):
            continue
        if ids is not None:
            return frozenset([ids] if isinstance(ids, int) else ids)
    return frozenset()


def clean(text: str) -> str:
    """Without NUL; surrogates that stand alone become U+FFFD, those in pairs the character they mean."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Tokenizer:
    """A transformers tokenizer, read only. Safe to share among threads once made."""

    def __init__(self, library: Any, end_tokens: frozenset[int]) -> None:
        self._library = library
        own = library.eos_token_id
        self.eos_ids = end_tokens if own is None else end_tokens | {int(own)}
        marked = {token for token, added in library.added_tokens_decoder.items() if added.special}
        self.special_ids = frozenset(library.all_special_ids) | marked
        self._pieces = PieceReader(library)

    def encode(self, text: str, *, chat: bool) -> list[int]:
        """The ids of a text, as one user message in the chat template where `chat` and the model has one."""
        text = clean(text)
        if not (chat and self.has_chat):
            return list(self._library(text, verbose=False)["input_ids"])
        return self._marked(self._rendered(text))

    def opening(self) -> list[int]:
        """The ids of the chat template as far as the user's first word; none for a model without one."""
        if not self.has_chat:
            return []
        before, found, _ = self._rendered(PLACE).partition(PLACE)
        return self._marked(before) if found else []

    def _rendered(self, text: str) -> str:
        try:
            return render_chat(self._library, [{"role": "user", "content": text}])
        except Exception as error:  # a template is a program of the model's author
            raise ValueError(f"the model's chat template fails ({error}): use chat=False") from error

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
