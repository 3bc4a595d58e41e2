"""A sample of folders damaged by chance; `python -m tests.models.damaged_folders --count 1000` tries many."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.models.damaged_folders import Examiner, try_folder

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes, links and limits of POSIX")

SAMPLE = (*range(40), 42)  # 42: a setting of the tokenizer that is first read when it is used


@pytest.fixture(scope="module")
def examiner() -> Iterator[Examiner]:
    made = Examiner()
    yield made
    made.end()


@pytest.mark.parametrize("number", SAMPLE)
def test_a_damaged_folder_is_refused_in_a_line_or_decoded_as_the_library_does(
    examiner: Examiner, number: int
) -> None:
    done, found = try_folder(examiner, number, seed=0)
    assert found == "decoded" or found.startswith("refused: "), f"{done}: {found}"
