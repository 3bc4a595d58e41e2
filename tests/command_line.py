"""The command line in a forked process: its streams, their encodings and its signals as a shell would give them.

A fork has torch and a tiny model loaded already, so a call takes milliseconds where a new process takes seconds.
"""

from __future__ import annotations

import io
import os
import resource
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import accel.api  # here, so that a fork has it
import accel.bench
import accel.commands
import accel.compare
import accel.sweep  # noqa: F401
from accel.__main__ import main
from tests.process_status import status

MOST_WORK = (
    60  # seconds of processor time, after which a call hangs: so a busy machine makes none of them hang
)
LONGEST = 300.0  # seconds of waiting, after which it hangs too
SILENT = 99  # the exit code of a fault in this file


@dataclass(frozen=True)
class Call:
    """One command line. A stream is a file, or one of closed, full, broken (nobody reads) and read-only."""

    words: tuple[str, ...]
    given: bytes | None = b""  # on standard input; None: closed
    output: str = "file"
    errors: str = "file"
    encoding: str = "utf-8"
    signals: tuple[tuple[int, float], ...] = ()  # each with its second
    largest_file: int | None = None  # bytes, beyond which writing fails, as on a full disk
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """How it ended: the exit code (negative: killed by that signal), and what came out."""

    code: int
    out: bytes
    err: str
    megabytes: float  # at most, beyond what the process held that it was forked from
    is_hung: bool


def play(call: Call) -> Ended:
    """Run the command line to its end, or until it hangs."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as given:
        given.write(call.given or b"")
        given.seek(0)
        with _stream(call.output, out) as first, _stream(call.errors, err) as second:
            sys.stdout.flush()
            sys.stderr.flush()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of a fork where there are threads
                before = status("VmRSS") / 1024
                child = os.fork()
            if not child:
                _run(call, None if call.given is None else given.fileno(), first, second)
        code, megabytes, is_hung = _wait(child, call)
        out.seek(0)
        err.seek(0)
        messages = err.read().decode(call.encoding, "replace").removeprefix("\ufeff")
        return Ended(code, out.read(), messages, megabytes - before, is_hung)


@contextmanager
def _stream(kind: str, file: io.BufferedRandom) -> Iterator[int | None]:
    if kind == "file":
        yield file.fileno()
    elif kind == "closed":
        yield None
    elif kind == "broken":
        reading, writing = os.pipe()
        os.close(reading)
        yield writing
        os.close(writing)
    else:
        path, flags = ("/dev/full", os.O_WRONLY) if kind == "full" else (os.devnull, os.O_RDONLY)
        opened = os.open(path, flags)
        yield opened
        os.close(opened)


def _run(call: Call, given: int | None, out: int | None, err: int | None) -> None:
    """In the child: put the streams in place, run, and end as the interpreter ends."""
    code = SILENT
    try:
        kept = [None if number is None else os.dup(number) for number in (given, out, err)]
        for number, held in enumerate(kept):
            os.close(number)
            if held is not None:
                os.dup2(held, number)
                os.close(held)
        sys.stdin = _text(0, "r", "utf-8", "strict", given)
        sys.stdout = _text(1, "w", call.encoding, "strict", out)
        sys.stderr = _text(2, "w", call.encoding, "backslashreplace", err)
        if call.largest_file is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (call.largest_file, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_WORK, MOST_WORK))
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ |= call.environment
        sys.argv = ["accel", *call.words]
        code = _code()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except BaseException:
        with os.fdopen(os.dup(2), "w") as last:
            traceback.print_exc(file=last)
        code = code or 120  # as the interpreter ends where it cannot flush
    finally:
        os._exit(code)


def _code() -> int:
    try:
        return main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
        return 1


def _text(number: int, mode: str, encoding: str, errors: str, source: int | None) -> Any:
    """A standard stream as the interpreter makes it: None where there is no file, errors line by line."""
    if source is None:
        return None
    return os.fdopen(number, mode, 1 if number == 2 else -1, encoding, errors, closefd=False)


def _wait(child: int, call: Call) -> tuple[int, float, bool]:
    start, waiting, is_hung = monotonic(), sorted(call.signals, key=lambda one: one[1]), False
    while True:
        ended, status, used = os.wait4(child, os.WNOHANG)
        if ended:
            is_hung |= used.ru_utime + used.ru_stime >= MOST_WORK
            return os.waitstatus_to_exitcode(status), used.ru_maxrss / 1024, is_hung
        passed = monotonic() - start
        while waiting and waiting[0][1] <= passed:
            os.kill(child, waiting.pop(0)[0])
        if passed > LONGEST:
            is_hung = True
            os.kill(child, signal.SIGKILL)
        sleep(0.005)


def model_folder(folder: Path, context: int = 256) -> str:
    """A tiny model with a tokenizer, loaded here, so that a forked call has it; the folder's name."""
    import transformers

    from accel.models.load import load
    from tests.families import _GROUPED, build
    from tests.tiny import tiny_tokenizer

    config = transformers.LlamaConfig(**{**_GROUPED, "max_position_embeddings": context})
    model, tokenizer = build(config), tiny_tokenizer()
    model.lm_head.weight.data[tokenizer.eos_token_id] = 0.0  # its greedy text goes on until it is stopped
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    load(str(folder), device="cpu", dtype="float32")
    return str(folder)
