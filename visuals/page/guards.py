"""The layers around the server, outermost first. They stand outside gradio's own, which fail on some headers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from visuals.page.bodies import Bodies
from visuals.page.doors import Doors
from visuals.page.failures import Failures
from visuals.page.hosts import Hosts
from visuals.page.upload_folder import UploadFolder


def guarded(
    events: Mapping[int, Any], folder: UploadFolder | None
) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """A lifespan for gradio's server that puts the layers around it before its first request.

    Layers given as `middleware` would stand inside those that gradio adds.
    """

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        app.middleware_stack = Failures(Hosts(Doors(Bodies(app.middleware_stack, events, folder))))
        yield

    return lifespan
