"""What became of a step's guesses, and names for single ones, so that a lesson can point. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from accel.trace import Draft, Step, Verdict


def verdicts(step: Step) -> dict[int, Verdict]:
    """By slot."""
    return {event.slot: event for event in step.of(Verdict)}


def kept(step: Step) -> list[int]:
    """The slots of guesses that became text."""
    return [draft.slot for draft in step.of(Draft) if draft.slot in step.commit.slots]


def rejected(step: Step) -> list[int]:
    return [slot for slot, verdict in verdicts(step).items() if not verdict.accepted]


def unreached(step: Step) -> list[int]:
    known = verdicts(step)
    return [draft.slot for draft in step.of(Draft) if draft.slot not in known]


def none(step: Step) -> int | None:
    """No guess"""
    return None


def first_drafted(step: Step) -> int | None:
    """The first guess"""
    return _at(step.of(Draft), 0)


def last_drafted(step: Step) -> int | None:
    """The last guess"""
    return _at(step.of(Draft), -1)


def first_kept(step: Step) -> int | None:
    """The first guess kept"""
    return next(iter(kept(step)), None)


def last_kept(step: Step) -> int | None:
    """The last guess kept"""
    return next(reversed(kept(step)), None)


def first_rejected(step: Step) -> int | None:
    """The first guess rejected"""
    return next(iter(rejected(step)), None)


def last_rejected(step: Step) -> int | None:
    """The last guess rejected: where the text parted from the draft"""
    return next(reversed(rejected(step)), None)


def first_unreached(step: Step) -> int | None:
    """The first guess that was never tested"""
    return next(iter(unreached(step)), None)


def luckiest(step: Step) -> int | None:
    """The kept guess with the worst chance"""
    known = [verdict for verdict in verdicts(step).values() if verdict.accepted]
    return min(known, key=lambda verdict: verdict.accept_prob).slot if known else None


def unluckiest(step: Step) -> int | None:
    """The rejected guess with the best chance"""
    known = [verdict for verdict in verdicts(step).values() if not verdict.accepted]
    return max(known, key=lambda verdict: verdict.accept_prob).slot if known else None


def own(step: Step) -> int | None:
    """The model's own token, which ends the step"""
    return step.commit.slots[-1]


def _at(found: Sequence[Draft], place: int) -> int | None:
    return found[place].slot if found else None


GUESSES: dict[str, Callable[[Step], int | None]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        none, first_drafted, last_drafted, first_kept, last_kept, first_rejected, last_rejected, first_unreached,
        luckiest, unluckiest, own,
    )
}  # fmt: skip
