"""Signals that ask a command to stop: work that can end by itself is let end, so that nothing done is lost."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from accel.trace import FinishReason

Hook = Callable[["sys.UnraisableHookArgs"], object]
SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)


class Stopped(Exception):
    """A command ended early because a signal asked; the message says what is kept and what is lost."""


class Interrupts:
    """The signals that came while a command runs.

    Outside `deferred` a signal raises KeyboardInterrupt at once. Inside, the first one is only noted, for the work
    to ask `reason` between two pieces; a second one raises.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._is_deferring = False

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle the signals, except those that the parent ignores (nohup does); put back what was there."""
        self.received = None
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in SIGNALS}
        hook, sys.unraisablehook = sys.unraisablehook, self._unraisable(sys.unraisablehook)
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, self._note)
        try:
            yield
        finally:
            sys.unraisablehook = hook
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Within, the first signal raises nothing."""
        self._is_deferring = True
        try:
            yield
        finally:
            self._is_deferring = False

    def reason(self) -> FinishReason | None:
        """Why to stop now; None to go on. What `accel.stream` takes as `stopping`."""
        return None if self.received is None else "cancelled"

    @staticmethod
    def _unraisable(hook: Hook) -> Hook:
        """The hook without a word about an interrupt that code in C swallows: it is noted all the same."""

        def quiet(unraisable: sys.UnraisableHookArgs) -> None:
            if unraisable.exc_type is not KeyboardInterrupt:
                hook(unraisable)

        return quiet

    def _note(self, number: int, frame: FrameType | None) -> None:
        is_first = self.received is None
        self.received = number
        if not (self._is_deferring and is_first):
            raise KeyboardInterrupt


INTERRUPTS = Interrupts()  # a process has one set of signal handlers
