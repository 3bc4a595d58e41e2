"""Starting in real surroundings: proxies, ports and addresses that cannot be had, no home, nothing writable."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from tests.browser.served import ROOT
from tests.public.serving import serving
from tests.public.visitors import Page, Visitor
from visuals.page.limits import BadLimit, limits
from visuals.page.startup import choose_address, prepare, without_proxies


class Refuses(BaseHTTPRequestHandler):
    """A proxy that answers for local addresses as squid does."""

    def do_GET(self) -> None:
        self.send_error(503)

    do_HEAD = do_CONNECT = do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def proxy() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Refuses)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def proxies(value: str) -> dict[str, str]:
    return {"HTTP_PROXY": value, "https_proxy": value, "ALL_PROXY": value}


@pytest.mark.parametrize(
    "value", ["http://127.0.0.1:9", "refuses", "socks5://127.0.0.1:9", "socks4://[::1]:9"]
)
def test_it_starts_whatever_proxies_the_environment_names(cache, tmp_path, proxy, value):
    named = proxies(proxy if value == "refuses" else value)
    with serving_directly(tmp_path, cache, **named) as address, httpx.Client(trust_env=False) as client:
        assert client.get(address, timeout=30).status_code == 200


@contextmanager
def serving_directly(folder: Path, cache: Path, **environment: str) -> Iterator[str]:
    """The page, asked without the proxies that it is started with."""
    with serving(folder, DRAFTSCOPE_CACHE=str(cache), **environment) as server:
        assert "Traceback" not in server.said()
        yield server.address


def test_local_names_bypass_a_proxy_and_the_rest_is_kept():
    env = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "intranet, localhost"}
    prepare(env)
    assert env["NO_PROXY"] == "intranet,localhost,127.0.0.1,::1,0.0.0.0"
    env = {"all_proxy": "http://proxy:3128", "no_proxy": "*", "GRADIO_SERVER_NAME": "page.lan"}
    prepare(env)
    assert env["no_proxy"] == "*"
    env = {"http_proxy": "http://proxy:3128", "GRADIO_SERVER_NAME": "page.lan"}
    prepare(env)
    assert env["NO_PROXY"].endswith(",page.lan")
    env = {}
    prepare(env)
    assert "NO_PROXY" not in env  # it would hide the settings of the system
    env = {"ALL_PROXY": "socks5://proxy"}
    with without_proxies(env):
        assert env == {}
    assert env == {"ALL_PROXY": "socks5://proxy"}


def ended(**environment: str) -> subprocess.CompletedProcess[str]:
    """The page, started where it cannot start."""
    env = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )


BAD = [
    ({"GRADIO_SERVER_PORT": "abc"}, "GRADIO_SERVER_PORT='abc' is not a whole number from 1 to 65535"),
    ({"GRADIO_SERVER_PORT": "99999"}, "GRADIO_SERVER_PORT='99999' is not a whole number from 1 to 65535"),
    ({"GRADIO_SERVER_PORT": "0"}, "GRADIO_SERVER_PORT='0' is not a whole number from 1 to 65535"),
    ({"GRADIO_NUM_PORTS": "x"}, "GRADIO_NUM_PORTS='x' is not a whole number"),
    ({"GRADIO_SERVER_NAME": "no.such.host.invalid"}, "GRADIO_SERVER_NAME='no.such.host.invalid' is no address"),
    ({"GRADIO_SERVER_NAME": "192.0.2.1"}, "GRADIO_SERVER_NAME='192.0.2.1' is no address of this machine"),
    ({"GRADIO_SERVER_NAME": "x" * 70}, f"GRADIO_SERVER_NAME='{'x' * 70}' is no address of this machine"),
    ({"GRADIO_ROOT_PATH": "sub"}, "GRADIO_ROOT_PATH='sub' is neither a path such as /draftscope nor an http address"),
    ({"GRADIO_ROOT_PATH": "ftp://x"}, "GRADIO_ROOT_PATH='ftp://x' is neither a path"),
    ({"GRADIO_ROOT_PATH": "http://[x"}, "GRADIO_ROOT_PATH='http://[x' is neither a path"),
    ({"GRADIO_ROOT_PATH": "/a b"}, "GRADIO_ROOT_PATH='/a b' is neither a path"),
    ({"SSL_CERT_FILE": "/no/such"}, "SSL_CERT_FILE='/no/such' is not there"),
    ({"SSL_CERT_DIR": "/no/such"}, "SSL_CERT_DIR='/no/such' is not there"),
    ({"DRAFTSCOPE_HOSTS": "https://x"}, "DRAFTSCOPE_HOSTS: 'https://x' is no host name"),
]  # fmt: skip


@pytest.mark.parametrize(("environment", "said"), BAD)
def test_what_it_cannot_start_with_is_one_line(environment, said):
    end = ended(**environment)
    assert end.returncode == 1
    assert end.stderr.startswith(said)
    assert end.stderr.count("\n") == 1


def test_a_port_that_was_asked_for_and_is_taken_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        end = ended(GRADIO_SERVER_PORT=port, GRADIO_SERVER_NAME="127.0.0.1")
    assert end.returncode == 1
    assert end.stderr.startswith(f"GRADIO_SERVER_PORT={port} cannot be used (Address already in use)")
    assert end.stderr.count("\n") == 1


def test_the_usual_port_gives_way_to_the_next_free_one_and_says_so(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr("visuals.page.startup.DEFAULT_PORT", port)
        chosen = choose_address({})
    assert chosen.port > port
    assert chosen.note == f"Port {port} is taken: the page is at port {chosen.port}."
    assert choose_address({"GRADIO_SERVER_NAME": "[::1]"}).host == "::1"


def test_it_is_served_at_an_ipv6_address(cache, tmp_path):
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as probe:
        port = probe.getsockname()[1]
    own = {"GRADIO_SERVER_NAME": "::", "GRADIO_SERVER_PORT": str(port), "DRAFTSCOPE_CACHE": str(cache)}
    env = {**os.environ, **own, "DRAFTSCOPE_PUBLIC": "1", "TMPDIR": str(tmp_path)}
    page = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=env)
    try:
        answer = 0
        for _ in range(240):
            with suppress(httpx.TransportError):
                answer = httpx.get(f"http://[::1]:{port}/", timeout=30).status_code
                break
            time.sleep(0.5)
        assert answer == 200
    finally:
        page.terminate()
        assert page.wait(60) == 0


def can_map() -> bool:
    """Whether this user may be somebody else in a namespace of its own."""
    try:
        return subprocess.run([*NOBODY, "true"], capture_output=True, timeout=30).returncode == 0
    except OSError:
        return False


NOBODY = ("unshare", "--user", "--map-user=12345", "--map-group=12345", "env", "-u", "HOME", "-u", "USER")


@pytest.mark.skipif(not can_map(), reason="no user can be mapped here (user namespaces)")
def test_it_starts_as_a_user_without_a_name_and_a_home_in_a_folder_it_cannot_write(cache, tmp_path):
    app = tmp_path / "app"
    for part in ("accel", "visuals", "assets"):
        shutil.copytree(ROOT / part, app / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", app)
    read_only(app, 0o555, 0o444)
    start = (*NOBODY, "sh", "-c", f'cd {app} && exec "$@"', "sh")
    try:
        with (
            serving(tmp_path, *start, DRAFTSCOPE_CACHE=str(cache)) as server,
            Visitor(Page(server.address)) as visitor,
        ):
            assert visitor.run(prompt="a", **{"Most new tokens": 4}).startswith("Done")
            assert "Traceback" not in server.said()
    finally:
        read_only(app, 0o755, 0o644)


def read_only(folder: Path, for_folders: int, for_files: int) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(for_folders if path.is_dir() else for_files)


PUBLIC = [
    ({}, False),
    ({"GRADIO_SERVER_NAME": "127.0.0.1"}, False),
    ({"GRADIO_SERVER_NAME": "127.8.9.1"}, False),
    ({"GRADIO_SERVER_NAME": "[::1]"}, False),
    ({"GRADIO_SERVER_NAME": "localhost"}, False),
    ({"GRADIO_SERVER_NAME": "0.0.0.0"}, True),
    ({"GRADIO_SERVER_NAME": "::"}, True),
    ({"GRADIO_SERVER_NAME": "192.168.1.5"}, True),
    ({"GRADIO_SERVER_NAME": "box.lan"}, True),
    ({"SPACE_ID": "x/y"}, True),
    ({"SYSTEM": "spaces"}, True),
    ({"GRADIO_SHARE": "True"}, True),
    ({"SPACE_ID": "x/y", "DRAFTSCOPE_PUBLIC": "0"}, False),
    ({"GRADIO_SERVER_NAME": "0.0.0.0", "DRAFTSCOPE_PUBLIC": "0"}, False),
    ({"GRADIO_SERVER_NAME": "127.0.0.1", "DRAFTSCOPE_PUBLIC": "1"}, True),
]


@pytest.mark.parametrize(("environment", "public"), PUBLIC)
def test_a_page_that_strangers_can_reach_is_public_unless_it_says_otherwise(environment, public):
    assert limits(environment).public is public


def test_a_page_bound_to_every_address_says_that_it_is_public(cache, tmp_path):
    everywhere: Mapping[str, str] = {"GRADIO_SERVER_NAME": "0.0.0.0", "DRAFTSCOPE_CACHE": str(cache)}
    with serving(tmp_path, "env", "-u", "DRAFTSCOPE_PUBLIC", **everywhere) as server:
        assert "Public limits hold, since GRADIO_SERVER_NAME is 0.0.0.0" in server.said()
        asked = {"prompt": "Hi", "model": "/etc"}
        told = httpx.post(f"{server.address}gradio_api/call/v2/decode", json=asked, timeout=30)
        event = told.json()["event_id"]
        answer = httpx.get(f"{server.address}gradio_api/call/decode/{event}", timeout=30)
        assert "is not one of smollm2-135m" in answer.text


def test_a_bad_value_names_its_variable():
    with pytest.raises(BadLimit, match="GRADIO_DEBUG='maybe' is not a whole number from 0 to 1"):
        prepare({"GRADIO_DEBUG": "maybe"})
