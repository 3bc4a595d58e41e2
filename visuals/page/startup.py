"""Prepare the process before gradio is imported, and choose the address that the page is served at.

gradio and uvicorn read the environment as they are imported or started; whatever they would answer with a traceback is
checked here first. Needs the standard library only.
"""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass

from visuals.page import words
from visuals.page.limits import HOST, BadLimit

PORT = "GRADIO_SERVER_PORT"
ROOT_PATH = "GRADIO_ROOT_PATH"
DEFAULT_PORT = 7860
PORTS_TRIED = 100
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1", "0.0.0.0")
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
WHOLE_NUMBERS = {  # variables that gradio reads with int() when it is imported, and their bounds
    PORT: (1, 65535),
    "GRADIO_NUM_PORTS": (1, 10_000),
    "GRADIO_NODE_NUM_PORTS": (1, 10_000),
    "GRADIO_ANALYTICS_MAX_EVENTS": (1, 1_000_000),
    "GRADIO_DEBUG": (0, 1),
    "GRADIO_NUM_WORKERS": (0, 64),
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where to serve: a host without brackets, and a port that was free a moment ago."""

    host: str
    port: int
    note: str | None = None  # that it is not the usual port


def prepare(environment: MutableMapping[str, str]) -> None:
    """Set what gradio and uvicorn are to find in the environment.

    Raises:
        BadLimit: a variable has a value that gradio could not be imported with.
    """
    environment.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    environment.setdefault("TOKENIZERS_PARALLELISM", "false")
    # uvicorn's own default believes X-Forwarded-For from every program on this machine.
    environment.setdefault("FORWARDED_ALLOW_IPS", "")
    for variable, (low, high) in WHOLE_NUMBERS.items():
        _check_number(environment, variable, low, high)
    _check_root_path(environment)
    for variable, is_there in {"SSL_CERT_FILE": os.path.isfile, "SSL_CERT_DIR": os.path.isdir}.items():
        if (where := environment.get(variable)) and not is_there(where):
            raise BadLimit(f"{variable}={where[:80]!r} is not there: name certificates that are, or unset it")
    _bypass_proxies(environment)


def _check_root_path(environment: Mapping[str, str]) -> None:
    """Below which path, or at which address, a proxy serves the page: gradio fails or serves nothing at others."""
    path = environment.get(ROOT_PATH, "")
    if path and not re.fullmatch(r"(https?://[\w.\-]+(:\d{1,5})?)?(/[\w.~%\-]*)*", path, re.ASCII):
        raise BadLimit(f"{ROOT_PATH}={path[:80]!r} is neither a path such as /draftscope nor an http address")


def _check_number(environment: MutableMapping[str, str], variable: str, low: int, high: int) -> None:
    if variable not in environment:
        return
    text = environment[variable].strip()
    if not text:  # as where it is not set; int("") would fail
        del environment[variable]
    elif not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
        raise BadLimit(f"{variable}={text[:40]!r} is not a whole number from {low} to {high}")


def _bypass_proxies(environment: MutableMapping[str, str]) -> None:
    """Add the names of this machine to NO_PROXY where the environment names a proxy.

    Elsewhere it is left unset: on its own it would hide the proxy settings of Windows and macOS from downloads.
    """
    if not any(environment.get(form) for name in PROXIES for form in (name, name.upper())):
        return
    names = [*LOCAL_NAMES, *filter(None, [_host(environment)])]
    for variable in [form for form in ("no_proxy", "NO_PROXY") if form in environment] or ["NO_PROXY"]:
        known = [name.strip() for name in environment.get(variable, "").split(",") if name.strip()]
        if "*" not in known:
            environment[variable] = ",".join(dict.fromkeys([*known, *names]))


@contextmanager
def without_proxies(environment: MutableMapping[str, str]) -> Iterator[None]:
    """Hide the proxies: gradio asks its own server once while it starts, which needs none.

    NO_PROXY is not enough: httpx builds every proxy that is named, and fails at once for SOCKS without `socksio`.
    """
    names = [form for name in PROXIES for form in (name, name.upper())]
    hidden = {name: environment.pop(name) for name in names if name in environment}
    try:
        yield
    finally:
        environment.update(hidden)


def choose_address(environment: Mapping[str, str]) -> Address:
    """The host and port to serve at.

    Raises:
        BadLimit: GRADIO_SERVER_NAME is no address of this machine, or the port asked for cannot be had.
    """
    host = _host(environment) or "127.0.0.1"
    if PORT in environment:
        port = int(environment[PORT])
        if (problem := _problem(host, port)) is not None:
            raise BadLimit(words.PORT_TAKEN.format(variable=PORT, port=port, reason=problem))
        return Address(host, port)
    for port in range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED):
        if _problem(host, port) is None:
            moved = None if port == DEFAULT_PORT else words.NEXT_PORT.format(taken=DEFAULT_PORT, port=port)
            return Address(host, port, moved)
    raise BadLimit(
        words.NO_PORT.format(first=DEFAULT_PORT, last=DEFAULT_PORT + PORTS_TRIED - 1, variable=PORT)
    )


def _host(environment: Mapping[str, str]) -> str:
    return environment.get(HOST, "").strip().removeprefix("[").removesuffix("]")


def _problem(host: str, port: int) -> str | None:
    """Why the port cannot be had, or None. Raises BadLimit where the trouble is the host."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":  # a port that was just closed may be used again
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
            probe.listen(1)
    except (socket.gaierror, UnicodeError) as error:
        raise BadLimit(words.NO_HOST.format(variable=HOST, host=host[:80], reason=_reason(error))) from error
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return _reason(error)
        raise BadLimit(words.NO_HOST.format(variable=HOST, host=host[:80], reason=_reason(error))) from error
    return None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
