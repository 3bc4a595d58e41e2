"""What programs get over MCP, from a client of the package `mcp` itself."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from accel.schema import trace_schema
from tests.browser.served import WITHOUT_MODEL, served
from visuals.page.mcp_text import as_json, is_offered


def test_objects_and_lists_become_json_and_text_stays() -> None:
    found = as_json([{"warm": None, "pieces": ["é"], "equal": True}, [1], "said"])
    assert json.loads(found[0]) == {"warm": None, "pieces": ["é"], "equal": True}
    assert json.loads(found[1]) == [1]
    assert found[2] == "said"


@pytest.mark.skipif(not is_offered(), reason="mcp is not installed")
@pytest.mark.filterwarnings("ignore")  # of a package that is none of ours
def test_the_tools_answer_in_json() -> None:
    with served(*WITHOUT_MODEL) as url:
        texts = asyncio.run(called(url, [("traces", {}), ("schema", {}), ("trace", {"name": "nosuch"})]))
    listed = json.loads(texts[0])
    assert {"slug", "num_tokens"} <= set(listed[0])
    assert json.loads(texts[1]) == trace_schema()
    assert "no recorded run is called" in texts[2]


async def called(url: str, asked: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """The text of each tool's answer, tools by the end of their names."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    texts = []
    async with (
        streamablehttp_client(f"{url}gradio_api/mcp/") as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        names = [tool.name for tool in (await session.list_tools()).tools]
        for name, values in asked:
            (tool,) = (known for known in names if known == name or known.endswith(f"_{name}"))
            answer = await session.call_tool(tool, values)
            texts.append("".join(part.text for part in answer.content))
    return texts
