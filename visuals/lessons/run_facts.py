"""Facts of a whole run, and of what a pass costs on the machine that recorded it. Standard library only."""

from __future__ import annotations

from itertools import pairwise
from math import ceil

from accel.metrics import metrics
from accel.trace import Calibration
from visuals.lessons.fact import NoFact, Spot, Value, fact

EVEN = 0.05  # a speed-up this close to 1 is neither gain nor loss, as in the gallery


def _number(spot: Spot, name: str) -> float:
    found = metrics(spot.trace)
    if name not in found:
        raise NoFact(f"the run has no {name}")
    return found[name]


@fact("whole")
def tokens_in_run(spot: Spot) -> Value:
    """Tokens of the answer after the prompt's first one"""
    return len(spot.trace.tokens) - len(spot.trace.steps[0].commit.tokens)


@fact("whole")
def steps_in_run(spot: Spot) -> Value:
    """Steps after the prompt was read"""
    return len(spot.trace.steps) - 1


@fact("ratio")
def tokens_per_step(spot: Spot) -> Value:
    """Committed tokens per step; the model alone makes one"""
    return _number(spot, "mean_acceptance_length")


@fact("ratio")
def passes_per_token(spot: Spot) -> Value:
    """Runs of the model to its top layer, per token"""
    return _number(spot, "passes_per_token")


@fact("ratio")
def layer_calls_per_token(spot: Spot) -> Value:
    """Layers run per token, those of drafting included"""
    return _number(spot, "layer_calls_per_token")


@fact("whole")
def drafted_in_run(spot: Spot) -> Value:
    """Guesses made in the run"""
    return round(_number(spot, "num_draft_tokens"))


@fact("whole")
def kept_in_run(spot: Spot) -> Value:
    """Guesses that became text"""
    return round(_number(spot, "num_accepted_tokens"))


@fact("percent")
def share_kept(spot: Spot) -> Value:
    """Guesses kept, of those tested"""
    return _number(spot, "acceptance_rate")


@fact("percent")
def drafting_share(spot: Spot) -> Value:
    """Share of the time that went into drafting"""
    return _number(spot, "drafting_share")


@fact("times")
def speedup(spot: Spot) -> Value:
    """How many times as fast as the model alone, measured in the same run; below one is slower"""
    return _number(spot, "speedup_measured")


@fact("word")
def pays(spot: Spot) -> Value:
    """`faster`, `slower` or `even`: the measured speed-up, in a word"""
    found = _number(spot, "speedup_measured")
    return "even" if abs(found - 1) <= EVEN else "faster" if found > 1 else "slower"


@fact("word")
def same_text(spot: Spot) -> Value:
    """`same` or `different`: was the text, token for token, that of the model alone"""
    parity = spot.trace.footer.parity
    if not parity.checked:
        raise NoFact("the text of this run was not compared")
    return "same" if parity.equal else "different"


@fact("whole")
def layers_in_model(spot: Spot) -> Value:
    """Layers of the model"""
    return spot.num_layers


@fact("ratio")
def temperature(spot: Spot) -> Value:
    """The temperature of the sampling"""
    return spot.trace.header.sampling.temperature


def calibration_of(spot: Spot) -> Calibration:
    found = spot.trace.header.calibration
    if found is None or 1 not in found.rows:
        raise NoFact("the run's header holds no calibration")
    return found


def _cost(spot: Spot, rows: int) -> float:
    """Seconds of a pass over so many tokens; between measured numbers, on the line from one to the next."""
    found = calibration_of(spot)
    known = sorted(zip(found.rows, found.pass_seconds, strict=True))
    for (few, cheap), (many, dear) in pairwise(known):
        if few <= rows <= many:
            return cheap + (dear - cheap) * (rows - few) / (many - few)
    raise NoFact(f"a pass over {rows} tokens lies beyond what was measured")


@fact("milliseconds")
def cost_of_pass(spot: Spot) -> Value:
    """What a pass over `rows=` tokens costs on that machine, measured when the model was loaded"""
    return _cost(spot, spot.rows)


@fact("milliseconds")
def cost_one_by_one(spot: Spot) -> Value:
    """What `rows=` tokens cost with a pass for each"""
    return spot.rows * _cost(spot, 1)


@fact("times")
def cost_ratio(spot: Spot) -> Value:
    """A pass over `rows=` tokens against a pass over one"""
    return _cost(spot, spot.rows) / _cost(spot, 1)


@fact("word")
def cost_in_a_word(spot: Spot) -> Value:
    """`about-the-same`, `about-twice` or `as-many-times`: a pass over `rows=` tokens against a pass over one"""
    ratio = _cost(spot, spot.rows) / _cost(spot, 1)
    near = {"about-the-same": 1.0, "about-twice": 2.0, "as-many-times": float(spot.rows)}
    return min(near, key=lambda word: abs(near[word] - ratio))


@fact("whole")
def most_rows(spot: Spot) -> Value:
    """The most tokens a pass was measured over"""
    return max(calibration_of(spot).rows)


@fact("whole")
def cheapest_rows(spot: Spot) -> Value:
    """The number of tokens in a pass at which one token costs least, of those measured"""
    found = calibration_of(spot)
    return min(zip(found.rows, found.pass_seconds, strict=True), key=lambda one: one[1] / one[0])[0]


@fact("whole")
def tokens_to_pay(spot: Spot) -> Value:
    """The tokens that a pass over `rows=` tokens must give to cost no more than the model alone"""
    return max(1, ceil(_cost(spot, spot.rows) / _cost(spot, 1) - EVEN))
