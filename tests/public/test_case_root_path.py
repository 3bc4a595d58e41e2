"""Below a path that the page was told of (GRADIO_ROOT_PATH) all bounds hold as they do without one."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.public.serving import Server, serving
from visuals.page.at_rest import SCRIPT


@pytest.fixture(scope="module")
def server(cache, tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("below")
    with serving(folder, DRAFTSCOPE_CACHE=str(cache), GRADIO_ROOT_PATH="/sub") as made:
        yield made


@pytest.mark.case(27)
@pytest.mark.parametrize("below", ["", "sub/"])
def test_what_is_not_offered_is_not_there_below_a_path_either(server, below):
    base = f"{server.address}{below}gradio_api/"
    for name in ("call/on_run", "run/on_method", "run/stop", "api/on_knob", "call/v2/on_run"):
        assert httpx.post(f"{base}{name}", json={"data": [None]}, timeout=30).status_code == 404
    for name in ("deep_link?session_hash=x", "dev/reload", "file=http://127.0.0.1:1/x"):
        assert httpx.get(f"{base}{name}", timeout=5).status_code in (403, 404)
    assert httpx.post(f"{base}queue/join", content=b"[]," * 500_000, timeout=30).status_code == 413
    answer = httpx.post(f"{base}run/traces", json={"data": []}, timeout=30)
    assert answer.status_code == 200


@pytest.mark.case(27)
@pytest.mark.parametrize("below", ["", "sub/"])
def test_the_page_below_a_path_is_the_whole_page(server, below):
    answer = httpx.get(f"{server.address}{below}", timeout=30)
    assert answer.status_code == 200
    assert SCRIPT.decode() in answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.case(27)
def test_a_path_that_only_begins_alike_is_another(server):
    answer = httpx.get(f"{server.address}subway/config", timeout=30)
    assert answer.status_code == 404
    assert "set GRADIO_ROOT_PATH" in answer.text
