"""What befalls a server: a crowd that comes and goes, a signal in a run, a disk that cannot be written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.browser.served import ROOT
from tests.public.serving import serving
from tests.public.visitors import Page, Visitor, status_of

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux's /proc")
LENGTH = "Most new tokens"
CROWDS_COST = 3.0  # megabytes that three crowds in a row may add in the end: 20 kB a visit
MOST_CROWDS = 24  # the allocator takes its share first
EARLY_COST = 20.0  # megabytes that the third and fourth crowd may add together


def visit(page: Page) -> None:
    """Open the page as a browser does, and leave again at once."""
    loads = (event for event in page.events if [what for _, what in event["targets"]] == ["load"])
    load = next(event for event in loads if event["backend_fn"])
    asked = {"data": [], "fn_index": load["id"], "session_hash": uuid4().hex}
    httpx.get(page.address, timeout=30).raise_for_status()
    httpx.post(f"{page.address}gradio_api/run/predict", json=asked, timeout=30).raise_for_status()


def crowd(page: Page) -> None:
    """Eight who begin a run and read nothing of it, and forty who open the page and leave."""
    with ExitStack() as readers:
        for _ in range(8):
            slow = Visitor(page)
            readers.callback(slow.close)
            slow.join("run", prompt="a", **{LENGTH: 64})
            readers.enter_context(slow.stream())
        for _ in range(40):
            visit(page)


@pytest.mark.case(18)
@pytest.mark.slow
def test_a_crowd_that_comes_and_goes_leaves_nothing_behind(cache, tmp_path):
    limits = {
        "DRAFTSCOPE_SESSIONS": "20",
        "DRAFTSCOPE_RUNS_PER_MINUTE": "0",
        "DRAFTSCOPE_RUNS_AT_ONCE": "0",
    }
    with serving(tmp_path, DRAFTSCOPE_CACHE=str(cache), **limits) as server:
        page, held = Page(server.address), list[float]()
        with Visitor(page) as visitor:
            assert visitor.run(prompt="a", **{LENGTH: 8}).startswith("Done")
            files = server.open_files()
            for _ in range(MOST_CROWDS):
                crowd(page)
                held.append(server.memory())
                if len(held) > 3 and held[-1] - held[-4] <= CROWDS_COST:
                    break
            assert visitor.run(prompt="a", **{LENGTH: 8}).startswith("Done")
        print(f"megabytes held after each crowd: {held}")
        assert held[-1] - held[-4] <= CROWDS_COST
        assert held[3] - held[1] < EARLY_COST
        time.sleep(2)
        assert server.open_files() <= files + 3
        assert server.files() == []


@pytest.mark.case(24)
def test_a_signal_in_the_middle_of_a_run_ends_the_server_and_removes_its_files(cache, tmp_path):
    with serving(tmp_path, DRAFTSCOPE_CACHE=str(cache)) as server, Visitor(Page(server.address)) as visitor:
        assert visitor.run(prompt="a", **{LENGTH: 8}).startswith("Done")
        sent = {"files": ("t.jsonl", b"{}")}
        httpx.post(f"{server.address}gradio_api/upload", files=sent, timeout=30).raise_for_status()
        assert server.files() != []
        visitor.join("race-start", **{"race-prompt": "hello", "Tokens each": 256, "Rounds": 5})
        with suppress(httpx.HTTPError), visitor.stream() as told:
            while "Measuring" not in status_of(next(told)):
                pass
            server.process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            server.process.wait(20)
            assert time.monotonic() - began < 20
        assert server.process.returncode == 0
        assert "Traceback" not in server.said()
        assert server.files() == []
    with (
        serving(tmp_path / "again", DRAFTSCOPE_CACHE=str(cache)) as server,
        Visitor(Page(server.address)) as visitor,
    ):
        assert visitor.run(prompt="a", **{LENGTH: 8}).startswith("Done")


@pytest.mark.case(24)
@pytest.mark.slow
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_the_embedded_model_decodes_is_no_abort(tmp_path, kind):
    with serving(tmp_path) as server, httpx.Client(timeout=120) as http:
        page = Page(server.address)
        with Visitor(page) as visitor:
            assert visitor.run(prompt="a", **{LENGTH: 2}).startswith("Done")
        asked = {"data": ["Count to a thousand.", "autoregressive"]}
        http.post(f"{server.address}gradio_api/call/decode", json=asked).raise_for_status()
        time.sleep(1.5)
        server.process.send_signal(kind)
        assert server.process.wait(30) == 0, server.said()
        assert "terminate called" not in server.said()
        assert server.files() == []


@pytest.mark.case(24)
def test_files_of_a_page_that_was_killed_go_at_a_later_start(cache, tmp_path):
    with serving(tmp_path, DRAFTSCOPE_CACHE=str(cache)) as server:
        sent = {"files": ("t.jsonl", b"{}")}
        httpx.post(f"{server.address}gradio_api/upload", files=sent, timeout=30).raise_for_status()
        assert server.files() != []
        server.process.kill()
        server.process.wait()
    assert server.files() != []
    for folder in server.room.iterdir():
        os.utime(folder, (0, 0))
    with serving(tmp_path / "again", DRAFTSCOPE_CACHE=str(cache), TMPDIR=str(server.room)):
        assert server.files() == []


@pytest.mark.case(24, 9)
def test_a_cache_that_cannot_be_made_is_said_and_recorded_runs_play(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with serving(tmp_path / "own", DRAFTSCOPE_CACHE=str(blocked / "cache")) as server:
        with Visitor(Page(server.address)) as visitor:
            told = visitor.run(prompt="a", **{LENGTH: 8})
        assert "ds-error" in told
        assert "DRAFTSCOPE_CACHE" in told
        assert "Traceback" not in told
        assert httpx.get(server.address, timeout=30).is_success


@pytest.mark.case(24)
def test_where_no_file_can_be_written_the_start_says_so_in_one_line(tmp_path):
    (tmp_path / "file").write_text("no folder")
    env = {**os.environ, "GRADIO_TEMP_DIR": str(tmp_path / "file" / "temp")}
    ended = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("No files can be written to")
    assert ended.stderr.count("\n") == 1


@pytest.mark.case(24)
@pytest.mark.parametrize("seconds", [2.0, 3.0, 4.0, 5.0, 6.0])
def test_a_signal_while_it_starts_is_no_error(cache, tmp_path, seconds):
    env = {**os.environ, "DRAFTSCOPE_CACHE": str(cache), "TMPDIR": str(tmp_path)}
    with (tmp_path / "log").open("wb") as out:
        process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=env, stdout=out, stderr=out)
        try:
            time.sleep(seconds)
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        finally:
            process.kill()
            process.wait()
    assert "Traceback" not in (tmp_path / "log").read_text(encoding="utf-8")
    assert process.returncode in (0, -signal.SIGTERM)  # before its first line it has no say
    assert list(tmp_path.glob("draftscope-*")) == []
