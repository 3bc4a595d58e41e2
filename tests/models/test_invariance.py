"""Batch invariance is measured where a model is loaded, and passes over drafts keep to what was measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import accel
from accel.lane import Lane
from accel.models.cache import Cache
from accel.models.invariance import ROWS, invariant_rows
from accel.models.layered import Rows, Tap
from accel.models.load import from_library
from accel.trace import LayerRun
from accel.tree import TokenTree
from tests.families import FAMILIES
from tests.tiny import tiny
from tests.toy import Toy

CONTEXT = 50  # so far the toy's sums are exact in any order


class Spoiled(Toy):
    """A toy whose last row is off by one bit in passes that `spoils` names."""

    spoils: Callable[[Rows], bool] = staticmethod(lambda rows: False)

    def run_layers(
        self, hidden: Tensor, first: int, last: int, rows: Rows, cache: Cache, tap: Tap | None = None
    ) -> Tensor:
        answer = super().run_layers(hidden, first, last, rows, cache, tap)
        if self.spoils(rows):
            answer[-1, 0] = torch.nextafter(answer[-1, 0], torch.tensor(torch.inf, dtype=answer.dtype))
        return answer


def measured(spoils: Callable[[Rows], bool], context: int = CONTEXT) -> int:
    model = Spoiled(vocab_size=1)
    object.__setattr__(model, "spoils", spoils)
    return invariant_rows(model, context)


def test_a_model_whose_rows_are_alone_in_their_sums_has_no_limit() -> None:
    assert measured(lambda rows: False) == max(ROWS)


@pytest.mark.parametrize("most", ROWS[:4])
def test_the_largest_pass_that_changes_nothing_is_what_is_given(most: int) -> None:
    # The text itself is read in one pass of six rows, which is the same for both.
    assert measured(lambda rows: len(rows.index) > most and int(rows.positions[0]) > 0) == most


def test_a_model_whose_trees_differ_has_a_limit_though_its_chains_agree() -> None:
    assert measured(lambda rows: bool(rows.paths)) < max(ROWS)
    assert measured(lambda rows: bool(rows.paths) and len(rows.index) > 8) == 8


def test_a_context_without_room_for_two_rows_promises_nothing() -> None:
    assert measured(lambda rows: False, context=7) == 1


def test_it_is_measured_in_half_precision_only() -> None:
    assert tiny("llama").info.invariant_rows is None
    half = from_library(FAMILIES["llama"]().to(torch.bfloat16), None, name="tiny-half")
    assert half.info.invariant_rows in (1, *ROWS)
    trace = accel.generate(half, [5, 17, 42], max_new_tokens=4)
    assert trace.header.model.invariant_rows == half.info.invariant_rows


def test_the_kernels_here_keep_to_what_was_measured() -> None:
    half = from_library(FAMILIES["llama"]().to(torch.bfloat16), None, name="tiny-half")
    rows = half.info.invariant_rows
    assert rows is not None
    if rows == 1:
        pytest.skip("on this processor two rows of a pass already change each other's bits in bfloat16")
    text = accel.generate(half, [5, 17, 42, 5, 17], method="autoregressive", max_new_tokens=64).tokens
    for method in ("suffix", "prompt_lookup", "aded"):
        assert accel.generate(half, [5, 17, 42, 5, 17], method=method, max_new_tokens=64).tokens == text


def logits_of_a_draft(pass_rows: int | None) -> tuple[Tensor, list[LayerRun]]:
    log: list[LayerRun] = []
    tree = TokenTree([5, 17, 42, 7, 9])
    lane = Lane("target", tiny("llama").layers, tree, log.append, pass_rows=pass_rows)
    lane.advance([tree.tip])
    log.clear()
    slots = [tree.add(tree.tip, 3)]
    for at in range(11):
        slots.append(tree.add(slots[max(0, at - at % 3)], at))
    with torch.inference_mode():
        return lane.logits(slots), log


def test_a_pass_over_drafts_is_cut_where_rows_would_change_each_other() -> None:
    whole, one = logits_of_a_draft(None)
    cut, several = logits_of_a_draft(4)
    assert [len(run.slots) for run in one] == [12]
    assert [len(run.slots) for run in several] == [4, 4, 4]
    torch.testing.assert_close(cut, whole, rtol=0.0, atol=5e-5)


def test_the_text_of_a_prompt_is_read_whole_all_the_same() -> None:
    log: list[LayerRun] = []
    tree = TokenTree(list(range(20)))
    Lane("target", tiny("llama").layers, tree, log.append, pass_rows=4).advance([tree.tip])
    assert [len(run.slots) for run in log] == [20]


@pytest.mark.parametrize(("measured", "limit"), [(None, None), (1, None), (2, 2), (64, 64)])
def test_a_limit_is_kept_only_where_it_makes_rows_exact(measured: int | None, limit: int | None) -> None:
    model = tiny("llama")
    info = dataclasses.replace(model.info, invariant_rows=measured)
    assert dataclasses.replace(model, info=info).pass_rows == limit
