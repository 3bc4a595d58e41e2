"""What programs can ask of the page: its recorded runs, their what-ifs, the schema, and runs of their own.

Each is an endpoint of gradio's API and, where the package `mcp` is installed, a tool over MCP. What they send is
checked as the form's is; what they get is the trace as one JSON object, as `schema` describes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import gradio as gr

from accel.codec import encode
from accel.schema import trace_schema
from visuals.page.engine import missing_engine
from visuals.page.events import in_words
from visuals.page.recorded import Recorded, named

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def wire_api(runs: Mapping[str, Recorded]) -> None:
    """Offer the endpoints inside the current Blocks. Decoding is offered where the engine is."""

    def traces() -> list[dict[str, Any]]:
        """The recorded runs that ship with the app: their names, what to see in each, and their figures."""
        return [run.card() for run in runs.values()]

    def trace(name: str) -> dict[str, Any]:
        """One recorded run, whole: header, steps and footer, as the schema describes them.

        Args:
            name: a run's slug, as `traces` lists it.
        """
        found: dict[str, Any] = encode(named(runs, name).trace())
        return found

    def schema() -> dict[str, Any]:
        """The JSON schema of a trace."""
        return trace_schema()

    for answer in (traces, trace, schema):
        offer(answer, queue=False)
    if missing_engine() is None:
        from visuals.page.api_engine import decode, whatif_of

        offer(whatif_of(runs), concurrency_limit=1)
        offer(decode, concurrency_limit=None)  # runs stand in the page's own line


def offer(answer: Callable[..., Any], **how: Any) -> None:
    """An endpoint by the function's name; its errors are said in words, without a trace of the inside."""
    gr.api(spoken(answer), api_name=answer.__name__, **how)


def spoken(answer: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """The same function, raising nothing but what a caller can read."""

    @wraps(answer)
    def call(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        try:
            return answer(*args, **kwargs)
        except Exception as error:
            raise gr.Error(in_words(error), print_exception=False) from None

    return call
