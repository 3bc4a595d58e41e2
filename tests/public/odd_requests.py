"""Requests that no browser sends, made from a seed: odd methods, paths, encodings, headers, bodies and sizes."""

from __future__ import annotations

import json
from random import Random
from typing import Any

METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "get", "X" * 30)
READ = (
    "/", "/config", "/theme.css", "/robots.txt", "/manifest.json", "/favicon.ico", "/static/img/logo.svg", "/assets/x",
    "/gradio_api/info", "/gradio_api/openapi.json", "/gradio_api/app_id", "/gradio_api/startup-events",
    "/gradio_api/upload_progress?upload_id=x", "/gradio_api/queue/data?session_hash=x", "/gradio_api/queue/status",
    "/gradio_api/call/trace/x", "/gradio_api/file=/etc/passwd", "/gradio_api/heartbeat/x", "/svelte/../config",
    "/gradio_api/call/v2/whatif/x", "/gradio_api/mcp/", "/gradio_api/dev/reload", "/gradio_api/login_check",
)  # fmt: skip
SENT = (
    "/gradio_api/run/predict", "/gradio_api/run/predict", "/gradio_api/queue/join", "/gradio_api/queue/join",
    "/gradio_api/upload", "/gradio_api/upload?upload_id=x", "/gradio_api/cancel", "/gradio_api/reset",
    "/gradio_api/run/trace", "/gradio_api/api/schema", "/gradio_api/call/traces", "/gradio_api/call/decode",
    "/gradio_api/call/v2/whatif", "/gradio_api/call/v2/decode", "/gradio_api/component_server", "/gradio_api/mcp/",
)  # fmt: skip
PIECES = (
    "%00", "%0a", "%ff", "%e2%82", "..", "%2e%2e/", "//", "\\", "%", "%zz", "é", "\u202e", "x" * 300, "?", "#", ";",
    "[", "]", "{}", "http://127.0.0.1:1/", "%25%32%35", " ", "%20", "~", "=", "&", "+", "%c0%af",
)  # fmt: skip
QUERIES = (
    "page",
    "deep_link",
    "session_hash",
    "upload_id",
    "trace",
    "tab",
    "__theme",
    "all_endpoints",
    "view",
)
HEADERS = (
    "range", "origin", "accept", "accept-encoding", "accept-language", "content-type", "cookie", "x-forwarded-host",
    "x-forwarded-proto", "x-forwarded-for", "x-gradio-server", "forwarded", "if-none-match", "if-modified-since",
    "authorization", "expect", "upgrade", "connection", "referer", "user-agent", "content-encoding", "x-gradio-user",
    "access-control-request-method", "sec-fetch-site", "if-range", "te", "trailer", "last-event-id",
)  # fmt: skip
VALUES = (
    "", "null", "*", "bytes=1-2-3", "bytes=5-1", "bytes=-0", "bytes=99999999999999999999-", "http://[", "http://x:y",
    "gzip, br;q=nan", "br;q=0", "text/html; charset=utf-7", "multipart/form-data", "multipart/form-data; boundary=",
    "multipart/form-data; boundary=b", "application/json", "application/json; charset=utf-16", "x" * 5000, "a=b; c",
    "100-continue", "websocket", "upgrade, close", "Basic !!!", "Thu, 99 Foo 9999", "\xe9\xff", "127.0.0.1, x",
    'W/"x', "-1", "0", "identity", "chunked",
)  # fmt: skip
FIELDS = (
    "data",
    "fn_index",
    "session_hash",
    "event_data",
    "trigger_id",
    "event_id",
    "batched",
    "simple_format",
)
SCALARS: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3, 7, 18, 26, 31, 10**9, 10**40, 1.5, -0.0, float("nan"), float("inf"), "", "x",
    "x" * 4000, "\0", "\ud83d", "\u202e<img>", "/etc/passwd", "http://127.0.0.1:1/x", "suffix", "__proto__", "1e999",
)  # fmt: skip


