"""Static charts: what is drawn, how often and in which colour. Never a snapshot."""

from __future__ import annotations

import pytest

from accel.trace import Observed
from tests.visuals.method_runs import ALL
from tests.visuals.runs import NUM_LAYERS, RunBook, chain, tree
from visuals import VIEWS
from visuals.charts.draft_tree import STYLES
from visuals.charts.words import inert
from visuals.theme import PALETTES, fate_colour


def marks(figure):  # type: ignore[no-untyped-def]
    return {drawn.name: drawn for drawn in figure.data if drawn.mode == "markers+text"}


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_fate_has_its_count_its_colour_and_its_shape(mode) -> None:  # type: ignore[no-untyped-def]
    found = marks(VIEWS["draft_tree"].draw(tree().trace(), 1, mode))
    counts = {name: len(drawn.x) for name, drawn in found.items()}
    assert counts == {"committed before": 1, "rejected": 1, "never reached": 2, "accepted": 2, "bonus": 1}
    for fate in ("rejected", "unreached", "accepted", "bonus"):
        drawn = found[STYLES[fate][0]]
        assert drawn.marker.color == fate_colour(fate, mode)
    assert len({drawn.marker.symbol for drawn in found.values()}) >= 4


def test_fates_are_told_apart_without_colour() -> None:
    ways = {(symbol, size, dash) for _, symbol, size, _, dash in STYLES.values()}
    assert len(ways) == len(STYLES)


def test_probabilities_are_in_the_hover() -> None:
    found = marks(VIEWS["draft_tree"].draw(chain().trace(), 2))
    assert "draft 0.5" in found["rejected"].hovertext[0]
    assert "model 0.125" in found["rejected"].hovertext[0]


def test_token_text_is_inert_in_plotly() -> None:
    book = RunBook()
    book.prefill()
    book.draft(book.tip, "<a href='javascript:alert(1)'>$x$")
    book.run(book.tip)
    book.commit((), " e", "plain")
    shown = str(VIEWS["draft_tree"].draw(book.trace(), 1).to_json())
    assert "<a" not in shown
    assert "$" not in shown
    assert inert(" a&b") == "·a&amp;b"


def test_the_grid_shows_what_ran_what_was_skipped_and_how_sure_it_was() -> None:
    book = RunBook(observe="full")
    book.prefill()
    drafted = book.draft(book.tip, " e")
    book.run(drafted, lane="draft", last=1)
    book.run(drafted, lane="draft", first=2)
    book.run(book.tip, drafted)
    book.log(Observed(book.tip, 2, 0, 0.75))
    book.commit((drafted,), " f", "bonus")
    figure = VIEWS["layer_grid"].draw(book.trace())
    by_name = {drawn.name: drawn for drawn in figure.data}
    ran = by_name["ran"].z  # [layers][columns]: the prompt, the draft lane's, then the target's two
    assert [list(row) for row in ran] == [[1, 0, 1, 1], [1, None, 1, 1], [1, 0, 1, 1], [1, 0, 1, 1]]
    assert len(ran) == NUM_LAYERS
    assert (list(by_name["skipped"].x), list(by_name["skipped"].y)) == ([1], [1])
    assert by_name["confidence"].z[1][2] == 0.75
    assert by_name["confidence"].z[2][2] is None


def test_the_timeline_has_a_bar_for_every_run_and_each_steps_seconds() -> None:
    figure = VIEWS["timeline"].draw(chain().trace())
    target = next(drawn for drawn in figure.data if drawn.orientation == "h")
    assert list(target.base) == [0, 4, 8]
    assert list(target.x) == [NUM_LAYERS] * 3
    seconds = {drawn.name: list(drawn.y) for drawn in figure.data if drawn.orientation != "h"}
    assert seconds == {"drafting": [0.25] * 3, "verifying": [0.5] * 3, "other": [0.25] * 3}


def test_views_say_where_they_have_something_to_show() -> None:
    trace = chain().trace()
    assert not VIEWS["draft_tree"].fits(trace, 0)
    assert VIEWS["draft_tree"].fits(trace, 1)
    assert VIEWS["layer_grid"].fits(trace)
    with pytest.raises(ValueError, match="0 to 2"):
        VIEWS["draft_tree"].draw(trace, 3)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_view_draws_in_both_modes(mode) -> None:  # type: ignore[no-untyped-def]
    runs = [tree().trace(), *(make() for make in ALL.values())]
    drawn = set()
    for name, view in VIEWS.items():
        for trace in runs:
            if view.fits(trace, 1):
                figure = view.draw(trace, 1, mode)
                assert figure.layout.template.layout.paper_bgcolor == PALETTES[mode].surface
                drawn.add(name)
    assert drawn == set(VIEWS)
