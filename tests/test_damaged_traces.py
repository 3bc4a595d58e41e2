"""A small sample of the damaged traces that `python -m tests.damaged_traces` makes, and those that once failed."""

from __future__ import annotations

from random import Random

import pytest

from tests.damaged_traces import run_case
from tests.trace_damage import damaged

SAMPLE = range(24)
ONCE = [189, 711]  # a line end in a refusal; a file cut off whose last step is no step


@pytest.mark.parametrize("seed", [*SAMPLE, *ONCE])
def test_a_damaged_trace_is_refused_in_words_or_works_everywhere(seed, tmp_path):
    assert run_case(seed, tmp_path / "trace.jsonl").failure == ""


def test_the_same_seed_makes_the_same_file():
    assert [damaged(Random(seed)) for seed in range(20)] == [damaged(Random(seed)) for seed in range(20)]
    assert len({damaged(Random(seed)) for seed in range(20)}) == 20


def test_the_sample_has_both_those_that_are_refused_and_those_that_are_opened(tmp_path):
    outcomes = [run_case(seed, tmp_path / "trace.jsonl").outcome for seed in range(8)]
    assert set(outcomes) == {"refused", "opened"}
