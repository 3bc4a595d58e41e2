"""One step's rows as small JSON: lists in a fixed order, ids instead of text, six digits.

key          what
i, at        index of the step; position of the root
nodes        [slot, parent or null, token, lane, fate, draft_prob or null, source or null], the root first
verdicts     [slot, rule, target_prob, accept_prob, draw, accepted]
residuals    [slot, tokens, probs]
text         [slot, text] of each committed token; its origin is its node's fate
last, draw   how the newest token came to be, and the number drawn for it
blocks       [lane, first, last, start in layer calls, [[first slot, how many], ...]]
looks        [slot, first layer, confidences as two base64 digits (of 4095), [[top token, how often], ...]]
readouts, rolled_back, matches, places, plans, search, learned: what single methods show, told in `method_json`
seconds      [draft, verify, other, observe]
numbers      the values of `COUNTERS` up to this step, null where undefined
labels       {token: its text}, for tokens not named before; num_left_out: nodes too many to send
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from visuals.digits import compact, two_digits
from visuals.method_json import method_json
from visuals.pieces import shortened, visible
from visuals.reading import Reader
from visuals.rows import Look, Node, StepRows

COUNTERS = (
    "num_tokens",
    "seconds",
    "tokens_per_second",
    "mean_acceptance_length",
    "acceptance_rate",
    "draft_acceptance_rate",
    "num_draft_tokens",
    "num_accepted_tokens",
    "num_tested_tokens",
    "layer_calls_per_token",
    "passes_per_token",
    "drafting_share",
    "speedup_modelled",
)
MAX_NODES = 400  # of a step
MAX_LOOKS = 128  # slots of a step
MAX_BLOCKS = 400  # of a step


def step_json(rows: StepRows, reader: Reader, labelled: set[int]) -> dict[str, Any]:
    """The step as JSON values; `labelled` holds the tokens already sent, and grows."""
    nodes = _shown_nodes(rows)
    verdicts = [node.verdict for node in nodes if node.verdict]
    residuals = [node.residual for node in nodes if node.residual]
    found: dict[str, Any] = {
        "i": rows.index,
        "at": rows.nodes[0].position,
        "nodes": [_node(node) for node in nodes],
        "verdicts": [
            [v.slot, v.rule, compact(v.target_prob), *_decision(v.accept_prob, v.draw), v.accepted]
            for v in verdicts
        ],
        "residuals": [[r.slot, list(r.tokens), [compact(p) for p in r.probs]] for r in residuals],
        "text": [[piece.slot, piece.text] for piece in rows.pieces],
        "last": rows.last,
        "draw": compact(rows.draw),
        "blocks": [
            [shortened(visible(b.lane), 40), b.first, b.last, b.start, _ranges(b.slots)]
            for b in rows.blocks[:MAX_BLOCKS]
        ],
        "looks": _looks(rows.looks),
        "num_left_out": len(rows.nodes) - len(nodes),
        **method_json(rows, reader),
    }
    found = {name: value for name, value in found.items() if value != [] or name == "nodes"}
    found["seconds"] = [compact(s) for s in _seconds(rows)]
    found["numbers"] = [compact(rows.numbers[c]) if c in rows.numbers else None for c in COUNTERS]
    found["labels"] = _labels(found, reader, labelled)
    return found


def _decision(accept_prob: float, draw: float) -> tuple[float, float]:
    """Both numbers of a decision, shortened unless that would change how it falls."""
    short = compact(accept_prob), compact(draw)
    return short if (short[1] < short[0]) == (draw < accept_prob) else (accept_prob, draw)


def _shown_nodes(rows: StepRows) -> list[Node]:
    """All nodes; of a huge tree the first ones drafted and the path taken. Parents always come along."""
    kept = {piece.slot for piece in rows.pieces}
    return [node for at, node in enumerate(rows.nodes) if at < MAX_NODES or node.slot in kept]


def _node(node: Node) -> list[Any]:
    prob = None if node.draft_prob is None else compact(node.draft_prob)
    source = shortened(visible(node.source), 40) or None
    return [node.slot, node.parent, node.token, node.lane, node.fate, prob, source]


def _seconds(rows: StepRows) -> tuple[float, float, float, float]:
    s = rows.seconds
    return s.draft, s.verify, s.other, s.observe


def _ranges(slots: Iterable[int]) -> list[list[int]]:
    """Runs of consecutive slots.

    >>> _ranges([4, 5, 6, 9])
    [[4, 3], [9, 1]]
    """
    found: list[list[int]] = []
    for slot in slots:
        if found and sum(found[-1]) == slot:
            found[-1][1] += 1
        else:
            found.append([slot, 1])
    return found


def _looks(looks: tuple[Look, ...]) -> list[list[Any]]:
    by_slot: dict[int, dict[int, Look]] = {}
    for look in looks:
        by_slot.setdefault(look.slot, {})[look.layer] = look
    shown = list(by_slot.values())[:MAX_LOOKS]
    return [_run_of_looks(run) for layers in shown for run in _unbroken(layers)]


def _unbroken(layers: dict[int, Look]) -> Iterator[list[Look]]:
    """The looks at one slot, split where a layer is missing."""
    for _, run in groupby(enumerate(sorted(layers)), key=lambda at: at[1] - at[0]):
        yield [layers[layer] for _, layer in run]


def _run_of_looks(run: list[Look]) -> list[Any]:
    digits = "".join(two_digits(look.confidence) for look in run)
    tops = [[token, len(list(same))] for token, same in groupby(look.token for look in run)]
    return [run[0].slot, run[0].layer, digits, tops]


def _labels(found: dict[str, Any], reader: Reader, labelled: set[int]) -> dict[str, str]:
    named = [node[2] for node in found["nodes"]]
    named += [token for residual in found.get("residuals", ()) for token in residual[1]]
    named += [token for look in found.get("looks", ()) for token, _ in look[3]]
    named += [readout[2] for readout in found.get("readouts", ())]
    named += [node[1] for node in found.get("search", (0, 0, ()))[2]]
    for first, second, successors in found.get("learned", ()):
        named += [first, second, *(token for token, _, _ in successors)]
    fresh = [token for token in dict.fromkeys(named) if token not in labelled]
    labelled.update(fresh)
    return {str(token): reader.label(token) for token in fresh}
