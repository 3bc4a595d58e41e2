"""One browser tab's own things. Needs no engine: a visitor may only ever look at recorded runs."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from accel.trace import Trace

if TYPE_CHECKING:
    from accel.models.model import Model
    from accel.session import Session


@dataclass
class Visitor:
    """What its drafters remember, the run it may stop, and the newest trace of its own. Never shared."""

    stop: Event = field(default_factory=Event)
    reading: Event = field(default_factory=Event)  # of a file, or for an export
    sessions: dict[int, Session] = field(default_factory=dict)
    folder: tempfile.TemporaryDirectory[str] | None = None
    trace: Trace | None = None  # decoded or opened from a file

    def session(self, model: Model) -> Session:
        """This visitor's memory on this model; one model's at a time is kept."""
        from accel.session import Session

        known = self.sessions.get(id(model))
        if known is None or known.model is not model:
            known = Session(model)
            self.sessions = {id(model): known}
        return known

    def room(self) -> Path:
        """This visitor's own folder, gone with the visitor."""
        if self.folder is None:
            self.folder = tempfile.TemporaryDirectory(prefix="draftscope-")
        return Path(self.folder.name)
