"""The bytes of a token, from the way its tokenizer decodes: byte-level letters, or metaspaces and <0xNN>."""

from __future__ import annotations

import json
import re
from typing import Any

BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")


def _byte_letters() -> dict[str, int]:
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


BYTE_LETTERS = _byte_letters()
"""The byte of each letter in a byte-level vocabulary: printable bytes as they are, others from U+0100."""

SENTENCEPIECE: list[dict[str, Any]] = [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
    {"type": "ByteFallback"},
]


class PieceReader:
    """Reads the bytes of single tokens, which the library itself only decodes in a row."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._added = {int(token): str(added) for token, added in library.added_tokens_decoder.items()}
        steps = _decoder_steps(library)
        kinds = {step["type"] for step in steps}
        self._byte_level = "ByteLevel" in kinds
        self._byte_fallback = "ByteFallback" in kinds
        self._replaced = [pair for step in steps for pair in _replacements(step)]

    def read(self, token: int) -> bytes:
        """The bytes of one token; none for an id that has no token."""
        if token in self._added:
            return self._added[token].encode()
        text = str(self._library.convert_ids_to_tokens(token) or "")
        if self._byte_level:
            known = all(letter in BYTE_LETTERS for letter in text)  # the library's own rule
            return bytes(BYTE_LETTERS[letter] for letter in text) if known else text.encode()
        if self._byte_fallback and (byte := BYTE.fullmatch(text)):
            return bytes([int(byte[1], 16)])
        for pattern, content in self._replaced:
            text = text.replace(pattern, content)
        return text.encode()


def _decoder_steps(library: Any) -> list[dict[str, Any]]:
    backend = getattr(library, "backend_tokenizer", None)
    if backend is None:  # the few that have no fast form are sentencepiece models
        return SENTENCEPIECE
    if backend.decoder is None:
        return []
    decoder = json.loads(backend.decoder.__getstate__())
    return list(decoder.get("decoders", [decoder]))


def _replacements(step: dict[str, Any]) -> list[tuple[str, str]]:
    """What a step of the decoder puts in the place of what, in every token."""
    if step["type"] == "Metaspace":
        return [(step["replacement"], " ")]
    if step["type"] == "Replace" and "String" in step["pattern"]:
        return [(step["pattern"]["String"], step["content"])]
    return []
