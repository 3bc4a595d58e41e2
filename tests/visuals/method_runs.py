"""Hand-made runs of the methods that show something of their own, and the same from tiny real models."""

from __future__ import annotations

from dataclasses import replace

from accel.trace import (
    Match,
    MatrixUpdate,
    MethodInfo,
    Occurrence,
    Readout,
    Rollback,
    RowChange,
    Search,
    SearchNode,
    SkipPlan,
    Trace,
)
from tests.visuals.runs import NUM_LAYERS, RunBook

WORDS = (" one", " two", " three", " four")


def book_of(method: str, knobs: dict[str, float | int | str | bool], words: tuple[str, ...]) -> RunBook:
    """A run of a method after its prefill. Token ids: the prompt's three, " d", then the words."""
    book = RunBook()
    book.header = replace(book.header, method=MethodInfo(method, dict(knobs)))
    book.prefill()
    for word in words:
        book.token(word)
    return book


def told(book: RunBook) -> Trace:
    """The trace, with the text that its tokens make."""
    named = {token: piece for piece, token in book.ids.items()}
    text = b"".join(named[token] for step in book.steps for token in step.commit.tokens)
    return book.trace(text.decode(), measured=True)


def exits(words: tuple[str, ...] = WORDS) -> Trace:
    """Three steps: two early tokens kept; one kept and one taken back; none sure enough."""
    book = book_of("adadecode", {"threshold": 0.75}, words)
    for second_kept in (True, False):
        tip = book.tip
        book.run(tip, last=2)
        book.log(Readout(tip, 2, book.token(words[0]), 0.875, 0.75, True))
        early = book.draft(tip, words[0], 0.875)
        book.run(early, last=2)
        book.log(Readout(early, 2, book.token(words[1]), 0.5, 0.75, False))
        book.run(tip, early, first=2, last=3)
        book.log(Readout(early, 3, book.token(words[1]), 0.8, 0.75, True))
        later = book.draft(early, words[1], 0.8)
        book.run(later, last=3)
        book.log(Readout(later, 2, book.token(words[2]), 0.25, 0.75, False))
        book.run(tip, early, later, first=3)
        book.judge(early, True)
        book.judge(later, second_kept, 0.9 if second_kept else 0.125)
        if not second_kept:
            book.log(Rollback((later,)))
        book.commit(*(((early, later), " own", "bonus") if second_kept else ((early,), " own", "recovered")))
    book.run(book.tip, last=2)
    book.log(Readout(book.tip, 2, book.token(words[3]), 0.125, 0.75, False))
    book.run(book.tip, first=2)
    book.commit((), words[3], "plain")
    return told(book)


COSINES = tuple(
    tuple(1 - 0.05 * skipped - 0.01 * layer * skipped if skipped <= layer else 0.0 for skipped in range(3))
    for layer in range(NUM_LAYERS + 1)
)


def skips(words: tuple[str, ...] = WORDS) -> Trace:
    """Three steps with a plan each: layers 1 and 2, then 2 and 3, then none new; the last draft is below the line."""
    book = book_of("clasp", {"draft_exit": 0.6}, words)
    for at, skipped in enumerate(((1, 2), (2, 3), None)):
        tip = book.tip
        if skipped:
            for layer in range(1, NUM_LAYERS):
                book.run(*(tip - 1,) * min(layer, 2), lane="plan", first=layer, last=layer + 1)
            book.log(SkipPlan(skipped, COSINES))
        kept = set(range(NUM_LAYERS)) - set(skipped or (2, 3))
        parent = tip
        drafted = []
        for depth in range(3):
            for layer in sorted(kept):
                book.run(parent, lane="draft", first=layer, last=layer + 1)
            parent = book.draft(parent, words[(at + depth) % 4], 0.9 - 0.2 * depth)
            drafted.append(parent)
        book.run(tip, *drafted)
        book.judge(drafted[0], True)
        book.judge(drafted[1], False, 0.25)
        book.commit((drafted[0],), f" own{at}", "recovered")
    return told(book)


def search(words: tuple[str, ...] = WORDS) -> Trace:
    """Two steps: a search of five nodes, two of them drafted and one not searched; then nothing found."""
    book = book_of("aded", {"iterations": 12}, words)
    before, tip = book.ids[b" c"], book.ids[b" d"]
    one, two, three = (book.token(word) for word in words[:3])
    nodes = (
        SearchNode(-1, (before, tip), 1.0, 12, 1.5, False),
        SearchNode(0, (tip, one), 0.5, 7, 1.75, True),
        SearchNode(1, (one, two), 0.75, 4, 2.0, True),
        SearchNode(1, (one, three), 0.25, 2, 1.25, False),
        SearchNode(0, (tip, three), 1.25, 3, 1.5, False),
        SearchNode(4, (three, two), 0.5, 2, 1.0, False),
    )
    book.log(MatrixUpdate((RowChange((before, tip), (one, three), (0.25, 1.25), (0.5, 1.25)),)))
    book.log(Search(nodes, (1, 2, 4, 5, 2, 3, 2, 5, 0, 3, 2, 0)))
    root = book.tip
    first = book.draft(root, words[0], 0.5)
    second = book.draft(first, words[1], 0.75)
    beyond = book.draft(second, words[3], 0.5)
    book.run(root, first, second, beyond)
    book.judge(first, True)
    book.judge(second, False, 0.25)
    book.commit((first,), " own", "recovered")
    book.run(book.tip)
    book.commit((), words[3], "plain")
    return told(book)


def matches(words: tuple[str, ...] = WORDS) -> Trace:
    """Two steps: five matches in two texts, the third longest chosen; then none."""
    book = book_of("suffix", {"alpha": 2.0}, words)
    lengths = ((1, 5, 0.8), (2, 3, 2.5), (3, 1, 2.0))
    book.log(*(Match("request", length, times, score, length == 2) for length, times, score in lengths))
    book.log(*(Match("session", length, 1, 0.5 * length, False) for length in (1, 2)))
    ids = [book.token(word) for word in words[:4]]
    book.log(Occurrence("request", 2, 0, 3, 0, (*book.header.prompt.tokens, book.ids[b" d"])))
    book.log(Occurrence("session", 2, 3, 42, 39, tuple(ids)))
    first = book.draft(book.tip, words[0])
    second = book.draft(first, words[1])
    book.run(book.tip, first, second)
    book.judge(first, True)
    book.judge(second, True)
    book.commit((first, second), words[2], "bonus")
    book.run(book.tip)
    book.commit((), words[3], "plain")
    return told(book)


ALL = {"exits": exits, "skips": skips, "search": search, "matches": matches}
