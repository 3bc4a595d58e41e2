"""Random command lines: options with good and bad values, odd bytes, streams, encodings, full disks, signals."""

from __future__ import annotations

import os
import random
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from accel.models.load import load
from tests.command_line import Call, model_folder

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STREAMS = ("closed", "full", "broken", "read-only")
ENCODINGS = ("ascii", "cp1252", "latin-1", "utf-16", "cp037", "shift_jis", "utf-8-sig")
PROMPTS = (
    "hello", "the end the end", "", " ", "-", "-5 + 3 = ?", "--", "\ufeffhello", "a\u2028b\x85c", "😀 é", "a" * 4000,
    os.fsdecode(b"caf\xe9 \xff"), "line\nline", "[1, 2]", "\x1b[31mred", "w8" * 90,
)  # fmt: skip
NUMBERS = ("0", "1", "3", "8", "-1", "1.5", "nan", "inf", "many", "", "9" * 26, "1e3", "²")
WORDS = ("", "no-such", "é, ,", "a;b", "draft_model", "=", "suffix.alpha=2", "offset=nan", "longest_match=2")
GIVEN = (b"hello", b"", b"\xff\xfeh\x00i\x00", b"caf\xe9", b"\xef\xbb\xbfhello", b"a\x00b", None)
GOOD_PAIRS = (
    b'{"prompt": [1, 2], "answer": [3, 1, 2, 3]}\n', b'{"prompt": "the", "answer": "the end"}\n',
    b'{"prompt": "a\xe2\x80\xa8b", "answer": "a b a b"}\r\n', b"\n",
)  # fmt: skip
BAD_PAIRS = (
    b'{"prompt": [1], "ans', b"[1]\n", b"\xff\n", b"{}\n", b'{"prompt": "\\ud800", "answer": "x"}\n', b"\xef\xbb\xbf",
    b'{"prompt": [1e3], "answer": []}\n', b'{"prompt": [-7], "answer": [9]}\n', b"[" * 5000, b"\x00\x00",
    b'{"prompt": [' + b"9" * 5000 + b'], "answer": [1]}\n',
)  # fmt: skip
OTHER = (
    "models", "models --json", "doctor", "doctor --json", "--help", "run --help", "heads train --help", "fly", "heads",
    "", "models x", "doctor --no-such",
)  # fmt: skip

# By command: options that are always given, and those that may be, with their good values.
LENGTH = {"--max-new-tokens": ("1", "6", "24")}
ROUNDS = {"--rounds": ("1", "2", "4")}
KNOB = {"--set": ("alpha=2", "branching=true")}
ALWAYS: dict[str, dict[str, tuple[str, ...]]] = {
    "run": {}, "compare": {}, "replay": {},
    "sweep": {"--method": ("suffix",), "--knob": ("alpha",), "--values": ("1,2", "0.5;1")},
    "bench": {"--prompts": ("1", "2"), "--suite": ("chat", "chat,summarisation", "sql")},  # all take minutes
    "heads": {"--tokens": ("64",), "--steps": ("3",), "--short": ("20",)},
}  # fmt: skip
MAYBE: dict[str, dict[str, tuple[str, ...]]] = {
    "run": {
        **KNOB, "--max-new-tokens": ("1", "6", "200"),
        "--method": ("suffix", "autoregressive", "prompt_lookup", "aded", "adadecode", "clasp"),
        "--temperature": ("0", "0.8"), "--top-k": ("0", "5"), "--top-p": ("1", "0.5"), "--seed": ("0", "7"),
        "--stop": ("w8", "é", "\u2028"), "--observe": ("none", "decisions", "full"),
    },
    "compare": {**LENGTH, **ROUNDS, "--methods": ("suffix", "suffix, aded", ""), "--set": ("suffix.alpha=2",)},
    "sweep": {**LENGTH, **ROUNDS, **KNOB, "--second": ("offset",), "--second-values": ("0,1",)},
    "bench": {
        **LENGTH, **ROUNDS, "--baselines": ("none", "generate"),
        "--methods": ("suffix", "suffix:offset=2,aded"),
    },
    "replay": KNOB,
    "heads": {"--kind": ("ridge", "kl"), "--layers": ("1", "1,2")},
}  # fmt: skip
FLAGS = {"run": ("--check", "--no-chat"), "compare": ("--no-library",), "bench": ("--warm",)}
KINDS = {
    "run": 9,
    "compare": 3,
    "sweep": 3,
    "bench": 2,
    "replay": 3,
    "heads": 1,
    "other": 2,
}  # and their weights


