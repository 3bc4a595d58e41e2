"""Facts of one step and of one guess: what was drafted and kept, and why. Standard library only."""

from __future__ import annotations

from accel.metrics import TARGET
from accel.trace import Draft, LayerRun, Match, Residual, Search, Verdict
from visuals.lessons.fact import NoFact, Spot, Value, fact, token_text
from visuals.lessons.guesses import drafts, kept, rejected, unreached, verdicts


@fact("whole")
def step_number(spot: Spot) -> Value:
    """The number of the step"""
    return spot.step.index


@fact("whole")
def drafted_in_step(spot: Spot) -> Value:
    """Guesses made in the step"""
    return len(drafts(spot.step))


@fact("whole")
def accepted_in_step(spot: Spot) -> Value:
    """Guesses of the step that became text"""
    return len(kept(spot.step))


@fact("whole")
def rejected_in_step(spot: Spot) -> Value:
    """Guesses that were tested and failed"""
    return len(rejected(spot.step))


@fact("whole")
def unreached_in_step(spot: Spot) -> Value:
    """Guesses that were never tested"""
    return len(unreached(spot.step))


@fact("whole")
def tokens_from_step(spot: Spot) -> Value:
    """Tokens that the step added to the text, the model's own included"""
    return len(spot.step.commit.tokens)


@fact("whole")
def rows_in_step(spot: Spot) -> Value:
    """Tokens in the model's pass of the step: the newest of the text, and every guess"""
    runs = [event for event in spot.step.events if isinstance(event, LayerRun) and event.lane == TARGET]
    if not runs:
        raise NoFact("the model did not run in that step")
    return max(len(run.slots) for run in runs)


@fact("whole")
def passes_in_step(spot: Spot) -> Value:
    """The model's runs to its top layer in the step"""
    top = [
        e
        for e in spot.step.events
        if isinstance(e, LayerRun) and e.lane == TARGET and e.last == spot.num_layers
    ]
    return len(top)


@fact("whole")
def deepest_in_step(spot: Spot) -> Value:
    """The longest way through the draft, in guesses"""
    depths: dict[int, int] = {}
    for draft in drafts(spot.step):
        depths[draft.slot] = depths.get(draft.parent, 0) + 1
    return max(depths.values(), default=0)


@fact("whole")
def ways_in_step(spot: Spot) -> Value:
    """The ways through the draft from its root to a leaf"""
    guesses = drafts(spot.step)
    return len({draft.slot for draft in guesses} - {draft.parent for draft in guesses})


@fact("token")
def own_token(spot: Spot) -> Value:
    """The last token of the step"""
    return token_text(spot.trace, spot.step.commit.tokens[-1])


@fact("word")
def own_kind(spot: Spot) -> Value:
    """How that token came: `plain`, `accepted`, `bonus` or `recovered`"""
    return spot.step.commit.last


# ---- where guesses come from ---------------------------------------------------------------------------------


def _match(spot: Spot) -> Match:
    found = [event for event in spot.step.events if isinstance(event, Match) and event.chosen]
    if not found:
        raise NoFact("no match was followed in that step")
    return found[0]


@fact("whole")
def match_length(spot: Spot) -> Value:
    """Tokens of the newest text that were found again"""
    return _match(spot).length


@fact("whole")
def match_count(spot: Spot) -> Value:
    """How often they have been seen, the newest place included"""
    return _match(spot).count


@fact("whole")
def times_followed(spot: Spot) -> Value:
    """How often the named guess had followed there: the counts along its path, from the match on"""
    share, slot, by_slot = 1.0, spot.guess, {draft.slot: draft for draft in drafts(spot.step)}
    while slot in by_slot:
        share *= by_slot[slot].draft_prob
        slot = by_slot[slot].parent
    return round(share * _match(spot).count)


@fact("whole")
def searched_in_step(spot: Spot) -> Value:
    """Nodes that the search looked at"""
    found = [event for event in spot.step.events if isinstance(event, Search)]
    if not found:
        raise NoFact("nothing was searched in that step")
    return len(found[0].nodes)


# ---- one guess ------------------------------------------------------------------------------------------------


def _draft(spot: Spot) -> Draft:
    for draft in drafts(spot.step):
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
    siblings = [other.slot for other in drafts(step) if other.parent == draft.parent]
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
    for event in spot.step.events:
        if isinstance(event, Residual) and event.slot == spot.guess and event.tokens:
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
