"""A disk that fills up while the page is served: it is said in words, and the page goes on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.public.serving import Server, serving
from tests.public.visitors import Page, Visitor

OWN_DISK = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
MOUNT = 'mount -t tmpfs -o size=40m none "$TMPDIR" && exec "$@"'


def can_mount(folder: Path) -> bool:
    """Whether this user may mount a small disk in a namespace of its own."""
    tried = [*OWN_DISK, f"TMPDIR={folder}; {MOUNT}", "sh", "true"]
    try:
        return subprocess.run(tried, capture_output=True, timeout=30).returncode == 0
    except OSError:
        return False


@pytest.fixture(scope="module")
def server(cache, tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("disk")
    if not can_mount(folder):
        pytest.skip("no small disk can be mounted here (user namespaces)")
    with serving(folder, *OWN_DISK, MOUNT, "sh", DRAFTSCOPE_CACHE=str(cache)) as made:
        yield made


def files_of(server: Server) -> Path:
    """The server's own folder of temporary files, on its own disk."""
    return Path(f"/proc/{server.process.pid}/root{server.room}")


def upload(server: Server, content: bytes) -> httpx.Response:
    sent = {"files": ("t.jsonl", content)}
    return httpx.post(f"{server.address}gradio_api/upload", files=sent, timeout=60)


def export(visitor: Visitor) -> str:
    """Everything that the page answers to an export."""
    event = visitor.page.events[0]
    listed = visitor.http.post(f"{visitor.page.address}gradio_api/run/traces", json={"data": []}).json()
    slug = listed["data"][0][0]["slug"]
    return str(visitor.send(event, [None], event_data={"kind": "html", "slug": slug}))


@pytest.mark.case(24, 28)
def test_a_full_disk_is_said_and_the_page_goes_on(server):
    assert upload(server, b"x" * 1_000_000).status_code == 200
    filler = files_of(server) / "filler"
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(b"x" * 50_000_000)
    for content in (b"x" * 1000, b"x" * 15_000_000):
        refused = upload(server, content)
        assert refused.status_code == 507
        assert "The disk of the server is full" in refused.text
    with Visitor(Page(server.address)) as visitor:
        assert "The disk of the server is full" in export(visitor)
        assert visitor.run(prompt="a", **{"Most new tokens": 4}).startswith("Done")
    assert "Traceback" not in server.said()
    filler.unlink()
    assert upload(server, b"x" * 1_000_000).status_code == 200
