"""Random command lines, none of which may lose anything: `python -m tests.fuzz_command_line --count 1000 --seed 0`.

Commands, options, good and bad values, bytes that are no text, encodings, closed and full streams, files that cannot
be written, signals. A finding is printed with its number, by which it is played alone: `--only 137`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shlex
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from accel.trace import Trace
from tests.command_line import Call, Ended, model_folder, play

CODES = (0, 1, 2, 128 + signal.SIGHUP, 128 + signal.SIGINT, 141, 128 + signal.SIGTERM)
MOST_MEGABYTES = 2048
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STREAMS = ("closed", "full", "broken", "read-only")
ENCODINGS = ("ascii", "cp1252", "latin-1", "utf-16", "cp037", "shift_jis", "utf-8-sig")
PROMPTS = (
    "hello", "the end the end", "", " ", "-", "-5 + 3 = ?", "--", "\ufeffhello", "a\u2028b\x85c", "😀 é", "a" * 4000,
    os.fsdecode(b"caf\xe9 \xff"), "line\nline", "[1, 2]", "\x1b[31mred", "w8" * 90,
)  # fmt: skip
NUMBERS = (
    "0",
    "1",
    "3",
    "8",
    "-1",
    "1.5",
    "nan",
    "inf",
    "many",
    "",
    "99999999999999999999999999",
    "1e3",
    "²",
)
METHODS = (
    "suffix",
    "autoregressive",
    "prompt_lookup",
    "aded",
    "adadecode",
    "clasp",
    "draft_model",
    "no-such",
    "",
)
KNOBS = (
    "alpha=2",
    "alpha=",
    "=2",
    "alpha",
    "longest_match=2",
    "suffix.alpha=2",
    "branching=true",
    "offset=nan",
    "é=1",
)
GIVEN = (b"hello", b"", b"\xff\xfeh\x00i\x00", b"caf\xe9", b"\xef\xbb\xbfhello", b"a\x00b", None)
PAIRS = (
    b'{"prompt": [1, 2], "answer": [3, 1, 2, 3]}\n', b'{"prompt": "the", "answer": "the end"}\n', b"\xef\xbb\xbf",
    b"\n",
    b'{"prompt": "a\xe2\x80\xa8b", "answer": "a b a b"}\r\n', b'{"prompt": [1], "ans', b"[1]\n", b"\xff\n", b"{}\n",
    b'{"prompt": "\\ud800", "answer": "x"}\n', b'{"prompt": [1e3], "answer": []}\n',
    b'{"prompt": [-7], "answer": [9]}\n', b"[" * 5000, b'{"prompt": [' + b"9" * 5000 + b'], "answer": [1]}\n', b"\x00\x00",
)  # fmt: skip


@dataclass(frozen=True)
class Played:
    """A call, the files that it names, and how it ended."""

    call: Call
    trace: Path | None
    out: Path | None
    ended: Ended


class Maker:
    """Makes command lines; the same seed and number give the same one."""

    def __init__(self, folder: Path) -> None:
        self._models = [model_folder(folder / "plain"), model_folder(folder / "plain é ok")]
        self._folder = folder
        (folder / "file").write_text("kept")
        (folder / "empty").mkdir()

    def play(self, seed: int, number: int) -> Played:
        chance = random.Random(f"{seed}-{number}")
        work = self._folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        words, trace, out = self._words(chance, work)
        call = Call(
            tuple(words),
            given=chance.choice(GIVEN),
            output=chance.choice(STREAMS) if chance.random() < 0.12 else "file",
            errors=chance.choice(STREAMS) if chance.random() < 0.12 else "file",
            encoding=chance.choice(ENCODINGS) if chance.random() < 0.4 else "utf-8",
            signals=self._signals(chance),
            largest_file=chance.choice((0, 100, 1000, 20_000)) if chance.random() < 0.1 else None,
            environment={"DRAFTSCOPE_CACHE": str(work / "cache"), "HF_HUB_OFFLINE": "1"},
        )
        return Played(call, trace, out, play(call))

    def _signals(self, chance: random.Random) -> tuple[tuple[int, float], ...]:
        if chance.random() < 0.85:
            return ()
        return tuple(
            (chance.choice(SIGNALS), chance.uniform(0.05, 2.0)) for _ in range(chance.choice((1, 1, 2)))
        )

    def _words(self, chance: random.Random, work: Path) -> tuple[list[str], Path | None, Path | None]:
        """A command with its options; where it should leave a trace and a folder, too."""
        kind = chance.choices(
            ("run", "compare", "sweep", "bench", "replay", "heads", "other"), (9, 3, 3, 2, 3, 1, 2)
        )[0]
        trace = out = None
        if kind == "other":
            first = chance.choice(
                ["models", "doctor", "--help", "fly", "", "heads", "run --help", "bench --help", "--version"]
            )
            return [*first.split(), *chance.choice([[], ["--json"], ["x"], ["--no-such"]])], None, None
        words = {"heads": ["heads", "train"], "replay": ["replay", self._pairs(chance, work)]}.get(
            kind, [kind]
        )
        if kind in ("run", "compare", "sweep"):
            words.append(chance.choice(PROMPTS))
        words += self._options(chance, kind)
        if kind == "run" and chance.random() < 0.5:
            trace = self._path(chance, work, "trace.jsonl")
            words += ["--trace", str(trace)]
        if kind in ("bench", "heads") and chance.random() < 0.97:
            out = self._path(chance, work, "out")
            words += ["--out", str(out)]
        return words, trace, out

    def _options(self, chance: random.Random, kind: str) -> list[str]:
        good = chance.random() < 0.6

        def number(*fine: str) -> str:
            return chance.choice(fine) if good else chance.choice(NUMBERS)

        def one(*fine: str) -> str:
            return (
                chance.choice(fine)
                if good or chance.random() < 0.6
                else chance.choice(("", "no-such", "é, ,", "a;b"))
            )

        tokens = {"--max-new-tokens": lambda: number("1", "6", "40", "200")}
        knobs = {"--set": lambda: "alpha=2" if good and kind != "compare" else chance.choice(KNOBS)}
        rounds = {"--rounds": lambda: number("1", "2", "50")}
        draft = {"--draft": lambda: one(*self._models)}
        kinds: dict[str, dict[str, Callable[[], str]]] = {
            "run": {
                **tokens, **knobs, **draft, "--method": lambda: chance.choice(METHODS[: 6 if good else None]),
                "--temperature": lambda: number("0", "0.8"), "--top-k": lambda: number("0", "5"),
                "--top-p": lambda: number("1", "0.5"), "--seed": lambda: number("0", "7"),
                "--stop": lambda: one("w8", "é", "\u2028"), "--observe": lambda: one("none", "decisions", "full"),
            },
            "compare": {**tokens, **knobs, **draft, **rounds, "--methods": lambda: one("suffix", "suffix, aded", "")},
            "sweep": {
                **tokens, **knobs, **draft, **rounds, "--second": lambda: one("offset"),
                "--second-values": lambda: one("0,1"),
            },
            "bench": {
                **tokens, **rounds, "--suite": lambda: one("chat", "chat,summarisation", "sql"),
                "--methods": lambda: one("suffix", "suffix:offset=2,aded"),
                "--baselines": lambda: one("none", "generate"),
            },
            "replay": knobs,
            "heads": {"--kind": lambda: one("ridge", "kl"), "--layers": lambda: one("1", "1,2")},
        }  # fmt: skip
        words = [
            "--model",
            chance.choice(self._models) if chance.random() < 0.93 else chance.choice(self._bad_models()),
        ]
        words += ["--dtype", one("float32")]
        if kind == "sweep":
            words += ["--method", one("suffix"), "--knob", one("alpha"), "--values", one("1,2", "0.5;1", ",")]
        if kind == "bench":
            words += ["--prompts", number("1", "2")]
        if kind == "heads":
            words += ["--tokens", number("64"), "--steps", number("3"), "--short", number("20")]
        if kind == "replay":
            words = words[:2]
        for name, value in kinds[kind].items():
            if chance.random() < 0.4:
                words += [name, value()]
        flags = {"run": ["--check", "--no-chat"], "compare": ["--no-library"], "bench": ["--warm"]}.get(
            kind, []
        )
        words += [flag for flag in [*flags, "--json"] if chance.random() < 0.5]
        return [*words, *(["--no-such"] if chance.random() < 0.03 else [])]

    def _bad_models(self) -> list[str]:
        return [
            str(self._folder / "empty"),
            str(self._folder / "file"),
            "no-such",
            "a/b",
            "",
            os.fsdecode(b"\xff"),
            "/",
        ]

    def _pairs(self, chance: random.Random, work: Path) -> str:
        path = work / "pairs.jsonl"
        path.write_bytes(
            b"".join(chance.choices(PAIRS, [8, 8, 2, 2, *[1] * (len(PAIRS) - 4)], k=chance.randint(0, 4)))
        )
        return (
            str(path)
            if chance.random() < 0.9
            else chance.choice([str(work), str(work / "none"), "", "/dev/null"])
        )

    def _path(self, chance: random.Random, work: Path, name: str) -> Path:
        odd = work / os.fsdecode(b"caf\xe9")
        bad = [
            work / "none" / name,
            self._folder / "file" / name,
            Path("/proc/none"),
            Path("/dev/null"),
            work / ("n" * 300),
            odd,
        ]
        if name == "trace.jsonl":
            bad += [work, Path("/dev/full")]
        return work / name if chance.random() < 0.6 else chance.choice(bad)


def faults(played: Played) -> list[str]:
    """What is wrong with how a call ended."""
    call, ended = played.call, played.ended
    found = ["hangs"] if ended.is_hung else []
    found += [word for word in ("Traceback", "Exception ignored") if word in ended.err]
    if ended.megabytes > MOST_MEGABYTES:
        found.append(f"takes {ended.megabytes:.0f} MB")
    if ended.code not in CODES:
        found.append(f"exit code {ended.code}")
    said = [line for line in ended.err.splitlines() if line.startswith(("error: ", "stopped"))]
    is_readable = call.errors == "file" and call.encoding.startswith(("utf-8", "ascii", "latin", "cp1252"))
    is_whole = call.largest_file is None or len(ended.err) < call.largest_file
    if (
        ended.code not in (0, 141)
        and is_readable
        and is_whole
        and len(said) != 1
        and not _only_messages_lost(call, ended)
    ):
        found.append(f"{len(said)} lines say why")
    if ended.code == 0:
        found += _losses(played)
    leftovers = [
        path.name for path in (played.trace or played.out or Path("/nowhere")).parent.glob("*.part*")
    ]
    return found + [f"leaves {name}" for name in leftovers]


def _only_messages_lost(call: Call, ended: Ended) -> bool:
    return call.largest_file is not None and ended.code == 1 and bool(ended.out)


def _losses(played: Played) -> list[str]:
    """Where it ended well: what is not there."""
    call, found = played.call, []
    if call.output != "file":
        return ["ends well without standard output"]
    text = played.ended.out.decode(call.encoding)
    if "--json" in call.words and "--help" not in call.words:
        try:
            json.loads(text)
        except ValueError:
            found.append("standard output is not JSON")
    elif not text.strip() and call.words[:1] != ("run",):
        found.append("standard output is empty")
    if "--help" in call.words:
        return found
    if played.trace is not None and played.trace.is_file():
        Trace.load(played.trace)
    elif played.trace is not None and not played.trace.is_char_device():
        found.append("the trace is missing")
    if played.out is not None:
        wanted = (
            ("records.jsonl", "bench.json", "bench.md")
            if call.words[0] == "bench"
            else ("*.safetensors", "*.json")
        )
        found += [f"{name} is missing" for name in wanted if not any(played.out.glob(name))]
    return found


def explore(count: int, seed: int, only: int | None = None) -> list[str]:
    """Play `count` command lines; the faults found, a line each. Tells how the calls ended on standard error."""
    found, ends = [], Counter[int]()
    with tempfile.TemporaryDirectory() as folder:
        maker = Maker(Path(folder))
        for number in range(count) if only is None else [only]:
            played = maker.play(seed, number)
            ends[played.ended.code] += 1
            wrong = faults(played)
            if wrong or only is not None:
                line = (
                    shlex.join(word[:60] for word in played.call.words)
                    .encode("utf-8", "backslashreplace")
                    .decode()
                )
                found.append(f"{number}: {', '.join(wrong)}: {line}")
                print(found[-1], played.call, played.ended, sep="\n", file=sys.stderr, flush=True)
    print(f"{sum(ends.values())} calls, by exit code: {dict(sorted(ends.items()))}", file=sys.stderr)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, default=None)
    chosen = parser.parse_args()
    sys.exit(1 if explore(chosen.count, chosen.seed, chosen.only) else 0)
