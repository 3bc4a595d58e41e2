"""Messages that wait for browser tabs to read them: what gradio keeps of each tab, kept for as long as it listens.

gradio's own store forgets the tab that came first, also in the middle of what it is being told; so it has to be large,
and then a tab that pressed Run a dozen times and left holds 5 MB for good. This one goes by attention: gradio's stream
asks for its tab before every message and every ten seconds, so a tab that nobody asked for in half a minute has left.
One run decodes at a time, so what tabs that left can be told in that time is little.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Any

TABS = 512  # far more than can be served at once (64 in gradio's queue, 32 beyond it)
GONE = 30.0  # seconds


class Unread(OrderedDict[str, Any]):
    """By the name of a tab, the one asked for last at the end. A tab whose messages went has its runs ended."""

    def __init__(self, tabs: int = TABS, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._tabs = tabs
        self._clock = clock
        self._asked: dict[str, float] = {}

    def __contains__(self, tab: object) -> bool:
        found = super().__contains__(tab)
        if found:
            self._touch(str(tab))
        return found

    def __setitem__(self, tab: str, messages: Any) -> None:
        if not super().__contains__(tab):
            self._make_room()
        super().__setitem__(tab, messages)
        self._touch(tab)

    def __delitem__(self, tab: str) -> None:
        super().__delitem__(tab)
        del self._asked[tab]

    def _touch(self, tab: str) -> None:
        self.move_to_end(tab)
        self._asked[tab] = self._clock()

    def _make_room(self) -> None:
        for tab in list(self):  # the one asked for longest ago first
            if len(self) < self._tabs and self._clock() - self._asked[tab] < GONE:
                return
            del self[tab]
