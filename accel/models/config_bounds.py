"""What a configuration may ask for, checked as plain JSON before the library makes anything of it.

The library builds one module for each layer and expert, and one label for each of `num_labels`: a number of eight
digits in a file of a hundred bytes would keep it busy for minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from accel.models.text_files import check_texts, damaged, read_object

COUNTED = re.compile(r"layer|expert|block|num_labels|attention_types|n_head|num_.*heads|dilation")
MOST_COUNTED = 10_000  # layers, experts, heads or labels
MOST = 2**31 - 1  # any other whole number
NOT_READ = {  # they name other files or change the library's modules
    "configuration_files": "names another configuration file",
    "transformers_weights": "names another file of weights",
    "fusion_config": "asks for modules to be replaced",
}
REMEDY = "copy or save the model again"


def check_configuration(folder: Path) -> None:
    """Raises ModelUnavailable where the folder's text files cannot be read, or ask for what no model has."""
    check_texts(folder)
    path = folder / "config.json"
    config = read_object(path)
    if not isinstance(config.get("model_type"), str) and not config.get("auto_map"):
        raise damaged(path, "names no model_type", REMEDY)
    for key, why in NOT_READ.items():
        if config.get(key) is not None:
            raise damaged(path, f"has {key}, which {why}", "remove it and save the model as one folder")
    for field, value in _numbers(config, ""):
        most = MOST_COUNTED if COUNTED.search(field) else MOST
        if abs(value) > most:
            raise damaged(path, f"has {field} = {_figure(value)}, more than {most}", REMEDY)
    generation = folder / "generation_config.json"
    for file, values in (
        (path, config),
        (generation, read_object(generation) if generation.is_file() else {}),
    ):
        if not _are_ids(values.get("eos_token_id")):
            raise damaged(file, "has an eos_token_id that is neither a token id nor a list of them", REMEDY)


def _numbers(value: Any, field: str) -> Iterator[tuple[str, int]]:
    """Every whole number in a JSON value, with the field that it belongs to."""
    open_values: list[tuple[str, Any]] = [(field, value)]
    while open_values:
        field, value = open_values.pop()
        if isinstance(value, dict):
            open_values += [(str(key)[:60], item) for key, item in value.items()]
        elif isinstance(value, list):
            open_values += [(field, item) for item in value]
        elif isinstance(value, int):
            yield field, value


def _figure(number: int) -> str:
    return str(number) if abs(number) < 10**15 else f"a number of {number.bit_length()} bits"


def _are_ids(value: Any) -> bool:
    ids = value if isinstance(value, list) else [value]
    return value is None or all(type(token) is int and 0 <= token <= MOST for token in ids)
