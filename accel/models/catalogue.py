"""Which models there are, by name, and how one is brought to this machine. Offline first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from accel.errors import InputError
from accel.models import embedded, hub
from accel.models.hub import ConfigCheck, HubId
from accel.models.progress import Progress, silent
from accel.models.weight_files import weight_files


@dataclass(frozen=True, slots=True)
class Embedded:
    """The model that comes with the program, by way of PyPI."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model offered by name."""

    name: str
    place: Embedded | HubId
    parameters: int
    about: str


# The commit of each hub model, so that a change of its repository changes nothing here. facebook/layerskip-llama3.2-1B
# is missing: it is open to those alone who have asked for it, and no commit of it is on record.
COMMITS = {
    "HuggingFaceTB/SmolLM2-135M-Instruct": "12fd25f77366fa6b3b4b768ec3050bf629380bac",
    "HuggingFaceTB/SmolLM2-360M-Instruct": "a10cc1512eabd3dde888204e902eca88bddb4951",
    "HuggingFaceTB/SmolLM2-1.7B-Instruct": "31b70e2e869a7173562077fd711b654946d38674",
    "Qwen/Qwen2.5-0.5B-Instruct": "7ae557604adf67be50417f59c2c2f167def9a775",
    "Qwen/Qwen2.5-Coder-0.5B-Instruct": "ea3f2471cf1b1f0db85067f1ef93848e38e88c25",
    "Qwen/Qwen3-0.6B": "c1899de289a04d12100db370d81485cdf75e47ca",
    "meta-llama/Llama-3.2-1B-Instruct": "9213176726f574b556790deb65791e0c5aa438b6",
    "google/gemma-3-270m-it": "ac82b4e820549b854eebf28ce6dedaf9fdfa17b3",
    "openai-community/gpt2": "607a30d783dfa663caf39e06633721c8d4cfcd7e",
}


def _hub(name: str, parameters: int, about: str) -> Entry:
    return Entry(name, HubId(name, COMMITS.get(name)), parameters, about)


DEFAULT = embedded.NAME
CATALOGUE: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(DEFAULT, Embedded(), 134_515_008, "small chat model, works with no network once brought"),
        _hub("HuggingFaceTB/SmolLM2-135M-Instruct", 134_515_008, "the original weights of the same model"),
        _hub("HuggingFaceTB/SmolLM2-360M-Instruct", 361_821_120, "its bigger sister, same tokenizer"),
        _hub("HuggingFaceTB/SmolLM2-1.7B-Instruct", 1_711_376_384, "the biggest of them, same tokenizer"),
        _hub("Qwen/Qwen2.5-0.5B-Instruct", 494_032_768, "chat in many languages"),
        _hub("Qwen/Qwen2.5-Coder-0.5B-Instruct", 494_032_768, "code"),
        _hub("Qwen/Qwen3-0.6B", 596_049_920, "thinks before it answers"),
        _hub("meta-llama/Llama-3.2-1B-Instruct", 1_235_814_400, "chat; asks for consent on the hub"),
        _hub("facebook/layerskip-llama3.2-1B", 1_235_814_400, "trained to exit early; asks for consent"),
        _hub("google/gemma-3-270m-it", 268_098_176, "tiny, a large vocabulary; asks for consent"),
        _hub("openai-community/gpt2", 124_439_808, "a classic; continues text, does not chat"),
    )
}
PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
HUB_ID = re.compile(f"{PART}/{PART}")
_FILE = re.compile(r"\.(gguf|safetensors|bin|pt|pth|json)$", re.IGNORECASE)


def resolve(name: str, *, private: bool = True) -> Embedded | HubId | Path:
    """Where the model of that name is to be had; nothing is downloaded, and no network asked.

    A name of the catalogue; where `private` (the user's own machine), also a local folder or a hub id. Any
    other name raises InputError, a folder without weights ModelUnavailable.
    """
    if isinstance(name, str) and name in CATALOGUE:
        return CATALOGUE[name].place
    if private and isinstance(name, str):
        local = _local(name)
        if local is not None:
            return local
        if HUB_ID.fullmatch(name) and ".." not in name and "--" not in name and not _FILE.search(name):
            return HubId(name)
    raise InputError("model", _unknown(name, private=private))


def folder(
    name: str, progress: Progress = silent, *, private: bool = True, check: ConfigCheck | None = None
) -> Path:
    """The model's folder on this machine, brought here first where need be.

    `check` sees its config before any weights are downloaded, and raises where it could not be run.
    """
    place = resolve(name, private=private)
    if isinstance(place, HubId):
        return hub.fetch(place, progress, check)
    path = embedded.folder(progress) if isinstance(place, Embedded) else place
    hub.check_config(path, check)
    return path


def _local(name: str) -> Path | None:
    """A folder with a config and safetensors; None where there is no folder of that name."""
    try:
        path = Path(name).expanduser()
        if not name or not path.is_dir():
            return None
    except (OSError, ValueError, RuntimeError):  # too long for a path, or characters that no path has
        return None
    if lacking := _lack(path):
        raise InputError("model", f"the folder {_short(name)} {lacking}")
    weight_files(path)
    return path.resolve()


def _lack(path: Path) -> str | None:
    """Why a folder is no model at all; None where it may be one."""
    if (path / "adapter_config.json").exists():
        return "holds an adapter (LoRA): merge it into its model and save that"
    if not (path / "config.json").exists():
        return "has no config.json: it is not a transformers model"
    if any(path.glob("*.safetensors*")):
        return None
    if any(path.glob("*.bin")) or any(path.glob("*.pt*")):
        return "holds only pickled weights, which are never loaded: save it as safetensors first"
    if any(path.glob("*.gguf")):
        return "holds a GGUF file, which is not read: take the model's safetensors"
    return "holds no safetensors weights"


def _unknown(name: object, *, private: bool) -> str:
    choices = f"choose one of {', '.join(CATALOGUE)}"
    if not private or not isinstance(name, str):
        return f"{_short(name)} is unknown: {choices}"
    if name.strip(" \"'") != name:
        return f"{_short(name)} has quotes or spaces around it: leave them out"
    if "://" in name:
        owner_and_name = "/".join(name.split("://", 1)[1].split("/")[1:3])
        found = HUB_ID.fullmatch(owner_and_name)
        return (
            f"{_short(name)} is a web address: write {owner_and_name if found else 'a hub id (owner/name)'}"
        )
    if _FILE.search(name):
        return f"{_short(name)} is a file: give a folder with config.json and safetensors (GGUF is not read)"
    if re.search(r"[/\\~]", name):
        return f"{_short(name)} is neither a folder on this machine nor a hub id (owner/name)"
    return f"{_short(name)} is unknown: {choices}; or a local folder; or a hub id (owner/name)"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
