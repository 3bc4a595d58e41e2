"""Events to rows: fates, places, text and layers of hand-made runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accel.trace import Observed, Rollback, Trace
from tests.visuals.runs import NUM_LAYERS, RunBook, chain, tree, without_verdicts
from visuals.pieces import RunningText, joined, label, running, visible
from visuals.reading import read
from visuals.rows import Block
from visuals.scene import packed, scene


def fates(trace: Trace, step: int) -> dict[int, str]:
    _, steps = read(trace)
    return {node.slot: node.fate for node in steps[step].nodes}


def texts(trace: Trace) -> list[str]:
    _, steps = read(trace)
    return [piece.text for rows in steps for piece in rows.pieces]


def test_prefill_is_the_prompts_last_token_and_the_first_new_one() -> None:
    _, steps = read(chain().trace())
    root, new = steps[0].nodes
    assert (root.slot, root.fate, root.position, root.depth) == (2, "committed", 2, 0)
    assert (new.slot, new.fate, new.position, new.depth) == (3, "plain", 3, 1)
    assert steps[0].blocks == (Block("target", 0, NUM_LAYERS, (0, 1, 2), 0),)


def test_a_chain_fully_accepted_ends_in_a_bonus() -> None:
    _, steps = read(chain().trace())
    assert [node.fate for node in steps[1].nodes] == ["committed", "accepted", "accepted", "bonus"]
    assert [node.depth for node in steps[1].nodes] == [0, 1, 2, 3]
    assert [node.position for node in steps[1].nodes] == [3, 4, 5, 6]
    assert [piece.origin for piece in steps[1].pieces] == ["accepted", "accepted", "bonus"]


def test_a_rejected_draft_is_followed_by_a_recovered_token_in_its_place() -> None:
    _, steps = read(chain().trace())
    root, lost, new = steps[2].nodes
    assert (lost.fate, new.fate) == ("rejected", "recovered")
    assert lost.parent == new.parent == root.slot
    assert lost.depth == new.depth == 1
    assert lost.lane != new.lane
    assert lost.verdict is not None
    assert lost.verdict.target_prob == 0.125


def test_siblings_and_what_lies_below_a_rejected_node_are_unreached() -> None:
    expected = {
        3: "committed",
        4: "rejected",
        5: "unreached",
        6: "accepted",
        7: "accepted",
        8: "unreached",
        9: "bonus",
    }
    assert fates(tree().trace(), 1) == expected


def test_no_two_nodes_share_a_place() -> None:
    _, steps = read(tree().trace())
    places = [(node.depth, node.lane) for node in steps[1].nodes]
    assert len(set(places)) == len(places)


def test_without_verdicts_no_fate_is_invented() -> None:
    found = fates(without_verdicts(tree().trace()), 1)
    assert found[6] == "accepted"
    assert found[4] == found[5] == found[8] == "drafted"


def test_a_stop_in_the_middle_of_an_accepted_run_has_no_new_token() -> None:
    book = RunBook()
    book.prefill()
    one = book.draft(book.tip, " e")
    two = book.draft(one, " f")
    book.run(book.tip, one, two)
    book.judge(one, True)
    book.commit((one,), None, "accepted")
    trace = book.trace()
    assert fates(trace, 1) == {3: "committed", one: "accepted", two: "unreached"}
    _, steps = read(trace)
    assert [piece.origin for piece in steps[1].pieces] == ["accepted"]


def test_rolled_back_slots_are_marked() -> None:
    book = RunBook()
    book.prefill()
    early = book.draft(book.tip, " e")
    book.run(book.tip, early)
    book.log(Rollback((early,)))
    book.commit((), " f", "plain")
    _, steps = read(book.trace())
    assert [node.rolled_back for node in steps[1].nodes] == [False, True, False]


def test_runs_that_go_on_where_the_last_one_stopped_are_one_block() -> None:
    book = RunBook()
    book.prefill()
    book.run(book.tip, last=2)
    book.run(book.tip, first=2)
    book.run(book.tip, lane="draft", last=3)
    book.commit((), " e", "plain")
    _, steps = read(book.trace())
    tip = 3
    assert steps[1].blocks == (Block("target", 0, 4, (tip,), 4), Block("draft", 0, 3, (tip,), 8))


def test_looks_carry_layer_token_and_confidence() -> None:
    book = RunBook(observe="full")
    book.prefill()
    book.run(book.tip)
    book.log(Observed(book.tip, 2, book.token(" e"), 0.25))
    book.commit((), " e", "plain")
    reader, steps = read(book.trace())
    (look,) = steps[1].looks
    assert (look.slot, look.layer, reader.label(look.token), look.confidence) == (3, 2, " e", 0.25)


def test_half_a_character_waits_for_the_rest() -> None:
    book = RunBook()
    book.prefill(b"\xe2\x82")
    book.run(book.tip)
    book.commit((), b"\xac", "plain")
    trace = book.trace()
    assert texts(trace) == ["", "€"]
    reader, _ = read(trace)
    assert reader.label(book.token(b"\xe2\x82")) == "⟨e2 82⟩"


def test_bytes_that_never_become_a_character_show_only_when_that_is_certain() -> None:
    text = RunningText()
    assert [text.add(piece) for piece in (b"\xf0\x9f", b"\x98", b"a")] == ["", "", "\ufffda"]
    assert text.add(b"\xe2") == ""
    assert text.end() == "\ufffd"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("\u200b", "⟨U+200B⟩"),
        ("\ufeff", "⟨U+FEFF⟩"),
        ("\x00\x1b\x7f", "␀␛␡"),
        ("\x85", "⟨U+0085⟩"),
        ("a\u2028b", "a⟨U+2028⟩b"),
        ("one\n\ttwo", "one\n\ttwo"),
        ("naïve 漢字 🙂", "naïve 漢字 🙂"),
    ],
)
def test_what_cannot_be_seen_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_label_is_one_line_and_bounded() -> None:
    assert label(b"\n\n") == "↵↵"
    assert label("\u0301".encode()) == "◌\u0301"
    assert len(label(b"x" * 10_000)) < 100


def test_a_draft_that_follows_older_text_is_still_drawn() -> None:
    book = RunBook()
    book.prefill()
    odd = book.draft(0, " e")
    book.run(book.tip, odd)
    book.commit((), " f", "plain")
    _, steps = read(book.trace())
    assert [(node.slot, node.parent, node.depth) for node in steps[1].nodes] == [
        (3, None, 0),
        (odd, 3, 1),
        (5, 3, 1),
    ]


PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
HINDI = "\u0915\u094d\u200d\u0937"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
HEART = "\u2764\ufe0f\u200d\U0001f525"
ROCKET = "\U0001f469\U0001f3fd\u200d\U0001f680"


@pytest.mark.parametrize("text", [PERSIAN, HINDI, FAMILY, HEART, ROCKET, "\u06dd\u0661"])
def test_a_joiner_that_is_spelling_stays_itself_in_running_text(text: str) -> None:
    assert running(text) == text
    assert joined([text.encode()]) == text
    book = RunBook(prompt=(text,))
    for byte in text.encode():  # a token may be a part of a character
        book.commit((), bytes([byte]), "plain")
    trace = book.trace(text)
    assert "".join(texts(trace)) == text
    assert scene(trace)["end"]["dropped"] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u200cb", "a⟨U+200C⟩b"),
        ("\u200d", "⟨U+200D⟩"),
        ("\u0645\u200c\u200c\u062e", "\u0645\u200c⟨U+200C⟩\u062e"),
        ("\U0001f468\u200c", "\U0001f468⟨U+200C⟩"),
        ("^\u200d", "^⟨U+200D⟩"),
        ("\u0645\u202e\u062e\u2066\u061c", "\u0645⟨U+202E⟩\u062e⟨U+2066⟩⟨U+061C⟩"),
        ("\u0645\u200b\u200e\u2060\ufeff", "\u0645⟨U+200B⟩⟨U+200E⟩⟨U+2060⟩⟨U+FEFF⟩"),
        ("\u115f\u3164", "⟨U+115F⟩⟨U+3164⟩"),
    ],
)
def test_a_joiner_that_joins_nothing_and_every_other_unseen_sign_is_shown(text: str, shown: str) -> None:
    assert running(text) == shown


def test_a_joiner_in_a_label_is_a_sign() -> None:
    assert label(PERSIAN.encode()) == PERSIAN.replace("\u200c", "⟨U+200C⟩")
    assert label(b"\xe2\x80\x8d") == "⟨U+200D⟩"


def test_names_from_a_trace_cannot_turn_the_direction_of_the_page() -> None:
    book = chain()
    turned = replace(book.header.model, device="\u202ecpu", backend="\u2066x", dtype="\u200b")
    book.header = replace(book.header, model=turned, method=replace(book.header.method, name="a\u202eb"))
    book.run(book.tip, lane="lane\u202e")
    book.commit((), "x", "plain")
    shown = packed(scene(book.trace()))
    assert not any(sign in shown for sign in ("\\u202e", "\\u2066", "\\u200b"))
