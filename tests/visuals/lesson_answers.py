"""The lessons' answers worked out once more, in another way: from the lines of the files' JSON and by counting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accel.codec import encode
from accel.trace import Trace

Answer = Callable[[Trace, int, dict[str, str], int | None], int | str]


def events(trace: Trace, step: int, kind: str) -> list[dict[str, Any]]:
    return [event for event in encode(trace.steps[step])["events"] if event["kind"] == kind]


def fates(trace: Trace, step: int) -> dict[int, str]:
    """By slot: a guess is followed from the tip on, by what was committed and what was tested."""
    tested = {verdict["slot"]: verdict["accepted"] for verdict in events(trace, step, "Verdict")}
    (commit,) = events(trace, step, "Commit")
    found = {}
    for draft in events(trace, step, "Draft"):
        slot = draft["slot"]
        if slot in commit["slots"]:
            found[slot] = "kept"
        else:
            found[slot] = "unreached" if tested.get(slot) is None else "rejected"
    return found


def chosen(trace: Trace, step: int, name: str) -> int:
    known = fates(trace, step)
    tested = {verdict["slot"]: verdict["accept_prob"] for verdict in events(trace, step, "Verdict")}
    by_fate = {fate: [slot for slot, its in known.items() if its == fate] for fate in set(known.values())}
    if name == "first-drafted":
        return next(iter(known))
    if name == "luckiest":
        return min(by_fate["kept"], key=lambda slot: tested[slot])
    if name == "unluckiest":
        return max(by_fate["rejected"], key=lambda slot: tested[slot])
    return by_fate[name.removeprefix("first-")][0]


def count(fate: str) -> Answer:
    return lambda trace, step, given, slot: list(fates(trace, step).values()).count(fate)


def text_of(trace: Trace, token: int) -> str:
    return trace.pieces[token].decode("utf-8").replace("\n", "↵")


def guess_token(trace: Trace, step: int, given: dict[str, str], slot: int | None) -> str:
    wanted = chosen(trace, step, given["select"])
    (token,) = [draft["token"] for draft in events(trace, step, "Draft") if draft["slot"] == wanted]
    return text_of(trace, token)


def guess_fate(trace: Trace, step: int, given: dict[str, str], slot: int | None) -> str:
    """Decided anew: a number below the chance keeps the guess."""
    wanted = chosen(trace, step, given["select"])
    (verdict,) = [one for one in events(trace, step, "Verdict") if one["slot"] == wanted]
    return "kept" if verdict["draw"] < verdict["accept_prob"] else "rejected"


def times_followed(trace: Trace, step: int, given: dict[str, str], slot: int | None) -> int:
    """Counted in the text itself: what stands after each place where the matched tokens stood before."""
    before = [*trace.header.prompt.tokens, *(t for one in trace.steps[:step] for t in one.commit.tokens)]
    (match,) = [one for one in events(trace, step, "Match") if one["chosen"]]
    length = match["length"]
    wanted = chosen(trace, step, given["select"])
    (token,) = [draft["token"] for draft in events(trace, step, "Draft") if draft["slot"] == wanted]
    end = before[-length:]
    places = [at for at in range(len(before) - length) if before[at : at + length] == end]
    assert (
        len(places) + 1 == match["count"]
    )  # the tree holds the newest place, too, which nothing follows yet
    return sum(before[at + length] == token for at in places)


def _speed(trace: Trace) -> float:
    """The model alone's seconds per token over this run's, from the clocks of the steps."""
    assert trace.footer.baseline
    alone = trace.footer.baseline.seconds / trace.footer.baseline.num_tokens
    rest = trace.steps[1:]
    spent = sum(one.seconds.draft + one.seconds.verify + one.seconds.other for one in rest)
    return alone * sum(len(one.commit.tokens) for one in rest) / spent


def pays(trace: Trace, step: int, given: dict[str, str], slot: int | None) -> str:
    gain = _speed(trace)
    return "faster" if gain > 1.05 else "slower" if gain < 0.95 else "even"


def _costs(trace: Trace) -> dict[int, float]:
    calibration = trace.header.calibration
    assert calibration
    return dict(zip(calibration.rows, calibration.pass_seconds, strict=True))


def cost_in_a_word(trace: Trace, step: int, given: dict[str, str], slot: int | None) -> str:
    costs, rows = _costs(trace), int(given["rows"])
    ratio = costs[rows] / costs[1]
    return "about-the-same" if ratio < 1.5 else "about-twice" if ratio < (2 + rows) / 2 else "as-many-times"


def tokens_to_pay(trace: Trace, step: int, given: dict[str, str], slot: int | None) -> int:
    """The fewest tokens that the model alone would not have made in less time, a twentieth of a pass apart."""
    costs = _costs(trace)
    tokens = 1
    while tokens * costs[1] < costs[max(costs)] - costs[1] / 20:
        tokens += 1
    return tokens


def _ran(trace: Trace, step: int, slot: int) -> set[int]:
    """Layers that ran on a slot in a step."""
    runs = [run for run in events(trace, step, "LayerRun") if slot in run["slots"]]
    return {layer for run in runs for layer in range(run["first"], run["last"])}


def _first_exit(trace: Trace, step: int) -> dict[str, Any]:
    return next(look for look in events(trace, step, "Readout") if look["taken"])


def exit_height(trace: Trace, step: int, given: dict[str, str], slot: int | None) -> str:
    share = _first_exit(trace, step)["layer"] / trace.header.model.num_layers
    return "all" if share == 1 else "most" if share > 0.5 else "first-half"


def what_became_of_them(trace: Trace, step: int, given: dict[str, str], slot: int | None) -> str:
    left = _first_exit(trace, step)
    missing = set(range(left["layer"], trace.header.model.num_layers)) - _ran(trace, step, left["slot"])
    postponed = trace.header.model.num_layers - left["layer"]
    return "ran-later" if not missing else "never-ran" if len(missing) == postponed else "ran-partly"


def why_dropped(trace: Trace, step: int, given: dict[str, str], slot: int | None) -> str:
    known = fates(trace, step)
    wanted = chosen(trace, step, given["select"])
    parents = {draft["slot"]: draft["parent"] for draft in events(trace, step, "Draft")}
    if known[wanted] == "rejected":
        return "another-token"
    return "parent-lost" if known.get(parents[wanted], "kept") != "kept" else "sibling-kept"


def passes_in_step(trace: Trace, step: int, given: dict[str, str], slot: int | None) -> int:
    top = trace.header.model.num_layers
    return sum(run["lane"] == "target" and run["last"] == top for run in events(trace, step, "LayerRun"))


ANSWERS: dict[str, Answer] = {
    "accepted_in_step": count("kept"),
    "unreached_in_step": count("unreached"),
    "tokens_from_step": lambda trace, step, given, slot: len(trace.steps[step].commit.slots),
    "steps_in_run": lambda trace, step, given, slot: max(one.index for one in trace.steps),
    "same_text": lambda trace, step, given, slot: "same" if trace.footer.parity.equal else "different",
    "rolled_back_in_step": lambda trace, step, given, slot: sum(
        len(event["slots"]) for event in events(trace, step, "Rollback")
    ),
    "guess_token": guess_token,
    "guess_fate": guess_fate,
    "times_followed": times_followed,
    "pays": pays,
    "cost_in_a_word": cost_in_a_word,
    "tokens_to_pay": tokens_to_pay,
    "exit_height": exit_height,
    "what_became_of_them": what_became_of_them,
    "why_dropped": why_dropped,
    "passes_in_step": passes_in_step,
}
