"""The two tables: every drafted and committed token once, the run's own numbers, and no cell that is a formula."""

from __future__ import annotations

import csv
import io
import json

import pytest

from accel.metrics import metrics
from accel.trace import Draft
from tests.visuals.method_runs import ALL
from tests.visuals.runs import RunBook, tree
from visuals.tables import STEP_COLUMNS, TOKEN_COLUMNS, steps_csv, tokens_csv


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("name", ALL)
def test_the_tables_add_up_to_the_run(name: str) -> None:
    trace = ALL[name]()
    steps, tokens = rows(steps_csv(trace)), rows(tokens_csv(trace))
    assert tuple(steps[0]) == STEP_COLUMNS
    assert tuple(tokens[0]) == TOKEN_COLUMNS
    found = metrics(trace)
    later = steps[1:]
    for column, number in (
        ("drafted", "num_draft_tokens"),
        ("kept", "num_accepted_tokens"),
        ("layer_calls", "layer_calls"),
    ):
        assert sum(int(row[column]) for row in later) == found[number]
    assert sum(int(row["tokens"]) for row in steps) == len(trace.tokens)
    seconds = sum(float(row[f"{part}_seconds"]) for row in later for part in ("draft", "verify", "other"))
    assert seconds == pytest.approx(found["seconds"])
    slots = [int(row["slot"]) for row in tokens]
    assert slots == sorted(set(slots))
    drafted = {e.slot for step in trace.steps for e in step.events if isinstance(e, Draft)}
    assert drafted | {slot for step in trace.steps for slot in step.commit.slots} == set(slots)


def test_a_row_holds_what_decided_the_token() -> None:
    by_slot = {row["slot"]: row for row in rows(tokens_csv(tree().trace()))}
    wrong, unreached = by_slot["4"], by_slot["8"]
    assert (wrong["fate"], wrong["target_prob"], wrong["accept_prob"]) == ("rejected", "0.1", "0.0")
    assert (wrong["parent"], wrong["position"], wrong["draft_prob"], wrong["source"]) == (
        "3",
        "4",
        "0.5",
        "text",
    )
    assert (unreached["fate"], unreached["target_prob"]) == ("unreached", "")
    early = [row for row in rows(tokens_csv(ALL["exits"]())) if row["exit_layer"]]
    assert [(row["exit_layer"], row["rolled_back"]) for row in early] == [
        ("2", "False"), ("3", "False"), ("2", "False"), ("3", "True"),
    ]  # fmt: skip


def test_token_text_survives_and_is_no_formula() -> None:
    hostile = ('=HYPERLINK("http://x")', "+1", "@a", "-2", 'a\nb,\tc"', b"\xe2\x82")
    book = RunBook()
    book.prefill(hostile[0])
    for piece in hostile[1:]:
        book.commit((), piece, "plain")
    found = [row["piece"] for row in rows(tokens_csv(book.trace()))]
    assert [json.loads(cell) for cell in found] == [*hostile[:-1], [0xE2, 0x82]]
    assert not {cell[0] for cell in found} & set("=+-@\t\r")
