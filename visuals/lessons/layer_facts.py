"""Facts of layers: where tokens left early, what ran later, what was left out. Standard library only."""

from __future__ import annotations

from accel.trace import LayerRun, Readout, Rollback, SkipPlan
from visuals.lessons.fact import NoFact, Spot, Value, fact, token_text


def _left(spot: Spot) -> list[Readout]:
    """The looks of the step after which a token left."""
    return [event for event in spot.step.of(Readout) if event.taken]


def _exit(spot: Spot) -> Readout:
    found = _left(spot)
    if not found:
        raise NoFact("no token left early in that step")
    return found[0]


@fact("whole")
def early_in_step(spot: Spot) -> Value:
    """Tokens of the step that were given before the upper layers ran"""
    return len(_left(spot))


@fact("token")
def early_token(spot: Spot) -> Value:
    """The first token of the step that was given early"""
    return token_text(spot.trace, _exit(spot).token)


@fact("whole")
def exit_layer(spot: Spot) -> Value:
    """Layers that had run when the first early token of the step was given"""
    return _exit(spot).layer


@fact("word")
def exit_height(spot: Spot) -> Value:
    """`first-half`, `most` or `all`: how much of the model had run by then"""
    layer = _exit(spot).layer
    return "all" if layer == spot.num_layers else "first-half" if 2 * layer <= spot.num_layers else "most"


@fact("probability")
def exit_confidence(spot: Spot) -> Value:
    """How sure the small head was of that token"""
    return _exit(spot).confidence


@fact("probability")
def exit_threshold(spot: Spot) -> Value:
    """How sure it had to be"""
    return _exit(spot).threshold


@fact("whole")
def layers_postponed(spot: Spot) -> Value:
    """Layers still to run when the first early token of the step was given"""
    return spot.num_layers - _exit(spot).layer


def _later(spot: Spot) -> int:
    """Layers above the exit that ran on the token that left first, in this step."""
    left = _exit(spot)
    layers = {
        layer
        for run in spot.step.of(LayerRun)
        if left.slot in run.slots
        for layer in range(run.first, run.last)
        if layer >= left.layer
    }
    return len(layers)


@fact("whole")
def layers_caught_up(spot: Spot) -> Value:
    """Of those, the layers that ran later, in the same step"""
    return _later(spot)


@fact("word")
def what_became_of_them(spot: Spot) -> Value:
    """`ran-later`, `ran-partly` or `never-ran`: the layers that were still to run"""
    later = _later(spot)
    return (
        "never-ran"
        if not later
        else "ran-later"
        if later == spot.num_layers - _exit(spot).layer
        else "ran-partly"
    )


@fact("whole")
def rows_at_the_top(spot: Spot) -> Value:
    """Tokens that went through the top layer together, in the step's last pass"""
    top = [run for run in spot.step.of(LayerRun) if run.last == spot.num_layers]
    if not top:
        raise NoFact("the top layer did not run in that step")
    return len(top[-1].slots)


@fact("whole")
def rolled_back_in_step(spot: Spot) -> Value:
    """Early tokens that were taken back"""
    return sum(len(event.slots) for event in spot.step.of(Rollback))


def _calls(spot: Spot) -> int:
    return sum(run.last - run.first for run in spot.step.of(LayerRun))


def _calls_alone(spot: Spot) -> int:
    return len(spot.step.commit.tokens) * spot.num_layers


@fact("whole")
def layer_calls_in_step(spot: Spot) -> Value:
    """Layers run in the step, however many tokens each ran on"""
    return _calls(spot)


@fact("whole")
def layer_calls_alone(spot: Spot) -> Value:
    """Layers the model alone would have run for as many tokens"""
    return _calls_alone(spot)


@fact("whole")
def layers_saved(spot: Spot) -> Value:
    """Layer calls saved by the step, against the model alone; below nothing, it cost more"""
    return _calls_alone(spot) - _calls(spot)


def _plan(spot: Spot) -> SkipPlan:
    """The newest plan that the step drafted by."""
    known = [plan for step in spot.trace.steps[: spot.step.index + 1] for plan in step.of(SkipPlan)]
    if not known:
        raise NoFact("no layers had been left out up to that step")
    return known[-1]


@fact("whole")
def layers_left_out(spot: Spot) -> Value:
    """Layers that the draft leaves out"""
    return len(_plan(spot).skipped)


@fact("whole")
def layers_in_draft(spot: Spot) -> Value:
    """Layers that the draft still runs for every guess"""
    return spot.num_layers - len(_plan(spot).skipped)
