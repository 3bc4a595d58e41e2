"""What single methods have to show in a step, as small JSON; `step_json` puts it beside the rest.

key          what
readouts     [slot, layer, token, confidence, threshold, taken]
rolled_back  slots taken back
matches      [source, length, count, score, chosen], the chosen first; `num_matches` of them were made
plans        [early, layers skipped, likeness to the plan before or null, columns of the table, its cosines
             row by row as two base64 digits (0 is -1, 4095 is 1)]; a table too large to send has 0 columns
places       [source, answer (0: this text), end, tokens matched, [text before, matched, after], chosen]
search       [iterations, nodes in all, [[parent's index or -1, token, prior, visits, value, chosen], ...],
             [the node of these at or below which each iteration ended, ...]]
learned      [token, token, [[successor, weight before, weight now], ...]] of each row of the matrix that changed
"""

from __future__ import annotations

from itertools import pairwise
from operator import sub
from typing import Any

from accel.trace import RowChange
from visuals.digits import compact, two_digits
from visuals.pieces import shortened, visible
from visuals.plans import Plan
from visuals.reading import Reader
from visuals.rows import StepRows
from visuals.searches import searched

MAX_READOUTS = 1_024  # of a step
MAX_ROLLED_BACK = 400  # of a step
MAX_MATCHES = 64  # of a step
MAX_CELLS = 8_192  # of a table of cosines
MAX_SEARCHED = 40  # nodes of a search, besides its root
MAX_ITERATIONS = 1_024  # of a search
MAX_PLACES = 4  # of matches in a step
MAX_CHANGES = 16  # rows of the matrix in a step
MAX_SUCCESSORS = 8  # of such a row


def method_json(rows: StepRows, reader: Reader) -> dict[str, Any]:
    """The keys above; a step has those that its method filled."""
    readouts = rows.readouts[:MAX_READOUTS]
    return {
        "readouts": [
            [r.slot, r.layer, r.token, compact(r.confidence), compact(r.threshold), r.taken] for r in readouts
        ],
        "rolled_back": list(rows.rolled_back[:MAX_ROLLED_BACK]),
        "plans": [_plan(plan, reader.header.model.num_layers) for plan in rows.plans],
        **_matches(rows),
        **_search(rows),
        "places": _occurrences(rows, reader),
        "learned": _learned(rows),
    }


def _matches(rows: StepRows) -> dict[str, Any]:
    best = sorted(rows.matches, key=lambda match: (not match.chosen, -match.score))[:MAX_MATCHES]
    if not best:
        return {}
    shown = [[shortened(visible(m.source), 40), m.length, m.count, compact(m.score), m.chosen] for m in best]
    return {"matches": shown, "num_matches": len(rows.matches)}


def _plan(plan: Plan, num_layers: int) -> list[Any]:
    skipped = [layer for layer in plan.skipped if 0 <= layer < num_layers]
    likeness = None if plan.likeness is None else compact(plan.likeness)
    width = len(plan.similarity[0]) if plan.similarity else 0
    is_table = len(plan.similarity) == num_layers + 1 and all(len(row) == width for row in plan.similarity)
    if not is_table or width * (num_layers + 1) > MAX_CELLS:
        return [plan.early, skipped, likeness, 0, ""]
    digits = "".join(two_digits((cosine + 1) / 2) for row in plan.similarity for cosine in row)
    return [plan.early, skipped, likeness, width, digits]


def _search(rows: StepRows) -> dict[str, Any]:
    if not rows.searches:
        return {}
    search = rows.searches[-1]
    found, ended = searched(search, MAX_SEARCHED)
    nodes = [
        [node.parent, node.token, compact(node.prior), node.visits, compact(node.value), node.chosen]
        for node in found
    ]
    return {"search": [search.iterations, len(search.nodes), nodes, ended[:MAX_ITERATIONS]]}


def _occurrences(rows: StepRows, reader: Reader) -> list[list[Any]]:
    """Places of matches, each with the text before it, the matched text and the text after it."""
    chosen = {match.source: match.length for match in rows.matches if match.chosen}
    found = []
    for place in sorted(rows.occurrences, key=lambda place: place.source not in chosen)[:MAX_PLACES]:
        start = place.end - place.length - place.first
        cuts = (0, start, start + place.length, len(place.excerpt))
        texts = [reader.text(place.excerpt[i:j]) for i, j in pairwise(cuts)]
        name = shortened(visible(place.source), 40)
        found.append([name, place.answer, place.end, place.length, texts, place.source in chosen])
    return found


def _learned(rows: StepRows) -> list[list[Any]]:
    """Rows of the matrix as they are now, those changed most first."""
    changes = [row for update in rows.updates for row in update.rows]
    changes.sort(key=lambda row: -sum(map(sub, row.after, row.before)))
    return [[*row.pair, _successors(row)] for row in changes[:MAX_CHANGES]]


def _successors(row: RowChange) -> list[list[Any]]:
    weighed = zip(row.tokens, row.before, row.after, strict=True)
    return [[token, compact(before), compact(after)] for token, before, after in weighed][:MAX_SUCCESSORS]
