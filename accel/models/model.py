"""A loaded model: layers that run one by one, a tokenizer, and what is known of both. Read-only and shared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from accel.models.layered import LayeredModel
from accel.models.processors import ProcessorSettings
from accel.models.tokenizer import Tokenizer
from accel.trace import Calibration, ModelInfo


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)  # sessions refer to it weakly
class Model:
    """What `accel.load` returns. Sessions and runs hold all that changes; nothing here does."""

    info: ModelInfo
    layers: LayeredModel
    tokenizer: Tokenizer | None  # None: a folder without one takes and gives token ids
    context: int  # tokens of prompt and answer together
    end_tokens: frozenset[int]
    calibration: Calibration
    bring_library: Callable[[], Any]
    processors: ProcessorSettings = field(default_factory=ProcessorSettings)  # of its own generation config

    @property
    def library(self) -> Any:
        """The transformers model whose weights these are, for parity and baselines; brought when first asked for."""
        return self.bring_library()

    @property
    def pass_rows(self) -> int | None:
        """Rows at most of a pass over drafts, so that each gets the bits it has alone; None: no limit would help."""
        rows = self.info.invariant_rows
        return rows if rows is not None and rows > 1 else None

    def piece(self, token: int) -> bytes:
        """The bytes of a token; its id in angle brackets where there is no tokenizer."""
        return f"<{token}>".encode() if self.tokenizer is None else self.tokenizer.piece(token)

    def text_piece(self, token: int) -> bytes:
        """What a token adds to the text: nothing for a special one, which decoding leaves out."""
        special = self.tokenizer is not None and token in self.tokenizer.special_ids
        return b"" if special else self.piece(token)

    def decode(self, tokens: Sequence[int]) -> str:
        """The tokenizer's own decoding, special tokens left out."""
        if self.tokenizer is None:
            return "".join(f"<{token}>" for token in tokens)
        return self.tokenizer.decode(list(tokens))
