"""Messages that wait for browser tabs and programs to read them: gradio's store of them, bounded and never in the way.

gradio's own store forgets the tab that came first, also while events of it wait or run, and an event that has no store
to write to ends gradio's queue for every visitor. This one never forgets a tab that has an event, and a message to a
tab that is not there goes nowhere. gradio's stream asks for its tab before every message and every ten seconds, so a
tab that nobody asked for and that got no message in half a minute has no listener: it left, or it is a program that
will fetch its answer later. The newest few of those are kept.
"""

from __future__ import annotations

from asyncio import Queue
from collections import OrderedDict
from collections.abc import Callable, Collection
from time import monotonic
from typing import Any

TABS = 512  # far more than can be served at once (256 in gradio's queue, 40 beyond it)
GONE = 30.0  # seconds without a listener
KEPT = 16  # tabs without a listener that are kept longer: as many as may wait in the line
FORGOTTEN = 600.0  # seconds that even those are kept


class Unread(OrderedDict[str, Any]):
    """Messages by the name of a tab, the tab touched last at the end. `busy` names the tabs that have an event."""

    def __init__(
        self,
        tabs: int = TABS,
        clock: Callable[[], float] = monotonic,
        busy: Callable[[], Collection[str]] = tuple,
        on_forget: Callable[[str], object] = lambda _: None,
    ) -> None:
        super().__init__()
        self._tabs = tabs
        self._clock = clock
        self._busy = busy
        self._on_forget = on_forget
        self._touched: dict[str, float] = {}

    def __contains__(self, tab: object) -> bool:
        found = super().__contains__(tab)
        if found:
            self._touch(str(tab))
        return found

    def __getitem__(self, tab: str) -> Any:
        """The tab's messages; for a tab that is not there, a queue that nobody reads."""
        if not super().__contains__(tab):
            return Queue()
        self._touch(tab)
        return super().__getitem__(tab)

    def __setitem__(self, tab: str, messages: Any) -> None:
        if not super().__contains__(tab):
            self._make_room()
        super().__setitem__(tab, messages)
        self._touch(tab)

    def __delitem__(self, tab: str) -> None:
        """Forget the tab; gradio also deletes a tab that is gone already."""
        if super().__contains__(tab):
            super().__delitem__(tab)
            del self._touched[tab]

    def _touch(self, tab: str) -> None:
        self.move_to_end(tab)
        self._touched[tab] = self._clock()

    def _make_room(self) -> None:
        busy, now = set(self._busy()), self._clock()
        idle = [tab for tab in self if tab not in busy]  # the one touched longest ago first
        silent = sum(now - self._touched[tab] >= GONE for tab in idle)
        for at, tab in enumerate(idle):
            if at >= silent - KEPT and now - self._touched[tab] < FORGOTTEN and len(self) < self._tabs:
                return
            del self[tab]
            self._on_forget(tab)
