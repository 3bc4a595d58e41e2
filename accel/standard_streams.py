"""Standard input, output and error as the commands use them: closed, full, or of an encoding that lacks signs."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from accel.errors import InputError

BROKEN_PIPE = 141  # the exit code that a shell shows for SIGPIPE
LOSSY = ("replace", "ignore", "backslashreplace", "namereplace", "xmlcharrefreplace")  # chosen by the user


class OutputFailed(Exception):
    """Standard output cannot be written; the message says why."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"standard output: cannot be written: {error.strerror or error}")
        self.is_broken_pipe = error.errno == errno.EPIPE


class _Stream:
    """A text stream whose failures are handled; everything else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            self._fail(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        raise NotImplementedError


class Output(_Stream):
    """Standard output: what cannot be written raises OutputFailed."""

    buffer = None  # typer would write to it past this object where the encoding is ASCII

    def _fail(self, error: OSError) -> None:
        # What is still in the buffer goes nowhere; else the interpreter fails once more at its end.
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        raise OutputFailed(error)


class Messages(_Stream):
    """Standard error: no work ends because a message could not be written; `lost` says that one was not."""

    lost = False

    def _fail(self, error: OSError) -> None:
        self.lost = True


@contextmanager
def standard_streams() -> Iterator[Messages]:
    """Make the streams safe to use, then put back those that were there."""
    before = sys.stdout, sys.stderr
    messages = Messages(_error())
    sys.stderr = cast(TextIO, messages)
    if sys.stdout is not None:
        stream = _whole_writes(sys.stdout)
        _allow_all_signs(stream)
        sys.stdout = cast(TextIO, Output(stream))
    try:
        yield messages
        messages.flush()
    finally:
        sys.stdout, sys.stderr = before


def try_output() -> None:
    """Raise OutputFailed where standard output cannot be written: before any work, whose result would be lost."""
    if sys.stdout is None:
        raise OutputFailed(OSError(errno.EBADF, "it is closed; send it to a file, or to /dev/null"))
    try:
        os.write(sys.stdout.fileno(), b"")
    except io.UnsupportedOperation:  # a stream in memory
        pass
    except OSError as error:
        raise OutputFailed(error) from error


def _error() -> TextIO:
    """Standard error, or nowhere where it is closed: else messages would go to standard output."""
    if sys.stderr is not None:
        return sys.stderr
    _fill_closed_descriptors()
    return open(os.devnull, "w", encoding="utf-8")  # as long as the process


def _fill_closed_descriptors() -> None:
    """So that no file opened later becomes a standard stream of the libraries written in C."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)


def _whole_writes(stream: TextIO) -> TextIO:
    """The stream, buffered where PYTHONUNBUFFERED left that out: then what a full disk cuts off is lost unsaid."""
    if not isinstance(stream, io.TextIOWrapper) or not isinstance(stream.buffer, io.RawIOBase):
        return stream
    raw = io.FileIO(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), stream.encoding, stream.errors, line_buffering=True)


def _allow_all_signs(stream: TextIO) -> None:
    """A sign that the stream's encoding lacks is written as an escape (backslash, u, digits), not an error."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors not in LOSSY:
        stream.reconfigure(errors="backslashreplace")


def can_encode(text: str) -> bool:
    """Whether standard output's encoding has every sign of a text."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def read_input() -> str:
    """All of standard input, without a byte order mark. Raises InputError where it cannot be read."""
    if sys.stdin is None:
        raise InputError(
            "prompt", "standard input is closed; give the text as an argument, or through a pipe"
        )
    try:
        return sys.stdin.read().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise InputError(
            "prompt", f"standard input is not {error.encoding} text (byte {error.start})"
        ) from error
    except OSError as error:
        raise InputError("prompt", f"standard input cannot be read: {error.strerror or error}") from error
