"""Facts of one step: what was drafted and kept, and what it was drafted from. Standard library only."""

from __future__ import annotations

from accel.metrics import TARGET
from accel.trace import Draft, LayerRun, Match, Search
from visuals.lessons.fact import NoFact, Spot, Value, fact, token_text
from visuals.lessons.guesses import kept, rejected, unreached


@fact("whole")
def step_number(spot: Spot) -> Value:
    """The number of the step"""
    return spot.step.index


@fact("whole")
def drafted_in_step(spot: Spot) -> Value:
    """Guesses made in the step"""
    return len(spot.step.of(Draft))


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


def _models_own(spot: Spot) -> list[LayerRun]:
    """The step's layer calls that tested guesses, none that made them."""
    return [run for run in spot.step.of(LayerRun) if run.lane == TARGET]


@fact("whole")
def rows_in_step(spot: Spot) -> Value:
    """Tokens in the model's pass of the step: the newest of the text, and every guess"""
    runs = _models_own(spot)
    if not runs:
        raise NoFact("the model did not run in that step")
    return max(len(run.slots) for run in runs)


@fact("whole")
def passes_in_step(spot: Spot) -> Value:
    """The model's runs to its top layer in the step"""
    return sum(run.last == spot.num_layers for run in _models_own(spot))


@fact("whole")
def deepest_in_step(spot: Spot) -> Value:
    """The longest way through the draft, in guesses"""
    depths: dict[int, int] = {}
    for draft in spot.step.of(Draft):
        depths[draft.slot] = depths.get(draft.parent, 0) + 1
    return max(depths.values(), default=0)


@fact("whole")
def ways_in_step(spot: Spot) -> Value:
    """The ways through the draft from its root to a leaf"""
    guesses = spot.step.of(Draft)
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


def match_of(spot: Spot) -> Match:
    found = [event for event in spot.step.of(Match) if event.chosen]
    if not found:
        raise NoFact("no match was followed in that step")
    return found[0]


@fact("whole")
def match_length(spot: Spot) -> Value:
    """Tokens of the newest text that were found again"""
    return match_of(spot).length


@fact("whole")
def match_count(spot: Spot) -> Value:
    """How often they have been seen, the newest place included"""
    return match_of(spot).count


@fact("whole")
def searched_in_step(spot: Spot) -> Value:
    """Nodes that the search looked at"""
    found = spot.step.of(Search)
    if not found:
        raise NoFact("nothing was searched in that step")
    return len(found[0].nodes)
