"""When a text ends: the end token, a stop string, the number of tokens asked for, or the model's context."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from accel.trace import FinishReason


class Ending:
    """Looks at generated tokens only, one after another, also in the middle of an accepted run."""

    def __init__(
        self,
        *,
        end_tokens: frozenset[int],
        stop: Sequence[str],
        max_new_tokens: int,
        room: int,
        piece: Callable[[int], bytes],
    ) -> None:
        """`room` is how many tokens the context can still take; `piece` gives a token's bytes."""
        self._end_tokens = end_tokens
        self._stop = [text.encode() for text in stop]
        self._limit = min(max_new_tokens, room)
        self._limit_reason: FinishReason = "length" if max_new_tokens <= room else "context"
        self._piece = piece
        self._count = 0
        self._tail = b""  # enough of the newest text to find a stop string that began there
        self._overlap = max((len(text) for text in self._stop), default=1) - 1

    @property
    def tokens_left(self) -> int:
        return self._limit - self._count

    def reason_after(self, tokens: Sequence[int]) -> FinishReason | None:
        """Why the text would end with the last of these appended tokens; None if it goes on."""
        if tokens[-1] in self._end_tokens:
            return "eos"
        if self._stop and self._stops(tokens):
            return "stop"
        return self._limit_reason if self._count + len(tokens) >= self._limit else None

    def append(self, tokens: Sequence[int]) -> None:
        self._count += len(tokens)
        if self._overlap:
            newest = self._tail + b"".join(self._piece(token) for token in tokens)
            self._tail = newest[-self._overlap :]

    def _stops(self, tokens: Sequence[int]) -> bool:
        newest = self._tail + b"".join(self._piece(token) for token in tokens)
        return any(text in newest for text in self._stop)


def cut_at_stop(text: str, written: bytes, stop: Sequence[str]) -> str:
    """A decoded text up to the first stop string, found where the run found it: in the bytes of its tokens.

    The two differ where a tokenizer drops the first space, or where half a character is decoded as U+FFFD.

    >>> cut_at_stop("one. two. three", b" one. two. three", [" two", ". t"])
    'one'
    """
    at = min((at for s in stop if (at := written.find(s.encode())) >= 0), default=len(written))
    kept = len(text) - len(written[at:].decode(errors="replace"))
    return text[: max(kept, 0)]
