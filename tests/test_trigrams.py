"""The tri-gram matrix: shipped rows that never change, and what is learned over them, bounded."""

from __future__ import annotations

import random

import numpy as np
import pytest
from safetensors import safe_open

from accel import trigrams
from accel.trigrams import FOLDER, Learned, Matrix, Trigrams, empty_matrix, row_of, shipped_matrix

FILES = sorted(FOLDER.glob("*.safetensors"))


def small_matrix() -> Matrix:
    pairs = np.array([[1, 2], [2, 3]], np.int32)
    tokens, weights = np.array([3, 9, 4], np.int32), np.array([0.75, 0.25, 1.0], np.float16)
    return Matrix(pairs, np.array([0, 2, 3], np.int32), tokens, weights)


def about(path) -> dict[str, str]:
    with safe_open(path, framework="numpy") as file:
        return file.metadata()


def test_a_row_lists_the_heaviest_first():
    row = Trigrams(small_matrix(), Learned()).row((1, 2))
    assert (row.tokens, row.weights, row.sums) == ((3, 9), (0.75, 0.25), (0.75, 1.0))
    assert (row.weight(9), row.weight(8)) == (0.25, 0.0)
    assert Trigrams(small_matrix(), Learned()).row((7, 7)).tokens == ()


def test_the_newest_sixteen_tokens_are_learned_anew_at_every_step_up_to_the_cap():
    matrix = Trigrams(small_matrix(), Learned())
    matrix.learn([5, 1, 2, 9, 8])
    assert matrix.row((1, 2)).weight(9) == pytest.approx(0.29)
    assert matrix.row((5, 1)).weight(2) == pytest.approx(0.04), "a missing row is created"
    assert matrix.row((2, 9)).weight(8) == pytest.approx(0.04)
    assert matrix.row((1, 2)).weight(3) == 0.75, "rows are not normalised again"
    for _ in range(100):
        matrix.learn([1, 2, 9])
    assert matrix.row((1, 2)).weight(9) == 3.0
    assert matrix.row((1, 2)).tokens == (9, 3)

    text = list(range(100, 130))
    matrix.learn(text)
    assert matrix.row((112, 113)).tokens == ()
    assert matrix.row((114, 115)).tokens == (116,)
    matrix.learn([40, 41, 42, 40, 41, 42], rate=0.5)
    assert matrix.row((40, 41)).weight(42) == 1.0, "twice among the newest: twice learned"


def test_what_is_learned_lies_over_the_matrix_and_belongs_to_one():
    shared = small_matrix()
    before = shared.digest
    ours, theirs = Learned(), Learned()
    Trigrams(shared, ours).learn([1, 2, 3, 7])
    assert Trigrams(shared, ours).row((2, 3)).tokens == (4, 7)
    assert Trigrams(shared, theirs).row((2, 3)).tokens == (4,)
    assert (len(ours), len(theirs)) == (2, 0)
    assert shared.digest == before
    assert shared.row((1, 2)) == {3: 0.75, 9: 0.25}


def test_the_matrix_cannot_be_written():
    arrays = [np.array([[1, 2]], np.int32), np.array([0, 1], np.int32), np.array([3], np.int32)]
    matrix = Matrix(*arrays, np.array([1.0], np.float16))
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 7
    matrix.row((1, 2))[3] = 9.0
    assert matrix.row((1, 2)) == {3: 1.0}


def test_a_session_forgets_the_pairs_longest_unseen(monkeypatch):
    monkeypatch.setattr(trigrams, "LEARNED", 100)
    learned = Learned()
    chance = random.Random(0)
    matrix = Trigrams(empty_matrix(), learned)
    for _ in range(300):
        matrix.learn([chance.randrange(50) for _ in range(16)])
        assert len(learned) <= 100
        assert len(learned) == sum(len(learned.row((a, b))) for a in range(50) for b in range(50))
    matrix.learn([60, 61, 62])
    for number in range(90):
        learned.put((70, number), 1, 0.5)
        learned.put((60, 61), 62, 0.5)
    assert learned.row((60, 61)) == {62: 0.5}, "seen again and again, it stays"


def test_rows_looked_at_and_rows_kept_ready_are_bounded(monkeypatch):
    monkeypatch.setattr(trigrams, "PARSED", 10)
    matrix = Trigrams(empty_matrix(), Learned())
    for token in range(100):
        matrix.learn([1, 2, token])
        matrix.row((token, token))
        assert len(matrix._parsed) <= 10
    assert len(matrix.row((1, 2)).tokens) == 32


def test_equals_stand_in_the_order_of_their_ids():
    assert row_of({9: 0.5, 3: 0.5, 7: 0.6}).tokens == (7, 3, 9)


def test_there_is_a_matrix_to_ship():
    assert FILES
    assert sum(path.stat().st_size for path in FILES) < 4_000_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_matrix_is_whole_and_says_where_it_is_from(path):
    said = about(path)
    assert {"tokenizer", "model", "source", "licence", "command"} <= said.keys()
    matrix = shipped_matrix(said["tokenizer"])
    assert shipped_matrix(said["tokenizer"]) is matrix, "read once"
    pairs = list(matrix)
    assert len(pairs) == len(matrix) > 10_000
    for pair in random.Random(0).sample(pairs, 2000):
        row = matrix.row(pair)
        assert 1 <= len(row) <= 12
        assert 0 < sum(row.values()) <= 1.005
        assert all(0 < weight <= 1 for weight in row.values())


def test_another_tokenizer_or_none_begins_with_nothing():
    assert len(shipped_matrix("another")) == len(shipped_matrix(None)) == 0
    assert Trigrams(shipped_matrix(None), Learned()).row((1, 2)).tokens == ()
