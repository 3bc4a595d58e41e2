"""Ways to damage a model folder, by name; each takes the folder and a source of chance, and may say what it did."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import torch
from safetensors.torch import load_file, save_file

Weights = dict[str, torch.Tensor]
Damage = Callable[[Path, Random], str | None]

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n"
NASTY: list[Any] = [
    None, -1, 0, 1, 3, 7, 64, 100, 10**6, 2**31 - 1, 2**31, 2**63, 10**100, -(10**9), 0.5, 1e308, float("nan"),
    float("inf"), "abc", "", "32", [], {}, True, False, [1, 2], {"a": 1}, [[[]]], "\u202e\n", "x" * 5000,
]  # fmt: skip
FILES = (
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja",
    "model.safetensors",
)  # fmt: skip
TEXTS = {
    "empty": "", "cut": '{"a": ', "list": "[1]", "null": "null", "deep": "[" * 200_000, "bom": "\ufeff{}",
    "nul": "\0" * 100, "page": "<!DOCTYPE html><html></html>", "pointer": LFS, "annex": "/annex/objects/MD5-s1--x",
    "object": "{}", "number": "1" * 5000, "twice": '{"vocab_size": 1, "vocab_size": 99}', "words": "hello",
    "megabytes": '{"a": "' + "x" * 3_000_000 + '"}',
}  # fmt: skip
TYPES = [
    "gpt2", "mistral", "qwen2", "qwen3", "gemma", "bloom", "mamba", "t5", "bert", "vit", "nothing", "", "deepseek_v3",
    "phi3", "olmo2", "mixtral", "../../x", "llama4_text", "gemma3n_text", "falcon", "opt", "granite", "cohere",
]  # fmt: skip
EXTRA: dict[str, Any] = {
    "num_labels": 10**9, "auto_map": {"AutoModelForCausalLM": "evil.Evil"}, "quantization_config": {"bits": 4},
    "transformers_weights": "../x.safetensors", "configuration_files": ["config.9.9.9.json"], "fusion_config": {"a": 1},
    "rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4, "factor": 1e9}, "rope_scaling": {"type": "linear"},
    "layer_types": ["full_attention"], "sliding_window": -5, "attn_implementation": "evil/kernel", "dtype": "int8",
    "architectures": ["Nothing"], "tie_word_embeddings": True, "head_dim": 3, "is_encoder_decoder": True,
    "_attn_implementation": "flash_attention_9", "id2label": {"a": 1}, "pruned_heads": {"a": [1]}, "rms_norm_eps": "x",
    "rope_theta": 0, "hidden_act": "nothing", "attention_bias": True, "mlp_bias": True, "use_cache": "no",
    "experts_implementation": "evil/kernel", "attention_dropout": 2, "pretraining_tp": 10**9,
}  # fmt: skip
TEMPLATES = [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{{ 'a' * 10 ** 11 }}",
    "{% for %}",
    "{{ raise_exception('no\nwords') }}",
    "{{ messages[5].content }}",
    "",
    "{{ ''.__class__ }}",
    "{{ 1 / 0 }}",
    "\0",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{{ messages[0].content * 3000 }}",
]


def _weights(folder: Path, chance: Random) -> tuple[Path, Weights]:
    file = chance.choice(sorted(folder.glob("*.safetensors")))
    return file, load_file(file)


def _changed(change: Callable[[Weights, str, Random], str | None]) -> Damage:
    """A damage of the tensors of one file, given one of their names."""

    def damage(folder: Path, chance: Random) -> str:
        file, weights = _weights(folder, chance)
        name = chance.choice(sorted(weights))
        said = change(weights, name, chance)
        save_file(
            {key: value.contiguous() for key, value in weights.items()}, file, metadata={"format": "pt"}
        )
        return f"{name} {said or ''}"

    return damage


def _rename(weights: Weights, name: str, chance: Random) -> str:
    new = chance.choice(
        [name + "x", "module." + name, name.upper(), "", "a" * 500, name.replace("layers", "h"), "é\n"]
    )
    weights[new] = weights.pop(name)
    return repr(new)[:60]


def _prefix_all(weights: Weights, name: str, chance: Random) -> str:
    prefix = chance.choice(["module.", "model.", "_orig_mod.", "transformer.", "base_model.model."])
    for key in list(weights):
        weights[prefix + key] = weights.pop(key)
    return prefix


def _cast(weights: Weights, name: str, chance: Random) -> str:
    kinds = [torch.float16, torch.bfloat16, torch.float64, torch.int8, torch.int64, torch.bool, torch.uint8]
    kind = chance.choice([*kinds, torch.float8_e4m3fn, torch.complex64])
    weights[name] = weights[name].to(kind)
    return str(kind)


def _reshape(weights: Weights, name: str, chance: Random) -> str:
    value = weights[name]
    shapes = [value.T if value.dim() == 2 else value, value.reshape(-1), value[:3], value[None], value[:0]]
    weights[name] = chance.choice(shapes).clone()
    return str(list(weights[name].shape))


def _poison(weights: Weights, name: str, chance: Random) -> str:
    value = chance.choice([float("nan"), float("inf"), 1e30, 0.0, -1e-30])
    flat = weights[name].view(-1)
    flat[: max(1, int(len(flat) * chance.choice([0.001, 0.5, 1.0])))] = value
    return str(value)


def _swap(weights: Weights, name: str, chance: Random) -> str:
    other = chance.choice(sorted(weights))
    weights[name], weights[other] = weights[other].clone(), weights[name].clone()
    return other


def _bytes(change: Callable[[bytearray, Random], str | None]) -> Damage:
    """A damage of the bytes of any file."""

    def damage(folder: Path, chance: Random) -> str:
        file = chance.choice([path for path in sorted(folder.iterdir()) if path.is_file()])
        content = bytearray(file.read_bytes())
        said = change(content, chance)
        file.write_bytes(content)
        return f"{file.name} {said or ''}"

    return damage


def _flip(content: bytearray, chance: Random) -> str:
    count = chance.choice([1, 1, 10, 1000])
    for _ in range(count):
        content[chance.randrange(min(len(content), chance.choice([16, 3000, 10**9])))] = chance.randrange(256)
    return str(count)


def _zero(content: bytearray, chance: Random) -> str:
    start, length = chance.randrange(len(content)), chance.choice([1, 64, 4096, 10**9])
    end = min(len(content), start + length)
    content[start:end] = bytes(end - start)
    return f"{start} to {end}"


def _cut(content: bytearray, chance: Random) -> str:
    del content[chance.choice([0, 4, 8, 9, len(content) - 1, chance.randrange(len(content))]) :]
    return str(len(content))


def _header(folder: Path, chance: Random) -> str:
    """Other numbers in the header of a file of weights."""
    file, _ = _weights(folder, chance)
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    name = chance.choice([key for key in header if key != "__metadata__"])
    field = chance.choice(["dtype", "shape", "data_offsets"])
    header[name][field] = chance.choice(
        [*NASTY, "F32", "Q4", [10**9, 10**9], [0, 0], [8, 4], [-1, 4], [0, 2**63]]
    )
    text = json.dumps(header).encode()
    size = chance.choice([len(text)] * 6 + [2**62, 0, 10**8])
    file.write_bytes(size.to_bytes(8, "little") + text + content[8 + length :])
    return f"{name}.{field} = {repr(header[name][field])[:40]}"


def _json(file: str, field: str | None = None) -> Damage:
    """A nasty value in a JSON file: in a field that is there, or in the one named."""

    def damage(folder: Path, chance: Random) -> str:
        path = folder / file
        content = json.loads(path.read_text())
        key = field or chance.choice(sorted(content))
        content[key] = chance.choice(NASTY)
        if field is None and chance.random() < 0.15:
            del content[key]
        path.write_text(json.dumps(content))
        return f"{key} = {repr(content.get(key, 'gone'))[:40]}"

    return damage


def _config_extra(folder: Path, chance: Random) -> str:
    key = chance.choice(sorted(EXTRA))
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: EXTRA[key]}))
    return key


def _family(folder: Path, chance: Random) -> str:
    kind = chance.choice(TYPES)
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "model_type": kind}))
    return kind


def _text(folder: Path, chance: Random) -> str:
    name, kind = (
        chance.choice([*FILES, "model.safetensors.index.json", "special_tokens_map.json"]),
        chance.choice(sorted(TEXTS)),
    )
    (folder / name).write_text(TEXTS[kind])
    return f"{name} {kind}"


def _no_file(folder: Path, chance: Random) -> str:
    """Something else in the place of a file, or nothing."""
    path = folder / chance.choice([*FILES, "special_tokens_map.json", "added_tokens.json"])
    path.unlink(missing_ok=True)
    kind = chance.choice(["nothing", "folder", "circle", "dangling", "device", "pipe", "secret"])
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind != "nothing":
        path.symlink_to(
            {"circle": path.name, "dangling": "no", "device": "/dev/zero", "secret": "/etc/passwd"}[kind]
        )
    return f"{path.name} {kind}"


def _index(folder: Path, chance: Random) -> str:
    path = folder / "model.safetensors.index.json"
    index = (
        json.loads(path.read_text())
        if path.exists()
        else {"weight_map": {"lm_head.weight": "model.safetensors"}}
    )
    places: dict[str, Any] = index["weight_map"]
    name = chance.choice(sorted(places))
    places[name] = chance.choice(
        [*NASTY, "../model.safetensors", "/etc/passwd", "no.safetensors", "config.json", "."]
    )
    if chance.random() < 0.3:
        del places[name]
    path.write_text(json.dumps(index))
    return f"{name} in {repr(places.get(name, 'nothing'))[:40]}"


def _shards(folder: Path, chance: Random) -> str:
    files = sorted(folder.glob("model-*.safetensors"))
    kind = chance.choice(["swapped", "the same", "one gone", "one whole"])
    first, second = files[0].read_bytes(), files[1].read_bytes()
    if kind == "swapped":
        files[0].write_bytes(second)
        files[1].write_bytes(first)
    elif kind == "the same":
        files[0].write_bytes(second)
    elif kind == "one gone":
        files[1].unlink()
    else:
        files[0].rename(folder / "model.safetensors")
    return kind


def _template(folder: Path, chance: Random) -> str:
    template = chance.choice(TEMPLATES)
    (folder / "chat_template.jinja").write_text(template)
    return repr(template)[:60]


def _vocabulary(folder: Path, chance: Random) -> str:
    """More or fewer tokens than the model has, or an id far outside."""
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text())
    words: dict[str, int] = content["model"]["vocab"]
    kind = chance.choice(["more", "fewer", "far", "negative", "same"])
    if kind == "more":
        content["added_tokens"].append(
            {**content["added_tokens"][0], "id": 99, "content": "hello", "special": False}
        )
    elif kind == "fewer":
        content["model"]["vocab"] = {word: at for word, at in words.items() if at < 50}
    else:
        words["h"] = {"far": 2**31, "negative": -1, "same": 5}[kind]
    path.write_text(json.dumps(content))
    return kind


def _folder(folder: Path, chance: Random) -> str:
    """Other things that lie in a folder."""
    name, content = chance.choice(
        [
            ("adapter_config.json", '{"base_model_name_or_path": "/etc", "peft_type": "LORA"}'),
            ("pytorch_model.bin", "pickle"), ("model.gguf", "GGUF"),
            ("shard-00000-model-00000-of-00001.safetensors", "x"),
            ("modeling_evil.py", "raise SystemExit"), ("processor_config.json", "{"), ("vocab.json", "[]"),
            ("merges.txt", "\0"),
            ("tokenizer.model", "x"), ("added_tokens.json", '{"zzz": 5000}'), ("tekken.json", "{}"), ("vocab.txt", ""),
        ]
    )  # fmt: skip
    (folder / name).write_text(content)
    return name


DAMAGES: dict[str, Damage] = {
    "tensor gone": _changed(lambda weights, name, chance: str(len(weights.pop(name)))),
    "tensor renamed": _changed(_rename),
    "all renamed": _changed(_prefix_all),
    "tensor more": _changed(lambda weights, name, chance: weights.update({name + ".more": torch.ones(3)})),
    "tensor cast": _changed(_cast),
    "tensor of another shape": _changed(_reshape),
    "tensor poisoned": _changed(_poison),
    "tensors swapped": _changed(_swap),
    "bytes flipped": _bytes(_flip),
    "bytes zeroed": _bytes(_zero),
    "bytes cut": _bytes(_cut),
    "bytes more": _bytes(lambda content, chance: content.extend(b"x" * chance.choice([1, 8, 1000]))),
    "header": _header,
    "config value": _json("config.json"),
    "config value again": _json("config.json"),
    "config layers": _json("config.json", "num_hidden_layers"),
    "config context": _json("config.json", "max_position_embeddings"),
    "config extra": _config_extra,
    "family": _family,
    "generation value": _json("generation_config.json"),
    "end tokens": _json("generation_config.json", "eos_token_id"),
    "tokenizer value": _json("tokenizer_config.json"),
    "tokenizer part": _json("tokenizer.json"),
    "tokenizer class": _json("tokenizer_config.json", "tokenizer_class"),
    "text": _text,
    "no file": _no_file,
    "index": _index,
    "shards": _shards,
    "template": _template,
    "vocabulary": _vocabulary,
    "other files": _folder,
}
