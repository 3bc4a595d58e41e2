"""What programs get over MCP: text that a JSON reader takes, where gradio (6.31) would send Python's own writing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any


def is_offered() -> bool:
    """Whether the page offers its endpoints over MCP: where the package `mcp` is installed."""
    return find_spec("mcp") is not None


def as_json(outputs: Sequence[Any]) -> list[Any]:
    """What endpoints answered, objects and lists as JSON text.

    >>> as_json([{"warm": None}, "text"])
    ['{"warm": null}', 'text']
    """
    return [
        json.dumps(output, ensure_ascii=False) if isinstance(output, dict | list) else output
        for output in outputs
    ]


def answer_in_json() -> None:
    """Make gradio's MCP server write JSON. None of the page's endpoints answers with a file, which it treats apart."""
    import gradio.mcp

    class Server(gradio.mcp.GradioMCPServer):  # type: ignore[misc]  # untyped
        def postprocess_output_data(self, data: Any, root_url: str) -> Any:
            return super().postprocess_output_data(as_json(data), root_url)

    gradio.mcp.GradioMCPServer = Server  # gradio asks for it by this name when it serves
