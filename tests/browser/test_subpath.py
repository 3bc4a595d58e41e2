"""A page that a proxy serves below a path, and that was not told so, says what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest

from tests.browser.served import WITHOUT_MODEL, served

pytestmark = pytest.mark.browser
BELOW = "/sub"


class Below(ThreadingHTTPServer):
    """A reverse proxy that takes the path away, as most do."""

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), Pass)
        self.behind = behind


class Pass(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Below)
        if not self.path.startswith(f"{BELOW}/"):
            self.send_error(404)
            return
        url = self.server.behind + self.path.removeprefix(f"{BELOW}/")
        answer = httpx.get(url, headers={"host": self.headers["host"]}, timeout=30)
        self.send_response(answer.status_code)
        self.send_header("content-type", answer.headers.get("content-type", "text/plain"))
        self.send_header("content-length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(*WITHOUT_MODEL) as url:
        yield url


def test_a_page_below_a_path_it_was_not_told_of_says_so(chromium, address):
    proxy = Below(address)
    Thread(target=proxy.serve_forever, daemon=True).start()
    page = chromium.new_page()
    try:
        page.goto(f"http://127.0.0.1:{proxy.server_port}{BELOW}/")
        said = page.wait_for_selector("#below-a-path", timeout=30_000).inner_text()
        assert f"set GRADIO_ROOT_PATH={BELOW} and start it again" in said
        page.goto(address)
        page.wait_for_selector("#run", timeout=60_000)
        assert page.query_selector("#below-a-path") is None
    finally:
        page.close()
        proxy.shutdown()
        proxy.server_close()
