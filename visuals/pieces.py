"""Bytes of tokens -> text safe and honest to show: nothing invisible, nothing that reorders, no flicker.

>>> visible("a\\u202eb")
'a⟨U+202E⟩b'
>>> label(b"\\xe2\\x82")
'⟨e2 82⟩'
"""

from __future__ import annotations

import codecs
import unicodedata

LABEL_LENGTH = 80  # characters of a token shown beside a node
PIECE_LENGTH = 2_000  # characters of a token shown in the running text
PROMPT_LENGTH = 20_000  # characters of the prompt shown

_BLANKS = frozenset("\u115f\u1160\u2028\u2029\u2800\u3164\uffa0")  # drawn as nothing, or as a new line


def visible(text: str) -> str:
    """Control, format, bidirectional and zero-width characters as symbols; line breaks and tabs stay."""
    return "".join(character if _is_plain(character) else _symbol(character) for character in text)


def _is_plain(character: str) -> bool:
    if character in "\n\t":
        return True
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs") and character not in _BLANKS


def _symbol(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"⟨U+{code:04X}⟩"


def shortened(text: str, length: int) -> str:
    """At most `length` characters, with the number of those left out."""
    return text if len(text) <= length else f"{text[:length]}… (+{len(text) - length:,})"


def label(piece: bytes) -> str:
    """A token by itself: its text, or its bytes where they are part of a character."""
    try:
        text = piece.decode("utf-8")
    except UnicodeDecodeError:
        return shortened(f"⟨{piece.hex(' ')}⟩", LABEL_LENGTH)
    text = visible(text).replace("\n", "↵").replace("\t", "⇥")
    if text and unicodedata.combining(text[0]):
        text = "◌" + text  # a mark needs something to stand on, or it stands on what is beside
    return shortened(text, LABEL_LENGTH)


def joined(pieces: list[bytes], length: int = PROMPT_LENGTH) -> str:
    """Several tokens as one text."""
    return shortened(visible(b"".join(pieces).decode("utf-8", errors="replace")), length)


class RunningText:
    """Joins pieces as they come. A character whose bytes are not all there yet waits for the rest."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, piece: bytes) -> str:
        """What this piece adds to the text: nothing while its last character is incomplete."""
        return shortened(visible(self._decoder.decode(piece)), PIECE_LENGTH)

    def end(self) -> str:
        """What the text ends in when no more bytes come."""
        return self._decoder.decode(b"", final=True)
