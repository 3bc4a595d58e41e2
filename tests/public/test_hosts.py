"""A private page answers to its own names only, and one address in a header counts where its proxy is named."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.public.serving import Server, serving
from visuals.page.rate import subscriber

NAMES = {"GRADIO_SERVER_NAME": "127.0.0.1", "DRAFTSCOPE_PUBLIC": "0", "DRAFTSCOPE_HOSTS": "Draftscope.lan"}


@pytest.fixture(scope="module")
def private(cache, tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("private")
    with serving(folder, DRAFTSCOPE_CACHE=str(cache), **NAMES) as made:
        yield made


def status(server: Server, **headers: str) -> int:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(f"{server.address}robots.txt", headers=sent, timeout=30).status_code


OWN = [
    "localhost:7860",
    "LOCALHOST",
    "127.0.0.1",
    "[::1]:7860",
    "192.168.1.5:80",
    "draftscope.lan",
    "a.localhost",
]
FOREIGN = [
    "evil.example:7871",
    "draftscope.lan.evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
]
BROKEN = ["", "[", "a b", "evil.example@localhost", "localhost/", "[::1", "localhost:x", "\xe9.example"]


@pytest.mark.case(29)
@pytest.mark.parametrize("host", OWN)
def test_a_private_page_answers_to_its_own_names(private, host):
    assert status(private, host=host) == 200
    assert status(private, host=host, origin=f"http://{host}") == 200


@pytest.mark.case(29)
@pytest.mark.parametrize("host", FOREIGN)
def test_a_private_page_answers_to_no_other_name(private, host):
    answer = httpx.get(private.address, headers={"host": host, "origin": f"http://{host}"}, timeout=30)
    assert answer.status_code == 403
    assert f"set DRAFTSCOPE_HOSTS={host.partition(':')[0]}" in answer.text
    assert "gradio_config" not in answer.text


@pytest.mark.case(29)
@pytest.mark.parametrize("host", BROKEN)
def test_a_name_that_is_none_is_refused(private, host):
    answer = httpx.get(private.address, headers={"host": host.encode("latin-1")}, timeout=30)
    assert answer.status_code == 400
    assert "Traceback" not in private.said()


@pytest.mark.case(29)
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://[", "file://"])
def test_another_site_can_send_nothing_to_a_private_page(private, origin):
    sent = {"files": ("t.jsonl", b"{}")}
    url = f"{private.address}gradio_api/upload"
    assert httpx.post(url, files=sent, headers={"origin": origin}, timeout=30).status_code == 403
    assert httpx.post(url, files=sent, timeout=30).status_code == 200
    assert "Traceback" not in private.said()


@pytest.mark.case(29)
@pytest.mark.parametrize("name", ["x-forwarded-host", "x-gradio-server", "x-forwarded-proto", "origin"])
@pytest.mark.parametrize("value", ["http://[", "\x01", "zq qz", "evil.example/<script>", ",", "x" * 3000])
def test_headers_that_make_no_sense_are_not_there(private, name, value):
    if "\x01" in value:
        value = "%01"
    answer = httpx.get(private.address, headers={name: value}, timeout=30)
    assert answer.status_code == 200
    assert value not in answer.text or value == ","
    assert "Traceback" not in private.said()


@pytest.mark.case(30)
@pytest.mark.parametrize("trusted", [None, "127.0.0.1"])
def test_an_address_in_a_header_counts_where_its_proxy_is_named_only(cache, tmp_path, trusted):
    named = {} if trusted is None else {"FORWARDED_ALLOW_IPS": trusted}
    with serving(tmp_path, DRAFTSCOPE_CACHE=str(cache), DRAFTSCOPE_RUNS_PER_MINUTE="2", **named) as server:
        told = [run_from(server, f"198.51.100.{number}") for number in range(5)]
    assert sum("Too many requests from your address" in said for said in told) == (
        3 if trusted is None else 0
    )


def run_from(server: Server, address: str) -> str:
    """One run over the API as a proxy on this machine passes it on."""
    asked = {"prompt": "a", "max_new_tokens": 2}
    headers = {"x-forwarded-for": address}
    url = f"{server.address}gradio_api/call/decode"
    told = httpx.post(url.replace("call", "call/v2"), json=asked, headers=headers, timeout=30).json()
    return httpx.get(f"{url}/{told['event_id']}", headers=headers, timeout=60).text


@pytest.mark.case(30)
def test_addresses_of_one_subscriber_count_as_one():
    assert (
        subscriber("2001:db8:1:2:3:4:5:6") == subscriber("2001:db8:1:2::9") != subscriber("2001:db8:1:3::9")
    )
    assert subscriber("::ffff:192.0.2.1") == subscriber("192.0.2.1") != subscriber("192.0.2.2")
    assert subscriber("fe80::1%eth0") == subscriber("fe80::2")
    assert subscriber("testclient") == "testclient"