def odd_request(random: Random, host: str) -> bytes:
    """One request, as bytes on a connection: most are odd in one thing only, so that they get far."""
    wild = random.random() < 0.3
    method = random.choice(METHODS) if wild else random.choice(METHODS[:2])
    path = random.choice(SENT if (method == "POST") is (random.random() < 0.95) else READ)
    body, kind = _body(random, "upload" in path) if method == "POST" or wild else (b"", "text/plain")
    lines = [f"{method} {_target(random, path, wild)} HTTP/1.1"]
    lines.append(f"host: {random.choice(VALUES) if wild and random.random() < 0.2 else host}")
    if body:
        lines.append(f"content-type: {kind if random.random() < 0.95 else random.choice(VALUES)}")
    for _ in range(random.choice((0, 0, 1, 2, 5))):
        lines.append(f"{random.choice(HEADERS)}: {random.choice(VALUES)}")
    if body and random.random() < 0.15:
        lines.append("transfer-encoding: chunked")
        body = _in_chunks(random, body)
    elif body and random.random() < 0.98:
        lines.append(
            f"content-length: {len(body) + (random.choice((0, 0, 0, 0, -1, 1, 10**12)) if wild else 0)}"
        )
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body


def _target(random: Random, path: str, wild: bool) -> str:
    for _ in range(random.choice((0, 1, 2)) if wild else random.random() < 0.1):
        at = random.randrange(len(path) + 1)
        path = path[:at] + random.choice(PIECES) + path[at:]
    asked = [f"{random.choice(QUERIES)}={random.choice(PIECES)}" for _ in range(random.choice((0, 0, 1, 3)))]
    target = path + ("&" if "?" in path else "?") + "&".join(asked) if asked else path
    return target.replace(" ", "%20")


def _body(random: Random, upload: bool) -> tuple[bytes, str]:
    """A body and the type it goes by."""
    if upload and random.random() < 0.9:
        return _form(random), "multipart/form-data; boundary=b"
    which = random.random()
    if which < 0.08:
        return random.choice((b"[", b'{"a":', b"[],", b"{},")) * random.choice(
            (1, 1000, 200_000)
        ), "application/json"
    if which < 0.12:
        return random.randbytes(random.choice((0, 1, 100, 70_000))), random.choice(VALUES)
    form: dict[str, Any] = {
        "fn_index": random.randrange(33),
        "session_hash": random.choice(("one", "two", "three")),
    }
    form["data"] = [_value(random, 3) for _ in range(random.choice((1, 3, 60, 60, 60)))]
    form["event_data"] = {name: _value(random, 2) for name in ("index", "slug", "kind")}
    if random.random() < 0.3:
        form[random.choice(FIELDS)] = _value(random, 3)
    if random.random() < 0.2:  # as the second version of the API and `cancel` read it
        form |= {
            "prompt": _value(random, 1),
            "knobs": _value(random, 2),
            "name": _value(random, 1),
            "event_id": "x",
        }
    return json.dumps(form if random.random() < 0.95 else _value(random, 5)).encode(), "application/json"


def _form(random: Random) -> bytes:
    parts = []
    for _ in range(random.choice((0, 1, 1, 3))):
        name = random.choice(('"files"', '"other"', "files", '""', '"\xff"', ""))
        file = random.choice(
            ('; filename="t.jsonl"', "", '; filename="../../x"', '; filename=""', '; filename="\0"')
        )
        head = f"content-disposition: form-data; name={name}{file}".encode("latin-1")
        parts.append(
            b"--b\r\n" + head + b"\r\n\r\n" + random.randbytes(random.choice((0, 10, 5000))) + b"\r\n"
        )
    end = random.choice((b"--b--\r\n", b"--b--\r\n", b"--b", b"", b"--c--"))
    return b"".join(parts) + end


def _value(random: Random, depth: int) -> Any:
    which = random.random() if depth else 0.0
    if which < 0.6:
        return random.choice(SCALARS)
    if which < 0.8:
        return [_value(random, depth - 1) for _ in range(random.randrange(4))]
    names = ("path", "url", "meta", "index", "kind", "slug", "value", "_type", "__type__")
    made = {random.choice(names): _value(random, depth - 1) for _ in range(random.randrange(4))}
    return {"path": "/x", "meta": {"_type": "gradio.FileData"}} if random.random() < 0.2 else made


def _in_chunks(random: Random, body: bytes) -> bytes:
    size = max(1, len(body) // 3)
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    sent = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return sent + random.choice((b"0\r\n\r\n", b"0\r\n\r\n", b"", b"zz\r\n", b"-1\r\n"))