@dataclass(frozen=True)
class Asked:
    """A command line, the folder for its files, and where in it a trace or a folder should be left."""

    call: Call
    folder: Path
    trace: Path | None = None
    out: Path | None = None


class Maker:
    """Makes command lines for tiny models; the same seed and number give the same one."""

    def __init__(self, folder: Path) -> None:
        odd = folder / "caf\udce9 ok"
        odd.symlink_to(folder / "plain")
        self._models = [model_folder(folder / "plain"), str(odd)]
        load(str(odd), device="cpu", dtype="float32")
        self._folder, self._work = folder, folder / "work"
        (folder / "file").write_text("kept")
        (folder / "empty").mkdir()

    def make(self, seed: int, number: int) -> Asked:
        """The command line of that number, and an empty folder for its files."""
        chance = random.Random(f"{seed}-{number}")
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir()
        kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
        paths = self._paths(chance, kind)
        words = chance.choice(OTHER).split() if kind == "other" else self._words(chance, kind)
        for option, path in paths.items():
            words += [option, str(path)]
        call = Call(
            tuple(words),
            given=chance.choice(GIVEN),
            output=chance.choice(STREAMS) if chance.random() < 0.12 else "file",
            errors=chance.choice(STREAMS) if chance.random() < 0.12 else "file",
            encoding=chance.choice(ENCODINGS) if chance.random() < 0.4 else "utf-8",
            signals=_signals(chance),
            largest_file=chance.choice((0, 100, 1000, 20_000)) if chance.random() < 0.1 else None,
            environment={"DRAFTSCOPE_CACHE": str(self._work / "cache"), "HF_HUB_OFFLINE": "1"},
        )
        return Asked(call, self._work, paths.get("--trace"), paths.get("--out"))

    def _words(self, chance: random.Random, kind: str) -> list[str]:
        is_good = chance.random() < 0.6
        words = {"heads": ["heads", "train"]}.get(kind, [kind])
        if kind == "replay":
            words.append(self._pairs(chance))
        elif kind in ("run", "compare", "sweep"):
            words.append(chance.choice(PROMPTS))
        bad_models = (
            str(self._folder / "empty"),
            str(self._folder / "file"),
            "no-such",
            "a/b",
            "",
            "\udcff",
            "/",
        )
        words += ["--model", chance.choice(bad_models if chance.random() < 0.07 else self._models)]
        options = {
            **ALWAYS[kind],
            **{name: fine for name, fine in MAYBE[kind].items() if chance.random() < 0.4},
        }
        if kind != "replay":
            options["--dtype"] = ("float32",)
        if kind in ("run", "compare", "sweep") and chance.random() < 0.2:
            options["--draft"] = tuple(self._models)
        for name, fine in options.items():
            words += [name, _value(chance, fine, is_good)]
        flags = [flag for flag in (*FLAGS.get(kind, ()), "--json") if chance.random() < 0.5]
        return [*words, *flags, *(["--no-such"] if chance.random() < 0.03 else [])]

    def _pairs(self, chance: random.Random) -> str:
        path = self._work / "pairs.jsonl"
        lines = [
            chance.choice(GOOD_PAIRS if chance.random() < 0.8 else BAD_PAIRS)
            for _ in range(chance.randint(0, 4))
        ]
        path.write_bytes(b"".join(lines))
        others = (str(self._work), str(self._work / "none"), "", "/dev/null")
        return str(path) if chance.random() < 0.9 else chance.choice(others)

    def _paths(self, chance: random.Random, kind: str) -> dict[str, Path]:
        """The option that names an output, with a path that is good more often than not."""
        option = {"run": "--trace", "bench": "--out", "heads": "--out"}.get(kind)
        if option is None or (kind == "run" and chance.random() < 0.5):
            return {}
        work, name = self._work, "t.jsonl" if kind == "run" else "out"
        bad = [
            work / "none" / name, self._folder / "file" / name, Path("/proc/none"), Path("/dev/null"),
            work / ("n" * 300), work / "caf\udce9", *([work, Path("/dev/full")] if kind == "run" else []),
        ]  # fmt: skip
        return {option: work / name if chance.random() < 0.6 else chance.choice(bad)}


def _value(chance: random.Random, fine: tuple[str, ...], is_good: bool) -> str:
    if is_good or chance.random() < 0.6:
        return chance.choice(fine)
    return chance.choice(NUMBERS if fine[0].isdecimal() else WORDS)


def _signals(chance: random.Random) -> tuple[tuple[int, float], ...]:
    if chance.random() < 0.85:
        return ()
    return tuple((chance.choice(SIGNALS), chance.uniform(0.05, 2.0)) for _ in range(chance.choice((1, 1, 2))))
