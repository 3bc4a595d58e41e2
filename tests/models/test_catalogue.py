"""Names of models: the catalogue, local folders and hub ids, and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from accel.errors import InputError
from accel.models import catalogue, embedded
from accel.models.catalogue import CATALOGUE, Embedded, resolve
from accel.models.hub import HubId
from accel.models.unavailable import ModelUnavailable

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
def local(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    return tmp_path


def test_the_default_needs_no_hub() -> None:
    assert resolve(catalogue.DEFAULT, private=False) == Embedded()
    assert next(iter(CATALOGUE)) == catalogue.DEFAULT == "smollm2-135m"


def test_every_entry_is_found_by_its_name_and_described() -> None:
    for name, entry in CATALOGUE.items():
        assert entry.name == name
        assert resolve(name, private=False) == entry.place
        assert entry.parameters > 10**8
        assert 0 < len(entry.about) < 60


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "smollm2-135M",
        "../../etc",
        "../x",
        "x/..",
        "..//..",
        "./.",
        "/etc",
        "/etc/passwd",
        "C:\\Windows\\x",
        "file:///etc/passwd",
        "http://169.254.169.254/x",
        "https://huggingface.co/a/b",
        "user/repo;rm",
        "user/repo/more",
        "user/repo\n",
        "user/$(id)",
        "user/re po",
        "user/re..po",
        "user/re--po",
        "-user/repo",
        "user/.repo",
        "gооgle/gemma",  # Cyrillic letters
        "a" * 97 + "/b",
        "a/" + "b" * 100_000,
        "a\0b/c",
        "\ud800/x",
        "\ud800" * 1000,
        "~nobody/x",
        "smollm2-135m\0",
        ["smollm2-135m"] * 1000,
        {"a": 1},
        None,
        7,
    ],
)
@pytest.mark.parametrize("private", [True, False])
def test_hostile_names_are_refused_in_one_short_line(name: str, private: bool) -> None:
    with pytest.raises(InputError) as caught:
        resolve(name, private=private)
    message = str(caught.value)
    assert message.startswith("model: ")
    assert caught.value.field == "model"
    assert "\n" not in message
    assert len(message.split(" is unknown: ")[0]) < 160
    message.encode()


def test_an_unknown_name_is_answered_with_the_choices() -> None:
    with pytest.raises(InputError, match=r"'smol' is unknown: choose one of smollm2-135m, .*; or a hub id"):
        resolve("smol")
    with pytest.raises(InputError, match=r"openai-community/gpt2$"):
        resolve("smol", private=False)


def test_any_hub_id_and_folder_only_where_private(local: Path) -> None:
    assert resolve("someone/Some.model_v1-2") == HubId("someone/Some.model_v1-2")
    assert resolve(str(local)) == local
    for name in ("someone/some-model", str(local)):
        with pytest.raises(InputError, match="is unknown"):
            resolve(name, private=False)


def test_a_folder_goes_before_a_hub_id(local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(local.parent.parent)
    assert resolve(f"{local.parent.name}/{local.name}") == local


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "has no config.json"),
        ({"model.safetensors": ""}, "has no config.json"),
        ({"config.json": "{}"}, "holds no safetensors"),
        ({"config.json": "{}", "pytorch_model.bin": ""}, "only pickled weights, which are never loaded"),
        ({"config.json": "{}", "adapter_config.json": "{}"}, "holds an adapter"),
        ({"config.json": "{}", "model.gguf": ""}, "holds a GGUF file"),
        ({"config.json": "{}", "model.pt": ""}, "only pickled weights, which are never loaded"),
        (
            {
                "config.json": "{}",
                "model-1.safetensors": "",
                "model.safetensors.index.json": json.dumps({"weight_map": {"a": "model-2.safetensors"}}),
            },
            "names model-2.safetensors, which is missing",
        ),
    ],
)
def test_a_folder_that_is_no_model_is_refused_with_the_reason(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises((InputError, ModelUnavailable), match=said):
        resolve(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("https://huggingface.co/Qwen/Qwen3-0.6B", "is a web address: write Qwen/Qwen3-0.6B"),
        ("https://huggingface.co/Qwen/Qwen3-0.6B/tree/main", "is a web address: write Qwen/Qwen3-0.6B"),
        ("https://example.org", "is a web address: write a hub id"),
        ('"./my model"', "has quotes or spaces around it: leave them out"),
        ("models/x.gguf", "is a file: give a folder .*GGUF is not read"),
        ("./models/model.safetensors", "is a file: give a folder"),
        ("./modles/tiny", "neither a folder on this machine nor a hub id"),
        ("~/modles/tiny", "neither a folder on this machine nor a hub id"),
        (".\\modles\\tiny", "neither a folder on this machine nor a hub id"),
    ],
)
def test_what_was_meant_is_answered_without_the_whole_catalogue(name: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        resolve(name)
    assert "openai-community" not in str(caught.value)


def test_hub_models_are_pinned_to_a_commit() -> None:
    open_ones = {name for name, entry in CATALOGUE.items() if getattr(entry.place, "revision", "") is None}
    assert open_ones == {"facebook/layerskip-llama3.2-1B"}  # gated, its commit not on record
    for commit in catalogue.COMMITS.values():
        assert re.fullmatch("[0-9a-f]{40}", commit)
    assert catalogue.COMMITS.keys() <= CATALOGUE.keys()


def test_a_local_folders_config_is_checked(local: Path) -> None:
    seen: list[str] = []
    assert catalogue.folder(str(local), check=lambda config: seen.append(config.model_type)) == local
    assert seen == ["llama"]


def test_the_embedded_model_is_brought(monkeypatch: pytest.MonkeyPatch, local: Path) -> None:
    monkeypatch.setattr(embedded, "folder", lambda progress: local)
    assert catalogue.folder("smollm2-135m", private=False) == local


def test_names_are_known_without_heavy_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    code = (
        "import sys, accel.models.catalogue\n"
        "print([m for m in ('torch', 'transformers', 'huggingface_hub', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
