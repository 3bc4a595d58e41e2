"""Names for steps, so that a lesson stands right even when its run is recorded anew. Standard library only."""

from __future__ import annotations

from collections.abc import Callable

from accel.trace import Draft, Match, Occurrence, Rollback, Search, Step, Trace
from visuals.lessons.guesses import kept, rejected, verdicts


def _first(trace: Trace, wanted: Callable[[Step], bool]) -> int | None:
    return next((step.index for step in trace.steps[1:] if wanted(step)), None)


def _most(trace: Trace, size: Callable[[Step], float]) -> int | None:
    """The first of the steps with the largest size, where that is more than nothing."""
    best = max(trace.steps[1:], key=size, default=None)
    return best.index if best is not None and size(best) > 0 else None


def prompt(trace: Trace) -> int | None:
    """The reading of the prompt"""
    return 0


def last(trace: Trace) -> int | None:
    """The last step"""
    return len(trace.steps) - 1


def middle(trace: Trace) -> int | None:
    """Half way through the run"""
    return len(trace.steps) // 2


def first_plain(trace: Trace) -> int | None:
    """The first step without a guess"""
    return _first(trace, lambda step: not step.of(Draft))


def most_kept(trace: Trace) -> int | None:
    """The step that kept the most guesses"""
    return _most(trace, lambda step: len(kept(step)))


def all_kept(trace: Trace) -> int | None:
    """The step with the most guesses of which every one was kept"""
    return _most(trace, lambda step: len(kept(step)) * (len(kept(step)) == len(step.of(Draft))))


def half_kept(trace: Trace) -> int | None:
    """Of the steps that kept some guesses and rejected another, the one that kept the most"""
    return _most(trace, _partly)


def branching(trace: Trace) -> int | None:
    """The same among the steps whose draft is a tree and no chain"""

    def size(step: Step) -> float:
        parents = [draft.parent for draft in step.of(Draft)]
        return _partly(step) * (len(parents) > len(set(parents)))

    return _most(trace, size)


def _partly(step: Step) -> float:
    """How many guesses were kept where some were, and another was rejected; among equals the larger draft counts."""
    return (len(kept(step)) + len(step.of(Draft)) / 1000) * bool(kept(step)) * bool(rejected(step))


def some_kept(trace: Trace) -> int | None:
    """The first step that kept two guesses or more and then rejected one"""
    return _first(trace, lambda step: len(kept(step)) > 1 and bool(rejected(step)))


def none_kept(trace: Trace) -> int | None:
    """Of the steps that kept no guess, the one that made the most"""
    return _most(trace, lambda step: len(step.of(Draft)) * (not kept(step)))


def sibling_kept(trace: Trace) -> int | None:
    """The first step in which one guess was rejected and its sibling kept"""

    def taken(step: Step) -> bool:
        parents = {draft.slot: draft.parent for draft in step.of(Draft)}
        lost = {parents[slot] for slot in rejected(step)}
        return any(parents[slot] in lost for slot in kept(step))

    return _first(trace, taken)


def longest_match(trace: Trace) -> int | None:
    """The step whose guesses follow the longest match"""

    def length(step: Step) -> int:
        return max((event.length for event in step.of(Match) if event.chosen), default=0)

    return _most(trace, length)


def remembered(trace: Trace) -> int | None:
    """The step whose guesses follow the longest match in an earlier answer"""

    def length(step: Step) -> int:
        places = {event.source for event in step.of(Occurrence) if event.answer}
        found = [e.length for e in step.of(Match) if e.chosen and e.source in places]
        return max(found, default=0)

    return _most(trace, length)


def most_searched(trace: Trace) -> int | None:
    """Of the steps that searched and kept a guess, the one whose search found the most"""

    def nodes(step: Step) -> int:
        return max((len(event.nodes) for event in step.of(Search)), default=0)

    return _most(trace, lambda step: nodes(step) * bool(kept(step)))


def taken_back(trace: Trace) -> int | None:
    """The first step that took early tokens back"""
    return _first(trace, lambda step: bool(step.of(Rollback)))


def closest_loss(trace: Trace) -> int | None:
    """The step with the rejected guess that had the best chance"""
    return _most(
        trace, lambda step: max((verdicts(step)[slot].accept_prob for slot in rejected(step)), default=0)
    )


def closest_win(trace: Trace) -> int | None:
    """The step with the kept guess that had the worst chance"""
    chance = {step.index: _lowest(step) for step in trace.steps[1:]}
    known = {index: worst for index, worst in chance.items() if worst is not None}
    return min(known, key=lambda index: known[index], default=None)


def _lowest(step: Step) -> float | None:
    found = [verdict.accept_prob for verdict in verdicts(step).values() if verdict.accepted]
    return min(found, default=None)


STEPS: dict[str, Callable[[Trace], int | None]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        prompt, first_plain, most_kept, all_kept, half_kept, branching, some_kept, none_kept, sibling_kept,
        longest_match, remembered, most_searched, taken_back, closest_loss, closest_win, middle, last,
    )
}  # fmt: skip
