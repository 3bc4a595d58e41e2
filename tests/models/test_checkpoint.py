"""A folder that is not what it seems is refused in one line, before it is believed; a whole one loads as it is."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as hf
from safetensors.torch import load_file, save_file
from torch import Tensor

from accel.errors import InputError
from accel.models import load as loading
from accel.models.checkpoint import read_library
from accel.models.errors import ModelRefused
from accel.models.fingerprint import fingerprint
from accel.models.load import load
from accel.models.unavailable import ModelUnavailable
from tests.families import _GROUPED, FAMILIES, build
from tests.tiny import save_tiny, tiny_tokenizer

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n"
Weights = dict[str, Tensor]


@pytest.fixture(autouse=True)
def nothing_loaded() -> Any:
    loading._loaded.clear()
    yield
    loading._loaded.clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole model with a head of its own."""
    path = tmp_path / "model"
    build(hf.LlamaConfig(**_GROUPED, tie_word_embeddings=False)).save_pretrained(path)
    tiny_tokenizer().save_pretrained(path)
    return path


def rewrite(folder: Path, change: Callable[[Weights], Weights]) -> None:
    file = folder / "model.safetensors"
    save_file(change(load_file(file)), file, metadata={"format": "pt"})


def set_config(folder: Path, **fields: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **fields}))


def refusal(folder: Path) -> str:
    """The one line that a folder is refused with."""
    with pytest.raises((ModelUnavailable, ModelRefused, InputError)) as caught:
        load(str(folder), dtype="float32", device="cpu")
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 700
    return message


def without(part: str) -> Callable[[Weights], Weights]:
    return lambda weights: {name: value for name, value in weights.items() if part not in name}


