"""Bytes of tokens -> text safe and honest to show: nothing invisible, nothing that reorders, no flicker.

>>> visible("a\\u202eb")
'a⟨U+202E⟩b'
>>> label(b"\\xe2\\x82")
'⟨e2 82⟩'
"""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

LABEL_LENGTH = 80  # characters of a token shown beside a node
PIECE_LENGTH = 2_000  # characters of a token shown in the running text
PROMPT_LENGTH = 20_000  # characters of the prompt shown

_BLANKS = frozenset("\u115f\u1160\u2028\u2029\u2800\u3164\uffa0")  # drawn as nothing, or as a new line
# Format characters by their category, but drawn: signs of numbers, years and verses in Arabic, Syriac and Kaithi.
_DRAWN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
_NON_JOINER, _JOINER = "\u200c", "\u200d"
_EMOJI_STYLE = "\ufe0f"
# From which letter to which: scripts whose letters change shape with their neighbours, so that joiners are spelling.
_SHAPED = (
    ("\u0620", "\u109f"),  # Arabic to Myanmar: Syriac, N'Ko, all of India, Thai, Tibetan
    ("\u1780", "\u1cff"),  # Khmer, Mongolian, Balinese, Vedic
    ("\ua800", "\uabff"),  # Syloti, Phags-pa, Saurashtra, Javanese, Cham, Meetei
    ("\ufb50", "\ufefc"),  # Arabic presentation forms
    ("\U00010a00", "\U00011fff"),  # Kharoshthi, Manichaean, Sogdian, Brahmi and its kin
    ("\U0001e900", "\U0001e95f"),  # Adlam
)


def visible(text: str) -> str:
    """Control, format, bidirectional and zero-width characters as symbols; line breaks and tabs stay."""
    if text.isprintable() and _BLANKS.isdisjoint(text):
        return text
    return "".join(map(_shown, text))


def running(text: str, before: str = "") -> str:
    """The same for text that is read on, after the character `before`: a joiner that belongs to the letter or the
    emoji in front of it stays itself. What comes after it does not count, so that a text reads the same while it grows.

    >>> running("\u0645\u06cc\u200c\u062e") == "\u0645\u06cc\u200c\u062e", running("a\u200cb")
    (True, 'a⟨U+200C⟩b')
    """
    if _NON_JOINER not in text and _JOINER not in text:
        return visible(text)
    found = []
    for character in text:
        found.append(character if _belongs(character, before) else _shown(character))
        before = character
    return "".join(found)


def _belongs(character: str, before: str) -> bool:
    if character not in (_NON_JOINER, _JOINER) or not before:
        return False
    category = unicodedata.category(before)
    if category[0] in "LM" and any(low <= before <= high for low, high in _SHAPED):
        return True
    is_emoji = before == _EMOJI_STYLE or (category in ("So", "Sk") and before >= "\u2190")
    return character == _JOINER and is_emoji


@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    return character if _is_plain(character) else _symbol(character)


def _is_plain(character: str) -> bool:
    if character in "\n\t" or character in _DRAWN:
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


def joined(pieces: Sequence[bytes], length: int = PROMPT_LENGTH) -> str:
    """Several tokens as one text of at most `length` characters, with the number of tokens not shown in full.

    >>> joined([b"one", b" two", b" three"], 5)
    'one t… (+2 tokens)'
    """
    text, found, left = RunningText(), [], length
    for at, piece in enumerate(pieces):
        shown = text.read(piece)
        if len(shown) > left:  # the rest is not read: it may be far longer than what is shown
            rest = len(pieces) - at
            found.append(f"{shown[:left]}… (+{rest:,} {'token' if rest == 1 else 'tokens'})")
            return "".join(found)
        found.append(shown)
        left -= len(shown)
    return "".join(found) + text.end()


class RunningText:
    """Joins pieces as they come. A character whose bytes are not all there yet waits for the rest."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._last = ""  # character

    def add(self, piece: bytes) -> str:
        """What this piece adds to the text: nothing while its last character is incomplete."""
        return shortened(self.read(piece), PIECE_LENGTH)

    def read(self, piece: bytes) -> str:
        """The same at any length."""
        text = self._decoder.decode(piece)
        shown = running(text, self._last)
        self._last = text[-1:] or self._last
        return shown

    def end(self) -> str:
        """What the text ends in when no more bytes come."""
        return self._decoder.decode(b"", final=True)
