"""A trace in a notebook: `visuals.show(trace)` plays in the cell below, with no server and no network."""

from __future__ import annotations

import html
from dataclasses import dataclass

from accel.trace import Trace

MIN_HEIGHT, MAX_HEIGHT = 300, 4000  # CSS pixels


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """What a cell ends with so that the notebook draws it."""

    trace: Trace
    height: int

    def __repr__(self) -> str:
        header = self.trace.header
        return f"<{header.method.name} on {header.model.name}: {len(self.trace.tokens)} tokens>"

    def _repr_html_(self) -> str:
        """The exported page in a frame of its own, which cannot reach the notebook around it."""
        from visuals.export import explorer_html

        page = html.escape(explorer_html(self.trace), quote=True)
        return (
            f'<iframe srcdoc="{page}" sandbox="allow-scripts allow-downloads" title="DraftScope"'
            f' style="width:100%;height:{self.height}px;border:0"></iframe>'
        )


def show(trace: Trace, height: int = 960) -> Shown:
    """The run as a playable picture, for the last line of a notebook cell. `height` is in pixels."""
    if not MIN_HEIGHT <= height <= MAX_HEIGHT:
        raise ValueError(f"height: {height} is not a number of pixels from {MIN_HEIGHT} to {MAX_HEIGHT}")
    return Shown(trace, height)
