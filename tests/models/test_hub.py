"""What is downloaded from the hub, in which order, and what failures say. A small hub of our own answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from accel.models.hub import HubId, fetch
from accel.models.unavailable import ModelUnavailable

LLAMA = json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"]}).encode()
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class SmallHub:
    """Serves a few repositories as the hub does, and remembers which files were asked for."""

    def __init__(self) -> None:
        self.repos: dict[str, dict[str, bytes]] = {}
        self.gated: set[str] = set()
        self.asked: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.answer(self, body=True)

            def do_HEAD(self) -> None:
                hub.answer(self, body=False)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, request: BaseHTTPRequestHandler, *, body: bool) -> None:
        parts = request.path.split("?")[0].strip("/").split("/")
        repo = "/".join(parts[2:4] if parts[0] == "api" else parts[:2])
        files = self.repos.get(repo)
        if files is None:
            return self.send(request, 404, b"{}", {"X-Error-Code": "RepoNotFound"})
        if repo in self.gated:
            return self.send(request, 403, b"{}", {"X-Error-Code": "GatedRepo"})
        if parts[0] == "api":
            siblings = [{"rfilename": name, "size": len(content)} for name, content in files.items()]
            return self.send(
                request, 200, json.dumps({"id": repo, "sha": COMMIT, "siblings": siblings}).encode(), {}
            )
        name = "/".join(parts[4:])
        if body:
            self.asked.append(name)
        headers = {"ETag": f'"{abs(hash((repo, name))):x}"', "X-Repo-Commit": COMMIT}
        return self.send(request, 200, files[name], headers, body=body)

    @staticmethod
    def send(
        request: BaseHTTPRequestHandler,
        status: int,
        content: bytes,
        headers: dict[str, str],
        *,
        body: bool = True,
    ) -> None:
        request.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            request.send_header(name, value)
        request.end_headers()
        if body:
            request.wfile.write(content)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallHub]:
    from huggingface_hub import constants

    small = SmallHub()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", small.url)
    template = f"{small.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    thread = Thread(target=small.server.serve_forever, args=(0.01,))
    thread.start()
    yield small
    small.server.shutdown()
    small.server.server_close()
    thread.join()


def test_config_first_weights_last_and_no_pickles_or_code(hub: SmallHub) -> None:
    hub.repos["small/llama"] = {
        "model.safetensors": b"w" * 9000,
        "consolidated.safetensors": b"w" * 9000,
        "tokenizer.json": b"{}",
        "config.json": LLAMA,
        "chat_template.jinja": b"{{ messages }}",
        "pytorch_model.bin": b"pickle",
        "modeling_llama.py": b"import os",
        "onnx/model.safetensors": b"w",
        "README.md": b"#",
    }
    told: list[float] = []
    seen: list[str] = []
    folder = fetch(
        HubId("small/llama"),
        lambda stage, fraction: told.append(fraction),
        lambda config: seen.append(f"{config.model_type} after {hub.asked}"),
    )
    assert seen == ["llama after ['config.json']"]
    assert hub.asked[-1] == "model.safetensors"
    names = ["chat_template.jinja", "config.json", "model.safetensors", "tokenizer.json"]
    assert sorted(hub.asked) == sorted(path.name for path in folder.iterdir()) == names
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


def test_what_is_cached_is_used_without_the_network(hub: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.repos["small/llama"] = {"config.json": LLAMA, "model.safetensors": b"w"}
    folder = fetch(HubId("small/llama"))
    hub.repos.clear()
    seen: list[str] = []
    assert fetch(HubId("small/llama"), check=lambda config: seen.append(config.model_type)) == folder
    assert seen == ["llama"]


def test_a_half_cached_model_is_completed(hub: SmallHub) -> None:
    index = json.dumps({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}).encode()
    files = {"config.json": LLAMA, "model.safetensors.index.json": index, "model-1.safetensors": b"1"}
    hub.repos["small/llama"] = {**files, "model-2.safetensors": b"2"}
    folder = fetch(HubId("small/llama"))
    (folder / "model-2.safetensors").unlink()
    assert (fetch(HubId("small/llama")) / "model-2.safetensors").read_bytes() == b"2"


def test_a_refused_config_costs_no_weights(hub: SmallHub) -> None:
    def check(config: object) -> None:
        raise ZeroDivisionError

    hub.repos["small/llama"] = {"config.json": LLAMA, "model.safetensors": b"w"}
    with pytest.raises(ZeroDivisionError):
        fetch(HubId("small/llama"), check=check)
    assert hub.asked == ["config.json"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"config.json": LLAMA, "pytorch_model.bin": b"pickle"}, "no safetensors weights .pickled"),
        ({"config.json": LLAMA, "onnx/model.safetensors": b"w"}, "no safetensors weights"),
        ({"model.safetensors": b"w"}, "has no config.json"),
        ({"config.json": LLAMA, "model.safetensors": b"w" * 2000}, "more than the 0 GB allowed"),
        ({"config.json": b"{", "model.safetensors": b"w"}, "config.json in .* is not valid JSON"),
        ({"config.json": b'{"model_type": "unheard"}', "model.safetensors": b"w"}, "cannot be used"),
    ],
)
def test_what_is_not_a_model_is_refused_before_its_weights(
    hub: SmallHub, files: dict[str, bytes], said: str
) -> None:
    hub.repos["small/odd"] = files
    with pytest.raises(ModelUnavailable, match=said):
        fetch(HubId("small/odd"), check=lambda config: None, max_bytes=1500)
    assert "model.safetensors" not in hub.asked


def test_gated_and_unknown_are_told_apart(hub: SmallHub) -> None:
    hub.repos["small/gated"] = {}
    hub.gated.add("small/gated")
    with pytest.raises(ModelUnavailable, match=r"small/gated asks for consent: .*hf auth login"):
        fetch(HubId("small/gated"))
    with pytest.raises(ModelUnavailable, match="the hub has no model small/none"):
        fetch(HubId("small/none"))


def test_no_network_is_named(hub: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nobody listens
    with pytest.raises(
        ModelUnavailable, match=r"small/llama is not on this machine and the hub is out of reach"
    ):
        fetch(HubId("small/llama"))


def test_offline_mode_is_kept(hub: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    hub.repos["small/llama"] = {"config.json": LLAMA, "model.safetensors": b"w"}
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelUnavailable, match="out of reach"):
        fetch(HubId("small/llama"))
    assert hub.asked == []


def test_a_cache_that_cannot_be_written_names_the_hubs_own_variable(
    hub: SmallHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.repos["small/llama"] = {"model.safetensors": b"w" * 9000, "config.json": LLAMA}
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "file" / "hub"))
    with pytest.raises(ModelUnavailable, match=r"cannot write .* set HF_HUB_CACHE to a folder that is$"):
        fetch(HubId("small/llama"))
