"""Facts of one guess: what it was, how often it had followed, and how it was settled. Standard library only."""

from __future__ import annotations

from accel.trace import Draft, Residual, Verdict
from visuals.lessons.fact import NoFact, Spot, Value, fact, token_text
from visuals.lessons.guesses import rejected, verdicts
from visuals.lessons.step_facts import match_of


def _draft(spot: Spot) -> Draft:
    for draft in spot.step.of(Draft):
        if draft.slot == spot.guess:
            return draft
    raise NoFact("that token was not guessed")


def _verdict(spot: Spot) -> Verdict:
    found = verdicts(spot.step).get(spot.guess)
    if found is None:
        raise NoFact("that guess was never tested")
    return found


@fact("token")
def guess_token(spot: Spot) -> Value:
    """The named guess"""
    return token_text(spot.trace, _draft(spot).token)


@fact("word")
def guess_fate(spot: Spot) -> Value:
    """What became of the named guess: `kept`, `rejected` or `unreached`"""
    slot = _draft(spot).slot
    return (
        "kept"
        if slot in spot.step.commit.slots
        else "rejected"
        if slot in rejected(spot.step)
        else "unreached"
    )


@fact("word")
def why_dropped(spot: Spot) -> Value:
    """Why the named guess is no text: `another-token`, `parent-lost` or `sibling-kept`"""
    draft, step = _draft(spot), spot.step
    if draft.slot in step.commit.slots:
        raise NoFact("that guess was kept")
    if draft.slot in rejected(step):
        return "another-token"
    siblings = [other.slot for other in step.of(Draft) if other.parent == draft.parent]
    return "sibling-kept" if set(siblings) & set(step.commit.slots) else "parent-lost"


@fact("probability")
def target_prob(spot: Spot) -> Value:
    """The model's probability of the named guess"""
    return _verdict(spot).target_prob


@fact("probability")
def accept_prob(spot: Spot) -> Value:
    """The probability of keeping the named guess"""
    return _verdict(spot).accept_prob


@fact("probability")
def draw(spot: Spot) -> Value:
    """The number drawn for the named guess"""
    return _verdict(spot).draw


def _residual(spot: Spot) -> Residual:
    for event in spot.step.of(Residual):
        if event.slot == spot.guess and event.tokens:
            return event
    raise NoFact("what was left after that guess was not recorded")


@fact("token")
def residual_token(spot: Spot) -> Value:
    """The likeliest token of what was left after the named guess was rejected"""
    return token_text(spot.trace, _residual(spot).tokens[0])


@fact("probability")
def residual_prob(spot: Spot) -> Value:
    """Its probability"""
    return _residual(spot).probs[0]


@fact("whole")
def times_followed(spot: Spot) -> Value:
    """How often the named guess had followed there: the counts along its path, from the match on"""
    share, slot, by_slot = 1.0, spot.guess, {draft.slot: draft for draft in spot.step.of(Draft)}
    while slot in by_slot:
        share *= by_slot[slot].draft_prob
        slot = by_slot[slot].parent
    return round(share * match_of(spot).count)
