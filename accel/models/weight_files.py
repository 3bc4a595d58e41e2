"""The safetensors files of a model folder: which they are, and what their headers say, before any value is read."""

from __future__ import annotations

import json
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accel.models.text_files import OBJECTS, check_file, damaged, read_object
from accel.models.unavailable import ModelUnavailable, printed

WHOLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
DISTRIBUTED = re.compile(r"shard-\d{5}-model-\d{5}-of-\d{5}\.safetensors")  # the library would prefer these
HEADER = 16 << 20  # the most bytes of a header that are read
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
BYTES |= {"F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "U32": 4, "U64": 8}
FLOATS = ("F64", "F32", "F16", "BF16")
AGAIN = "copy or download it again"


@dataclass(frozen=True, slots=True)
class Stored:
    """One tensor as its file's header describes it."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return math.prod(self.shape)


def weight_files(folder: Path) -> list[Path]:
    """The files that the library will read: one, or those of an index. Raises ModelUnavailable where one is missing."""
    for name in sorted(os.listdir(folder)):
        if DISTRIBUTED.fullmatch(name):
            raise ModelUnavailable(
                f"model: {name} in {folder} is part of a distributed checkpoint: save the model with save_pretrained"
            )
    if (folder / WHOLE).is_file():
        return [folder / WHOLE]
    index = folder / INDEX
    if not index.is_file():
        raise ModelUnavailable(
            f"model: {folder} holds neither {WHOLE} nor {INDEX}: save it with save_pretrained"
        )
    check_file(index, OBJECTS[INDEX])
    named = read_object(index).get("weight_map")
    if not isinstance(named, dict) or not named or not all(isinstance(file, str) for file in named.values()):
        raise damaged(index, "has no weight_map of tensors to files", AGAIN)
    files = sorted(set(named.values()))
    for file in files:
        if Path(file).name != file or not file.endswith(".safetensors"):
            raise damaged(index, f"names {file[:60]!r}, which is no safetensors file of the folder", AGAIN)
    missing = [file for file in files if not (folder / file).is_file()]
    if missing:
        raise damaged(
            index,
            f"names {printed(missing[0])}, which is missing ({len(missing)} of {len(files)} are)",
            AGAIN,
        )
    return [folder / file for file in files]


def stored_tensors(folder: Path) -> dict[str, Stored]:
    """Every tensor of the folder by name. Raises ModelUnavailable for a truncated or damaged file."""
    tensors: dict[str, Stored] = {}
    for path in weight_files(folder):
        check_file(path)
        for name, stored in _header(path).items():
            if name in tensors:
                raise damaged(path, f"holds {printed(name)}, as another of its files does", AGAIN)
            if stored.dtype not in FLOATS and name.endswith(".weight"):
                raise damaged(
                    path,
                    f"holds {printed(name)} as {printed(stored.dtype)}: quantised weights are not supported",
                    "choose float ones",
                )
            tensors[name] = stored
    return tensors


def _header(path: Path) -> dict[str, Stored]:
    """The tensors of one file; its size is that which the header asks for."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 10 or length > min(HEADER, size - 8):
            raise damaged(path, f"is no safetensors file or is cut off ({size} bytes)", AGAIN)
        text = file.read(length)
    try:
        described: dict[str, Any] = json.loads(text)
        ends = [0]
        tensors: dict[str, Stored] = {}
        for name, entry in described.items():
            if name == "__metadata__":
                continue
            stored, (start, end) = Stored(entry["dtype"], tuple(entry["shape"])), entry["data_offsets"]
            if min(stored.shape, default=0) < 0 or end - start != stored.size * BYTES[stored.dtype]:
                raise ValueError
            ends.append(end)
            tensors[name] = stored
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise damaged(path, "has a damaged header", AGAIN) from error
    expected = 8 + length + max(ends)
    if size != expected:
        what = "is cut off" if size < expected else "is too long"
        raise damaged(path, f"{what}: {size} bytes where its header describes {expected}", AGAIN)
    return tensors
