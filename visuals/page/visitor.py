"""One browser tab's own things. Needs no engine: a visitor may only ever look at recorded runs."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from accel.trace import Trace
from visuals.page.kept_traces import KEPT, KeptTrace
from visuals.page.room import visitor_room

if TYPE_CHECKING:
    from accel.models.model import Model
    from accel.session import Session


@dataclass
class Visitor:
    """What its drafters remember, the run it may stop, and the newest trace of its own. Never shared."""

    stop: Event = field(default_factory=Event)
    reading: Event = field(default_factory=Event)  # of a file, or for an export
    remembered: Session | None = None  # of the model that ran last; it does not keep that model loaded
    folder: tempfile.TemporaryDirectory[str] | None = None
    kept: KeptTrace | None = None

    @property
    def trace(self) -> Trace | None:
        """Decoded or opened from a file; read anew each time. Raises InputError where it is no longer kept."""
        return None if self.kept is None else self.kept.trace()

    @trace.setter
    def trace(self, trace: Trace) -> None:
        self.kept = KEPT.keep(trace)

    def session(self, model: Model) -> Session:
        """This visitor's memory on this model; one model's at a time is kept."""
        from accel.session import Session

        if self.remembered is None or self.remembered.model is not model:
            self.remembered = Session(model)
        return self.remembered

    def room(self) -> Path:
        """This visitor's own folder, gone with the visitor; made anew where the system removed it meanwhile."""
        if self.folder is not None and not Path(self.folder.name).is_dir():
            self.folder.cleanup()
            self.folder = None
        if self.folder is None:
            self.folder = visitor_room()
        return Path(self.folder.name)
