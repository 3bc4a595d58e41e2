"""The teacher's words as an exit head can say them: which tokens it may name, and what it should give each."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from accel.head_lessons import Lessons

PRIOR = 0.05  # share of a text's mass that the ids alone say, when frequent tokens are chosen


@dataclass(frozen=True, slots=True)
class Targets:
    """The teacher's words as columns of a readout: its own tokens, and last the column of all others."""

    columns: Tensor  # [tokens, TOP]
    probs: Tensor  # [tokens, TOP] of the tokens on the list, else 0
    rest: Tensor  # [tokens] the probability of everything else

    def kl(self, logits: Tensor, rest: Tensor, batch: Tensor) -> Tensor:
        """KL from the teacher to a readout [batch, short] and its rest [batch], in nats, [batch]."""
        probs, other = self.probs[batch], self.rest[batch]
        said = torch.cat((logits.float(), rest.float()[:, None]), -1).log_softmax(-1)
        cross = (said.gather(-1, self.columns[batch]) * probs).sum(-1) + said[:, -1] * other
        return torch.xlogy(probs, probs).sum(-1) + torch.xlogy(other, other) - cross


def shortlist(lessons: Lessons, vocab_size: int, short: int) -> Tensor:
    """The tokens the teacher expects most in all, rising ids [short].

    A little of the mass is spread over the vocabulary, thinner at higher ids: byte-pair tokens grow rarer with them.
    """
    expected = (
        PRIOR * len(lessons) * F.normalize(1 / torch.arange(2000, 2000 + vocab_size).double(), p=1, dim=0)
    )
    expected.index_add_(0, lessons.top_ids.long().flatten(), lessons.top_probs.double().flatten())
    order = expected.sort(descending=True, stable=True).indices
    return order[: min(short, vocab_size)].sort().values


def targets_of(lessons: Lessons, listed: Tensor, vocab_size: int) -> Targets:
    """The teacher's words for a shortlist. Its small probabilities beyond TOP count among the others."""
    column = torch.full((vocab_size,), len(listed))
    column[listed] = torch.arange(len(listed))
    columns = column[lessons.top_ids.long()]
    probs = lessons.top_probs.float().masked_fill(columns == len(listed), 0.0)
    return Targets(columns, probs, (1 - probs.sum(-1)).clamp_min(0.0))
