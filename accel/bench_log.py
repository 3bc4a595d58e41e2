"""A benchmark's records in a file of JSON lines, so that one that was broken off goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from accel.bench_table import Record
from accel.errors import InputError
from accel.output_files import write_text


class Log:
    """The records so far. The file's first line says what is measured, and must not change.

    Raises InputError naming `--out` where the file is damaged, of another benchmark, or cannot be written.
    """

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        self._path = path
        self._about = json.loads(json.dumps(about))
        self.records: list[Record] = []
        lines = _lines(path)
        if not lines:
            self._write()
            return
        try:
            found = json.loads(lines[0])
            self.records = [_record(json.loads(line)) for line in lines[1:]]
        except (ValueError, TypeError, RecursionError) as error:
            raise InputError("--out", f"{path} is damaged; remove it to begin anew") from error
        if found != self._about:
            raise InputError("--out", f"{path} holds another benchmark; name another folder, or remove it")

    def add(self, records: Sequence[Record]) -> None:
        """Add the records of a part that was measured whole."""
        self.records += records
        self._write()

    def keep(self, wanted: Callable[[Record], bool]) -> int:
        """Drop all other records; returns how many were dropped."""
        kept = [record for record in self.records if wanted(record)]
        dropped = len(self.records) - len(kept)
        self.records = kept
        if dropped:
            self._write()
        return dropped

    def _write(self) -> None:
        """Anew each time, since a file that is added to can be cut in the middle."""
        lines = [self._about, *(asdict(record) for record in self.records)]
        write_text("--out", self._path, "".join(json.dumps(line) + "\n" for line in lines))


def _lines(path: Path) -> list[str]:
    """The lines of the file, without a last one that was cut off; none where there is no file."""
    try:
        # Not splitlines, which also splits at signs that JSON allows inside a string, such as U+2028.
        *lines, last = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError("--out", f"{path} cannot be read: {error.strerror or error}") from error
    try:
        json.loads(last)
    except (ValueError, RecursionError):
        return lines  # nothing comes after the last line's end, or the line is half of one
    return [*lines, last]


def _record(found: dict[str, Any]) -> Record:
    """Raises TypeError or ValueError for what is no record."""
    record = Record(**found)
    texts, counts = (record.suite, record.item, record.arm), (record.round, record.num_tokens)
    if not all(isinstance(text, str) for text in texts) or not all(type(count) is int for count in counts):
        raise TypeError("a record's names are text and its counts whole numbers")
    if not isinstance(record.seconds, float) or not record.seconds > 0 or record.num_tokens < 1:
        raise ValueError("a record has at least one token and took some time")
    return record
