"""A model's chat template, rendered by the library in a process of its own that can be stopped (template_worker.py)."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Lock, Timer
from typing import Any

WORKER = "accel.models.template_worker"
START_SECONDS = 60.0  # for the library to be imported, on a busy machine
SECONDS = 5.0  # for one rendering, which takes a millisecond
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"}


class TemplateFailed(ValueError):
    """Why a template rendered nothing: its own error, or that it was stopped."""


def render_chat(tokenizer: Any, messages: Sequence[dict[str, Any]]) -> str:
    """What `tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)` gives, within bounds.

    Raises TemplateFailed.
    """
    try:
        template = tokenizer.get_chat_template()
    except Exception as error:  # several templates, and none of them the default
        raise TemplateFailed(" ".join(str(error).split())[:200]) from error
    asked = {"template": template, "messages": list(messages), "tokens": dict(tokenizer.special_tokens_map)}
    return _worker.ask(json.dumps(asked, default=str))


def start_worker() -> None:
    """Start the process now, so that it is ready when the first prompt comes; does not wait for it."""
    _worker.start()


class _Worker:
    """The process, made when it is needed, anew after it was stopped, and never shared with a forked process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._ready = False
        self._owner = 0

    def start(self) -> None:
        with self._lock:
            self._running()

    def ask(self, line: str) -> str:
        with self._lock:
            process = self._running()
            if not self._ready:
                self._read(process, START_SECONDS, "the process that renders it did not start")
                self._ready = True
            try:
                assert process.stdin is not None
                process.stdin.write(line + "\n")
                process.stdin.flush()
            except OSError as error:
                self.stop()
                raise TemplateFailed("the process that renders it ended") from error
            answer = self._read(process, SECONDS, f"it takes more than {SECONDS:g} s and was stopped")
        if "text" not in answer:
            raise TemplateFailed(answer.get("error", "it gives nothing"))
        return answer["text"]

    def stop(self) -> None:
        process, self._process, self._ready = self._process, None, False
        if process is not None and self._owner == os.getpid():
            process.kill()
            process.communicate()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self.stop()
            path = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
            environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, path))}
            self._process = subprocess.Popen(
                [sys.executable, "-m", WORKER],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8",
                env=environment, start_new_session=True,
            )  # fmt: skip  # of its own session: an interrupt from the keyboard is not for it
            self._owner = os.getpid()
        return self._process

    def _read(self, process: subprocess.Popen[str], seconds: float, late: str) -> dict[str, str]:
        """The next line, or the end of the process and TemplateFailed where it takes longer."""
        assert process.stdout is not None
        timer = Timer(seconds, process.kill)
        timer.daemon = True
        timer.start()
        try:
            answer: dict[str, str] = json.loads(process.stdout.readline())
        except ValueError as error:
            self.stop()
            raise TemplateFailed(late) from error
        finally:
            timer.cancel()
        return answer


_worker = _Worker()
atexit.register(_worker.stop)
