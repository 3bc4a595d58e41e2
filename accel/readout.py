"""What an exit head says: logits for a short list of tokens, one for all others, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from accel.sampling import Sampling, read


@dataclass(frozen=True, slots=True, eq=False)
class Readout:
    """What a head says at some slots. Column i of the logits stands for token `ids[i]`."""

    logits: Tensor  # [slots, short]
    rest: Tensor  # [slots] of all tokens outside the list together; -inf where the head does not weigh them
    ids: Tensor  # [short]

    def processed(self, process: Callable[[Tensor], Tensor], vocab_size: int) -> Readout:
        """The readout after logits processors, `process`, which take the whole vocabulary, [slots, vocab]."""
        if len(self.ids) == vocab_size:
            return replace(self, logits=process(self.logits))
        whole = self.logits.new_full((len(self.logits), vocab_size), -torch.inf)
        return replace(self, logits=process(whole.index_copy_(-1, self.ids, self.logits))[:, self.ids])

    def tokens(self) -> Tensor:
        """The likeliest token of the list, [slots]."""
        return self.ids[self.logits.argmax(-1)]

    def confidence(self) -> Tensor:
        """Its probability at temperature 1, float32 [slots], with the tokens outside the list counted.

        A function of the state alone: gating on it, rather than on the token drawn, keeps sampling exact.
        """
        logits = self.logits.float()
        return (logits.amax(-1) - torch.logaddexp(logits.logsumexp(-1), self.rest.float())).exp()

    def surest(self) -> tuple[int, float]:
        """Token and confidence of the first slot, in one transfer from the device."""
        token, confidence = read(self.tokens()[0], self.confidence()[0])
        return int(token), confidence

    def proposal(self, sampling: Sampling, vocab_size: int) -> Tensor:
        """The distribution [slots, vocab] to draw early tokens from and to verify them against; 0 off the list."""
        probs = sampling.probs(self.logits)
        if len(self.ids) == vocab_size:
            return probs
        return probs.new_zeros(len(probs), vocab_size).index_copy_(-1, self.ids, probs)
