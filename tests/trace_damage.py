"""Ways to damage a recorded trace: its bytes, its JSON, its numbers, its ids, its text, its sizes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

TRACES = sorted((Path(__file__).parents[1] / "assets" / "traces").glob("*.jsonl"))
NUMBERS = [
    0, -1, 1, 2, 64, 4096, 4097, 2**31, 2**53, 2**53 + 1, -(2**53), 10**18, 10**30, 10**400, 0.5, -0.0, 5e-324, 1e-9,
    1e15, 1e18, 1.0000001e18, 1e308, -1e308, 1.797e308, float("nan"), float("inf"),
]  # fmt: skip
TEXTS = [
    "", "\0", "\ud83d", "\udc00\ud800", "a\u2028b\u2029c\x85d", "\u202eabc\u2066", "\u200c", "\u0645\u06cc\u200c\u062e",
    "\U0001f468\u200d\U0001f469", "</script><!--", "__proto__", "constructor", "=cmd()", "\x1b[31m", "x" * 5_000,
    "\u202e" * 5_000, "e" + "\u0301" * 2_000, "\r\n", "{", "\ufeff", "\U0010ffff",
]  # fmt: skip
OTHERS = [None, True, False, [], {}, [[]], {"kind": "Commit"}, [1, 2], "7"]

Lines = list[Any]  # header, steps, footer as JSON values


@cache
def _recorded(path: Path) -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8").rstrip("\n").split("\n"))


def damaged(rng: Random) -> bytes:
    """The bytes of a damaged trace; the same for the same random state."""
    lines = list(_recorded(rng.choice(TRACES)))
    kept = rng.choice([4, 12, len(lines)])
    lines = [*lines[: min(kept, len(lines) - 1)], lines[-1]]
    if rng.random() < 0.15:
        return rng.choice(BYTES)(rng, "\n".join(lines).encode())
    values = [json.loads(line) for line in lines]
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        rng.choice(VALUES)(rng, values)
    ascii_only = rng.random() < 0.5
    text = "\n".join(json.dumps(value, ensure_ascii=ascii_only) for value in values)
    data = text.encode("utf-8", errors="surrogatepass")
    return rng.choice(BYTES)(rng, data) if rng.random() < 0.1 else data


# ---- bytes -----------------------------------------------------------------------------------------------------


def _flip(rng: Random, data: bytes) -> bytes:
    found = bytearray(data)
    for _ in range(rng.choice([1, 1, 3, 30])):
        found[rng.randrange(len(found))] = rng.randrange(256)
    return bytes(found)


def _cut(rng: Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data))]


def _cut_end(rng: Random, data: bytes) -> bytes:
    return data[: max(data.rfind(b"\n"), 0) + rng.choice([0, 1, 2, 40])]


def _gap(rng: Random, data: bytes) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.choice([1, 5, 1000]) :]


def _insert(rng: Random, data: bytes) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + rng.choice([b"\0", b"\xff", b"\xe2\x80", b"\n", b'"', b"[" * 3000, b"\r"]) + data[at:]


def _encoded(rng: Random, data: bytes) -> bytes:
    name = rng.choice(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1"])
    return data.decode("utf-8", errors="replace").encode(name, errors="replace")


def _packed(rng: Random, data: bytes) -> bytes:
    whole = gzip.compress(data, compresslevel=1, mtime=0)
    return rng.choice([whole, whole, whole[: rng.randrange(len(whole))], _flip(rng, whole)])


def _line_ends(rng: Random, data: bytes) -> bytes:
    return data.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\n", b"\n \n", b"\xe2\x80\xa8"]))


BYTES: list[Callable[[Random, bytes], bytes]] = [
    _flip, _cut, _cut_end, _gap, _insert, _encoded, _packed, _line_ends,
]  # fmt: skip


# ---- values ----------------------------------------------------------------------------------------------------


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container and key or index in it, however deep."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield value, key
        yield from _places(item)


def _place(rng: Random, lines: Lines, wanted: Callable[[Any], bool]) -> tuple[Any, Any] | None:
    """A place of a random line whose value is wanted; None where it has none."""
    at = rng.choice([0, len(lines) - 1, rng.randrange(len(lines)), rng.randrange(len(lines))])
    found = [(box, key) for box, key in _places(lines[at]) if wanted(box[key])]
    kinds = sorted({str(key) for _, key in found if isinstance(key, str)})
    if (
        kinds and rng.random() < 0.7
    ):  # by field, or the many numbers of events would be all that is ever changed
        field = rng.choice(kinds)
        found = [(box, key) for box, key in found if key == field]
    return rng.choice(found) if found else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _put(rng: Random, lines: Lines, wanted: Callable[[Any], bool], values: list[Any]) -> None:
    if place := _place(rng, lines, wanted):
        box, key = place
        box[key] = rng.choice(values)


def _number(rng: Random, lines: Lines) -> None:
    _put(rng, lines, _is_number, NUMBERS)


def _near_number(rng: Random, lines: Lines) -> None:
    if place := _place(rng, lines, _is_number):
        box, key = place
        box[key] = rng.choice([box[key] + 1, box[key] - 1, -box[key], box[key] * 10, float(box[key])])


def _text(rng: Random, lines: Lines) -> None:
    _put(rng, lines, lambda value: isinstance(value, str), TEXTS)


def _other_type(rng: Random, lines: Lines) -> None:
    _put(rng, lines, lambda value: True, OTHERS)


def _gone(rng: Random, lines: Lines) -> None:
    if place := _place(rng, lines, lambda value: True):
        box, key = place
        del box[key]


def _extra(rng: Random, lines: Lines) -> None:
    if place := _place(rng, lines, lambda value: isinstance(value, dict)):
        box, key = place
        box[key][rng.choice(TEXTS)] = rng.choice([1, "x", [], None])


def _lines_moved(rng: Random, lines: Lines) -> None:
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    way = rng.randrange(3)
    if way == 0:
        lines[one], lines[other] = lines[other], lines[one]
    elif way == 1 and len(lines) > 2:
        del lines[one]
    else:
        lines.insert(one, json.loads(json.dumps(lines[other])))


def _events_moved(rng: Random, lines: Lines) -> None:
    steps = [line for line in lines if isinstance(line, dict) and isinstance(line.get("events"), list)]
    if not steps:
        return
    events, others = rng.choice(steps)["events"], rng.choice(steps)["events"]
    if events and others:
        way, event = rng.randrange(3), json.loads(json.dumps(rng.choice(others)))
        if way == 0:
            rng.shuffle(events)
        elif way == 1:
            events.insert(rng.randrange(len(events)), event)
        else:
            events[:-1] = events[:-1] * rng.choice([2, 20])


def _longer(rng: Random, lines: Lines) -> None:
    if place := _place(rng, lines, lambda value: isinstance(value, list | str) and bool(value)):
        box, key = place
        box[key] = box[key] * min(rng.choice([2, 50, 20_000]), 2_000_000 // len(json.dumps(box[key])) + 1)


def _pieces(rng: Random, lines: Lines) -> None:
    for line in lines:
        if isinstance(line, dict) and isinstance(line.get("pieces"), dict):
            long = rng.choice(["a" * 4_000, "\u202e" * 1_300, [255] * 4_096, "a" * 50_000, "\u200d", "\n"])
            line["pieces"] = dict.fromkeys(line["pieces"], long)


def _prompt(rng: Random, lines: Lines) -> None:
    if isinstance(lines[0], dict):
        token = rng.choice([7, 0, -1, 2**53])
        lines[0]["prompt"] = {"tokens": [token] * rng.choice([1, 1_000, 100_000])}


def _chain(rng: Random, lines: Lines) -> None:
    """One step of as many drafts as asked, in a chain, a star or at random, and nothing else drafted after it."""
    if not isinstance(lines[0], dict) or len(lines) < 3 or not isinstance(lines[1], dict):
        return
    prompt = (
        lines[0].get("prompt", {}).get("tokens", [0]) if isinstance(lines[0].get("prompt"), dict) else [0]
    )
    if not isinstance(prompt, list):
        return
    first, count, way = len(prompt), rng.choice([100, 2_000, 4_095, 40_000]), rng.randrange(3)
    parents = [lambda at: at - 1, lambda _: first, lambda at: rng.randrange(first, at)][way]
    drafts = [
        {
            "kind": "Draft",
            "slot": at,
            "parent": parents(at),
            "token": at % 50,
            "draft_prob": 0.5,
            "source": f"{at % 3}",
        }
        for at in range(first + 1, first + 1 + count)
    ]
    commit = {"kind": "Commit", "slots": [first], "tokens": [5], "last": "plain", "draw": 0.0}
    last = {**commit, "slots": [first + 1 + count], "tokens": [6]}
    clock = {"draft": 0.1, "verify": 0.1, "other": 0.0, "observe": 0.0}
    steps = [[commit], [*drafts, last]]
    lines[1:-1] = [
        {"index": index, "events": events, "pieces": {}, "seconds": clock}
        for index, events in enumerate(steps)
    ]


def _many(rng: Random, lines: Lines) -> None:
    """Many names where there are few, or many rows of the calibration."""
    runs = [
        event
        for line in lines
        if isinstance(line, dict) and isinstance(line.get("events"), list)
        for event in line["events"]
        if isinstance(event, dict) and event.get("kind") in ("LayerRun", "Draft", "Match")
    ]
    for at, event in enumerate(runs):
        event["lane" if event["kind"] == "LayerRun" else "source"] = (
            f"name {at % rng.choice([10, 60, 10**9])}"
        )
    if isinstance(lines[0], dict):
        count = rng.choice([0, 1, 1_000, 5_000])
        seconds = [0.001 * at for at in range(count + rng.choice([0, 0, 1]))]
        lines[0]["calibration"] = {
            "rows": list(range(1, count + 1)),
            "pass_seconds": seconds,
            "readout_seconds": 0.0,
        }


VALUES: list[Callable[[Random, Lines], None]] = [
    _number, _number, _number, _near_number, _near_number, _text, _text, _other_type, _gone, _extra, _lines_moved,
    _events_moved, _longer, _pieces, _prompt, _chain, _many,
]  # fmt: skip
