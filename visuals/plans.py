"""CLaSp's skip plans, read: what each leaves out, how alike it is to the one before, and its way through the table."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from accel.metrics import TARGET
from accel.trace import LayerRun, SkipPlan, Step

REHEARSAL = "plan"
"""The lane in which the programme tries layers one by one: nothing is drafted there, so nothing is skipped."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A skip plan. `early`: it came before the step's verification, so this step's drafts already follow it."""

    skipped: tuple[int, ...]
    similarity: tuple[tuple[float, ...], ...]
    likeness: float | None  # to the plan before, 0 to 1; None for the first
    early: bool

    def path(self) -> list[tuple[int, int]]:
        """The chosen way through the table, as (layers considered, skipped so far), from (0, 0).

        >>> Plan((1,), ((1.0, 0.0), (1.0, 0.9), (1.0, 0.8)), None, False).path()
        [(0, 0), (1, 0), (2, 1)]
        """
        found = [(0, 0)]
        for layer in range(len(self.similarity) - 1):
            found.append((layer + 1, found[-1][1] + (layer in self.skipped)))
        return found


def jaccard(one: Collection[int], other: Collection[int]) -> float:
    """How alike two sets are: what they share, out of all that is in either; two empty sets are equal.

    >>> jaccard({1, 2, 3}, {2, 3, 4})
    0.5
    """
    together = {*one, *other}
    return len({*one} & {*other}) / len(together) if together else 1.0


def plans_of(step: Step, before: tuple[int, ...] | None) -> Iterator[Plan]:
    """The plans made in a step; `before` is what the newest plan so far leaves out."""
    verified = False
    for event in step.events:
        if isinstance(event, LayerRun) and event.lane == TARGET:
            verified = True
        elif isinstance(event, SkipPlan):
            likeness = None if before is None else jaccard(event.skipped, before)
            before = tuple(sorted(set(event.skipped)))
            yield Plan(before, event.similarity, likeness, not verified)
