"""The command line: `python -m accel run | compare | sweep | bench | replay | models | doctor | heads`.

The commands are in `accel.commands`; here every way to end becomes an exit code, and an error one line.
"""

from __future__ import annotations

import os
import re
import signal
import sys

from accel.errors import INSTALL, InputError, ModelFailed, is_out_of_memory
from accel.interrupts import INTERRUPTS, Stopped
from accel.models.errors import ModelRefused
from accel.models.unavailable import ModelUnavailable
from accel.standard_streams import BROKEN_PIPE, OutputFailed, standard_streams, try_output

LONGEST_ERROR = 800  # characters; a prompt that is taken for an option is quoted whole

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def main() -> int:
    """Run the command line; every expected failure is one line on standard error."""
    with INTERRUPTS.handled():
        try:
            return _with_streams()
        except KeyboardInterrupt:  # a second signal, while the first was being answered
            return 128 + (INTERRUPTS.received or signal.SIGINT)


def _with_streams() -> int:
    with standard_streams() as messages:
        try:
            try_output()
            code = _run()
            sys.stdout.flush()
        except OutputFailed as error:
            code = BROKEN_PIPE if error.is_broken_pipe else _fail(str(error), 1)
    return 1 if code == 0 and messages.lost else code


def _run() -> int:
    try:
        from accel.commands import app

        code = int(app(standalone_mode=False) or 0)
        return _stop("") if INTERRUPTS.received else code  # typer returns from a KeyboardInterrupt
    except Stopped as stop:
        return _stop(f": {stop}")
    except KeyboardInterrupt:
        return _stop("")
    except ModelFailed as error:
        return _fail(str(error), 1)
    except Exception as error:
        if INTERRUPTS.received:  # a library may turn the interrupt into an error of its own
            return _stop("")
        message, code = _in_words(error)
        if message is None:
            raise
        return _fail(message, code)


def _in_words(error: Exception) -> tuple[str | None, int]:
    """An expected error as one sentence and an exit code; None for one that is a fault of this program."""
    if isinstance(error, InputError | ModelRefused | ModelUnavailable):
        return str(error), 2
    if isinstance(error, ImportError) and not (error.name or "accel").startswith("accel"):
        package = str(error.name).partition(".")[0]
        reason = "is not installed" if isinstance(error, ModuleNotFoundError) else f"is damaged ({error})"
        return f"{package} {reason}: {INSTALL}", 1
    if is_out_of_memory(error):
        return "not enough memory: choose a smaller model, a shorter prompt or --dtype bfloat16", 1
    if hasattr(error, "format_message"):  # typer's own, whose class has no public name
        return f"{error.format_message()}{_remedy(error)}", 2
    return None, 1


def _remedy(error: Exception) -> str:
    """What to do where no such option exists: a prompt that begins with a dash is taken for one."""
    command = getattr(getattr(error, "ctx", None), "command", None)
    takes_prompt = any(parameter.name == "prompt" for parameter in getattr(command, "params", ()))
    if type(error).__name__ == "UsageError" and not takes_prompt:
        return " See --help."
    is_word = re.fullmatch(r"--[a-z][a-z-]*", str(getattr(error, "option_name", "")))  # no prompt begins so
    if not hasattr(error, "possibilities") or not takes_prompt or is_word:
        return ""
    return "; before a prompt that begins with a dash write --, or give it on standard input, with - for the prompt"


def _stop(kept: str) -> int:
    print(f"stopped{kept}", file=sys.stderr)
    return 128 + (INTERRUPTS.received or signal.SIGINT)


def _fail(message: str, code: int) -> int:
    line = " ".join(message.split("\n"))
    print(f"error: {line if len(line) <= LONGEST_ERROR else line[:LONGEST_ERROR] + '...'}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