CHANGES: dict[str, tuple[Callable[[Weights], Weights], str]] = {
    "no head": (without("lm_head"), "lack lm_head.weight"),
    "no third layer": (
        without("layers.2."),
        r"lack model\.layers\.2\.input_layernorm\.weight.* more tensors",
    ),
    "other names": (
        lambda weights: {f"module.{name}": value for name, value in weights.items()},
        r"lack lm_head\.weight.* hold module\.lm_head\.weight.*does not describe",
    ),
    "a fourth layer": (
        lambda weights: (
            weights
            | {name.replace(".2.", ".3."): value.clone() for name, value in weights.items() if ".2." in name}
        ),
        r"hold model\.layers\.3\.input_layernorm\.weight.*does not describe",
    ),
    "a bias that is not used": (
        lambda weights: weights | {"model.layers.0.self_attn.q_proj.bias": torch.ones(32)},
        r"hold model\.layers\.0\.self_attn\.q_proj\.bias",
    ),
    "a name of two lines": (
        lambda weights: weights | {"a\nb\u202e": torch.ones(1)},
        r"hold a\?b\?, which its config\.json does not describe",
    ),
    "a shape": (
        lambda weights: weights | {"lm_head.weight": weights["lm_head.weight"][:50].clone()},
        r"hold lm_head\.weight as \[50, 32\] where its config\.json describes \[99, 32\]",
    ),
    "whole numbers": (
        lambda weights: weights | {"lm_head.weight": weights["lm_head.weight"].int()},
        r"holds lm_head\.weight as I32",
    ),
    "not a number": (
        lambda weights: weights | {"lm_head.weight": weights["lm_head.weight"] * torch.nan},
        "logits are not finite",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_weights_that_are_not_the_configurations_are_refused_by_name(folder: Path, change: str) -> None:
    rewrite(folder, CHANGES[change][0])

    assert re.search(CHANGES[change][1], refusal(folder))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_loads_whole_with_its_own_weights(tmp_path: Path, family: str) -> None:
    library = FAMILIES[family]()
    library.save_pretrained(tmp_path)
    read = read_library(tmp_path, name=family, device="cpu", dtype=torch.float32)
    assert fingerprint(read.state_dict(), read.config.to_dict()) == fingerprint(
        library.state_dict(), library.config.to_dict()
    )


def test_a_tied_head_may_be_left_out_or_listed(tmp_path: Path) -> None:
    build(hf.LlamaConfig(**_GROUPED, tie_word_embeddings=True)).save_pretrained(tmp_path)
    prints = {load(str(tmp_path), dtype="float32").info.fingerprint}
    rewrite(
        tmp_path, lambda weights: weights | {"lm_head.weight": weights["model.embed_tokens.weight"].clone()}
    )
    prints.add(load(str(tmp_path), dtype="float32").info.fingerprint)
    assert len(prints) == 1


def test_masks_of_older_releases_may_stand_in_a_file(tmp_path: Path) -> None:
    FAMILIES["gpt2"]().save_pretrained(tmp_path)
    old = {
        "transformer.h.0.attn.bias": torch.ones(1, 1, 256, 256),
        "transformer.h.0.attn.masked_bias": torch.ones(1),
    }
    rewrite(tmp_path, lambda weights: weights | old)
    assert load(str(tmp_path), dtype="float32").layers.num_layers == 3


SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]


@pytest.fixture
def sharded(folder: Path) -> Path:
    """The same in two files and an index."""
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    places = {name: SHARDS[number % 2] for number, name in enumerate(weights)}
    for shard in SHARDS:
        part = {name: value for name, value in weights.items() if places[name] == shard}
        save_file(part, folder / shard, metadata={"format": "pt"})
    index = {"metadata": {"total_size": 1}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def test_a_model_in_two_files_is_read(sharded: Path) -> None:
    assert load(str(sharded), dtype="float32").layers.num_layers == 3


def test_a_file_in_the_place_of_another_is_noticed(sharded: Path) -> None:
    (sharded / SHARDS[1]).write_bytes((sharded / SHARDS[0]).read_bytes())
    assert "as another of its files does" in refusal(sharded)


@pytest.mark.parametrize(
    ("index", "said"),
    [
        ("{", "is not valid JSON"),
        ("[]", "not an object"),
        ('{"weight_map": 3}', "no weight_map"),
        ('{"weight_map": {"a": "../model.safetensors"}}', "no safetensors file of the folder"),
        ('{"weight_map": {"a": "/etc/passwd"}}', "no safetensors file of the folder"),
        ('{"weight_map": {"a": "other.safetensors"}}', "names other.safetensors, which is missing"),
        (LFS, "Git LFS pointer"),
    ],
)
def test_a_broken_index_is_named(sharded: Path, index: str, said: str) -> None:
    (sharded / "model.safetensors.index.json").write_text(index)
    assert said in refusal(sharded)


@pytest.mark.parametrize(
    "file",
    ["model.safetensors", "config.json", "tokenizer.json", "generation_config.json", "tokenizer_config.json"],
)
def test_a_pointer_in_the_place_of_a_file_is_named_with_its_remedy(folder: Path, file: str) -> None:
    (folder / file).write_text(LFS)
    message = refusal(folder)
    assert message.startswith(f"model: {file} in ")
    assert message.endswith("is a Git LFS pointer, not the file itself: run `git lfs pull` in the folder")


@pytest.mark.parametrize("kept", [0, 4, 9, 300, 5000, -1])
def test_weights_that_are_cut_off_are_named(folder: Path, kept: int) -> None:
    file = folder / "model.safetensors"
    os.truncate(file, kept % file.stat().st_size)
    assert "cut off" in refusal(folder)


NOT_FILES: dict[str, Callable[[Path], None]] = {
    "a folder": lambda path: path.mkdir(),
    "a link in a circle": lambda path: path.symlink_to(path.name),
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a pipe": lambda path: os.mkfifo(path),
}


@pytest.mark.skipif(os.name == "nt", reason="POSIX files")
@pytest.mark.parametrize("kind", NOT_FILES)
@pytest.mark.parametrize(
    "file", ["config.json", "model.safetensors", "tokenizer.json", "special_tokens_map.json"]
)
def test_what_is_no_file_is_refused_and_never_waited_for(folder: Path, file: str, kind: str) -> None:
    (folder / file).unlink(missing_ok=True)
    NOT_FILES[kind](folder / file)
    assert file in refusal(folder) or "model.safetensors" in refusal(folder)


HOSTILE: dict[str, Any] = {
    "100,000 layers": {"num_hidden_layers": 100_000},
    "ten million layers": {"num_hidden_layers": 10**7},
    "labels": {"num_labels": 10**8},
    "a huge number": {"vocab_size": 10**4000},
    "wide": {"hidden_size": 2**30, "num_attention_heads": 4},
    "words": {"vocab_size": 2**31 - 1},
    "between": {"intermediate_size": 2**31 - 1},
    "another file of weights": {"transformers_weights": "other.safetensors"},
    "another configuration": {"configuration_files": ["config.5.0.0.json"]},
    "end tokens": {"eos_token_id": {"a": 1}},
    "not a number": {"hidden_size": "32"},
    "negative": {"num_hidden_layers": -1},
    "nothing": {"num_hidden_layers": 0},
    "half a head": {"num_attention_heads": 3},
    "no kind": {"model_type": None},
    "a kind that is not text": {"model_type": "vit"},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_configuration_is_bounded_before_anything_is_made_of_it(folder: Path, kind: str) -> None:
    set_config(folder, **HOSTILE[kind])
    began = time.perf_counter()
    refusal(folder)
    assert time.perf_counter() - began < 10


def test_a_configuration_of_sixty_megabytes_is_not_read(folder: Path) -> None:
    set_config(folder, padding=["x" * 1000] * 60_000)
    began = time.perf_counter()
    assert "at most 1 MB are read" in refusal(folder)
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "[" * 200_000, '{"a": 1' + "0" * 5000 + "}", "\0", "\ufeff{}"]
)
def test_a_configuration_that_is_no_json_object_is_named(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    assert "config.json" in refusal(folder)


def test_a_changed_folder_is_read_again(tmp_path: Path) -> None:
    def saved(seed: int) -> Any:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = hf.LlamaForCausalLM(hf.LlamaConfig(**_GROUPED))
        model.save_pretrained(tmp_path)
        return load(str(tmp_path), dtype="float32")

    first = saved(1)
    assert load(str(tmp_path), dtype="float32") is first
    second = saved(2)
    assert second.info.fingerprint != first.info.fingerprint
    assert load(str(tmp_path), dtype="float32") is second


def test_the_library_is_not_read_from_a_folder_that_changed(tmp_path: Path) -> None:
    name = save_tiny(tmp_path)
    model = load(name, dtype="float32")
    rewrite(tmp_path, lambda weights: {key: value * 2 for key, value in weights.items()})
    if not model.layers.is_packed:  # type: ignore[attr-defined]
        pytest.skip("weights are not packed on this processor, so the library's model is kept")
    with pytest.raises(ModelUnavailable, match="changed since it was loaded: load it again"):
        _ = model.library
