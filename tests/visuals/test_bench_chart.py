"""The benchmark's picture shows its table."""

from __future__ import annotations

import json

import pytest

from visuals.charts.bench import by_suite, main
from visuals.theme import METHOD_COLOURS

ROWS = [
    {"suite": suite, "arm": arm, "median": median, "low": median - 0.25, "high": median + 0.5}
    for suite in ("chat", "sql")
    for arm, median in (("autoregressive", 1.0), ("suffix", 1.5), ("suffix, warm", 2.0))
]


def test_a_bar_for_each_arm_and_suite_but_our_own_loop() -> None:
    cold, warm = by_suite(ROWS).data
    assert (cold.name, cold.x, cold.y) == ("suffix", ("chat", "sql"), (1.5, 1.5))
    assert cold.error_y.array == (0.5, 0.5)
    assert cold.error_y.arrayminus == (0.25, 0.25)
    assert cold.marker.color == warm.marker.color == METHOD_COLOURS["light"]["suffix"]
    assert (cold.marker.pattern.shape, warm.marker.pattern.shape) == ("", "/")


def test_the_file_beside_the_table_needs_no_network(tmp_path) -> None:  # type: ignore[no-untyped-def]
    table = tmp_path / "bench.json"
    table.write_text(json.dumps({"rows": ROWS}))
    main(str(table))
    made = (tmp_path / "bench.html").read_text()
    assert "suffix, warm" in made
    assert "<script src=" not in made


@pytest.mark.parametrize("content", ["{", "[]", '{"rows": [{}]}', None])
def test_a_file_that_is_no_table_is_one_line(content, tmp_path) -> None:  # type: ignore[no-untyped-def]
    table = tmp_path / "bench.json"
    if content is not None:
        table.write_text(content)
    with pytest.raises(SystemExit, match=r"error: .*bench.json (is not the|cannot be read: No such)"):
        main(str(table))
