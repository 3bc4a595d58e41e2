"""What a page open to strangers allows, read from the environment. docs/hosting.md has the table, made from here."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from threading import Event
from time import monotonic

from accel.models.catalogue import CATALOGUE, DEFAULT
from accel.trace import FinishReason
from visuals.page import words

CLOSING = Event()  # set when the server is asked to end: whatever decodes stops at its next step
PUBLIC = "DRAFTSCOPE_PUBLIC"
MODELS = "DRAFTSCOPE_MODELS"
HOSTS = "DRAFTSCOPE_HOSTS"
HOST = "GRADIO_SERVER_NAME"  # the address that the page is bound to
HOST_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})")
OFFERED = (DEFAULT, "HuggingFaceTB/SmolLM2-360M-Instruct", "Qwen/Qwen2.5-0.5B-Instruct")  # no token needed


class BadLimit(ValueError):
    """A variable of the environment that makes no sense; the message names it, in one line."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A whole number from the environment: its bounds, and what holds where it is not set."""

    variable: str
    low: int
    high: int
    private: int
    public: int
    about: str


LIMITS = {
    "max_new_tokens": Limit("DRAFTSCOPE_MAX_NEW_TOKENS", 2, 512, 512, 256, "most new tokens of a run"),
    "max_prompt_chars": Limit(
        "DRAFTSCOPE_MAX_PROMPT_CHARS", 100, 20_000, 20_000, 8_000, "most characters of a prompt"
    ),
    "waiting": Limit("DRAFTSCOPE_WAITING", 0, 30, 12, 16, "runs that may wait for their turn"),
    "run_seconds": Limit(
        "DRAFTSCOPE_RUN_SECONDS", 0, 3600, 0, 60, "seconds a run may take once its model is loaded; 0: any"
    ),
    "sessions": Limit("DRAFTSCOPE_SESSIONS", 10, 10_000, 1000, 200, "browser tabs remembered"),
    "session_minutes": Limit(
        "DRAFTSCOPE_SESSION_MINUTES",
        1,
        1440,
        15,
        15,
        "minutes a tab's runs and files are kept when it is idle",
    ),
    "upload_megabytes": Limit(
        "DRAFTSCOPE_UPLOAD_MEGABYTES",
        40,
        1_000_000,
        1000,
        400,
        "megabytes of all visitors' files kept at a time; the oldest go first",
    ),
    "runs_per_minute": Limit(
        "DRAFTSCOPE_RUNS_PER_MINUTE", 0, 1000, 0, 20, "runs that one address may begin in a minute; 0: any"
    ),
    "runs_at_once": Limit(
        "DRAFTSCOPE_RUNS_AT_ONCE", 0, 47, 0, 2, "runs of one address that may wait or decode; 0: any"
    ),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits of this page; 0 seconds or runs a minute are no limit."""

    public: bool
    models: tuple[str, ...]
    max_new_tokens: int
    max_prompt_chars: int
    waiting: int
    run_seconds: int
    sessions: int
    session_minutes: int
    upload_megabytes: int
    runs_per_minute: int
    runs_at_once: int


def is_public() -> bool:
    """Is the page open to strangers? Then only models on a list are offered, and nothing of the disk."""
    return _is_public(os.environ)


def limits(environment: Mapping[str, str] = os.environ) -> Limits:
    """As the environment has them now. Raises BadLimit for the first variable that makes no sense."""
    public = _is_public(environment)
    own_hosts(environment)
    return Limits(
        public=public,
        models=_models(environment, public),
        **{name: _whole(environment, limit, public) for name, limit in LIMITS.items()},
    )


def _is_public(environment: Mapping[str, str]) -> bool:
    value = environment.get(PUBLIC, "").strip()
    if value not in ("", "0", "1"):
        raise BadLimit(f"{PUBLIC}={value[:40]!r} is neither 0 nor 1; use 1 where strangers may come")
    return value == "1" if value else reached_by_strangers(environment) is not None


def reached_by_strangers(environment: Mapping[str, str] = os.environ) -> str | None:
    """Why others than this machine's users can reach the page where `DRAFTSCOPE_PUBLIC` is not set, or None."""
    if environment.get("SPACE_ID") or environment.get("SYSTEM") == "spaces":
        return "this is a Space"
    if environment.get("GRADIO_SHARE", "").strip().lower() == "true":
        return "GRADIO_SHARE is set"
    host = environment.get(HOST, "").strip().strip("[]")
    return None if not host or is_loopback(host) else f"{HOST} is {host[:80]}"


def is_loopback(host: str) -> bool:
    """Whether a host, without port and brackets, names this machine alone."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name, which may be that of any address
        return False


def own_hosts(environment: Mapping[str, str] = os.environ) -> frozenset[str]:
    """Names under which a private page may be asked for besides addresses and localhost. Raises BadLimit."""
    listed = [name.strip() for name in environment.get(HOSTS, "").split(",") if name.strip()]
    for name in listed:
        if not HOST_NAME.fullmatch(name):
            raise BadLimit(f"{HOSTS}: {name[:80]!r} is no host name; write names without scheme and port")
    return frozenset(name.lower() for name in (*listed, environment.get(HOST, "").strip()))


def _whole(environment: Mapping[str, str], limit: Limit, public: bool) -> int:
    text = environment.get(limit.variable, "").strip()
    if not text:
        return limit.public if public else limit.private
    if not (text.isascii() and text.isdigit() and len(text) < 10 and limit.low <= int(text) <= limit.high):
        raise BadLimit(
            f"{limit.variable}={text[:40]!r} is not a whole number from {limit.low} to {limit.high} ({limit.about})"
        )
    return int(text)


def _models(environment: Mapping[str, str], public: bool) -> tuple[str, ...]:
    """The names offered, in the order given; the first is the one that a form opens with."""
    text = environment.get(MODELS, "").strip()
    if not text:
        return OFFERED if public else tuple(CATALOGUE)
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in CATALOGUE:
            raise BadLimit(f"{MODELS}: {name[:80]!r} is not one of {', '.join(CATALOGUE)}")
    if not names:
        raise BadLimit(f"{MODELS}={text[:40]!r} names no model; write names with commas between")
    return names


def stopping_for(stop: Event, seconds: float | None = None) -> Callable[[], FinishReason | None]:
    """Asked at every step: was Stop pressed, is the server to end, is the run's time up? Its clock starts now."""
    allowed = limits().run_seconds or float("inf")
    allowed = min(allowed, float("inf") if seconds is None else seconds)
    until = monotonic() + allowed

    def reason() -> FinishReason | None:
        if stop.is_set() or CLOSING.is_set():
            return "cancelled"
        return "deadline" if monotonic() >= until else None

    return reason


def too_long(what: str) -> str:
    """That the time of one run was up, and what became of it."""
    return words.TIME_LIMIT.format(seconds=limits().run_seconds) + what
