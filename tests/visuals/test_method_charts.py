"""The static pictures of single methods: what is drawn and how often; token text inert."""

from __future__ import annotations

import pytest

from tests.visuals.method_runs import ALL, exits, matches, search, skips
from tests.visuals.runs import chain
from visuals import VIEWS
from visuals.charts.exit_depths import exit_counts

HOSTILE = ("<img src=x onerror=alert(1)>", "<a href='javascript:alert(1)'>$x$", "<b>", "</script>")
STEP_OF = {"exits": 2, "skips": 2, "search": 1, "matches": 1}
VIEW_OF = {"exits": "exit_depths", "skips": "skip_table", "search": "search_tree", "matches": "matches"}


def by_name(figure):  # type: ignore[no-untyped-def]
    return {drawn.name: drawn for drawn in figure.data}


@pytest.mark.parametrize("name", ALL)
def test_a_picture_is_offered_where_its_events_are(name: str) -> None:
    view = VIEWS[VIEW_OF[name]]
    assert view.fits(ALL[name](), None if view.of == "run" else STEP_OF[name])
    assert not view.fits(chain().trace())
    for other in set(ALL) - {name}:
        assert not view.fits(ALL[other]())


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", ALL)
def test_it_draws_with_hostile_tokens(name, mode) -> None:  # type: ignore[no-untyped-def]
    shown = VIEWS[VIEW_OF[name]].draw(ALL[name](HOSTILE), STEP_OF[name], mode).to_json()
    for markup in ("<img", "<a ", "</script", "$x"):
        assert markup not in shown


def test_exits_are_counted_by_layer_and_by_what_became_of_them() -> None:
    kept, back = exit_counts(exits())
    assert (dict(kept), dict(back)) == ({2: 2, 3: 1}, {3: 1})
    drawn = by_name(VIEWS["exit_depths"].draw(exits()))
    assert list(drawn["kept"].y) == [0, 2, 1, 0]
    assert list(drawn["taken back"].y) == [0, 0, 1, 0]


def test_the_table_shows_what_can_be_reached_and_the_way_chosen() -> None:
    drawn = by_name(VIEWS["skip_table"].draw(skips(), 2))
    reachable = [sum(cosine is not None for cosine in row) for row in drawn["cosine"].z]
    assert reachable == [1, 2, 3, 3, 3]
    way = drawn["chosen way"]
    assert list(zip(way.y, way.x, strict=True)) == [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2)]
    assert [list(row) for row in drawn["kept"].z] == [[1, 1], [None, 1], [None, None], [1, None]]


def test_the_search_marks_what_was_drafted() -> None:
    drawn = by_name(VIEWS["search_tree"].draw(search(), 1))
    assert list(drawn["drafted"].text) == ["·one", "·two"]
    assert len(drawn["searched"].x) == 4
    assert "visits 7" in drawn["drafted"].hovertext[0]
    assert drawn["drafted"].marker.symbol != drawn["searched"].marker.symbol
    with pytest.raises(ValueError, match="nothing was searched"):
        VIEWS["search_tree"].draw(search(), 2)


def test_matches_are_columns_by_length_with_the_chosen_one_named() -> None:
    drawn = by_name(VIEWS["matches"].draw(matches(), 1))
    assert list(drawn["request"].x) == [1, 2, 3]
    assert list(drawn["request"].y) == [0.8, 2.5, 2.0]
    assert list(drawn["request"].text) == ["", "chosen", ""]
    assert list(drawn["session"].y) == [0.5, 1.0]
