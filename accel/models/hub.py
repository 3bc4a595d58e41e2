"""A model's files from the Hugging Face hub: safetensors and text, never pickles or code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from accel.models.progress import Progress, silent
from accel.models.unavailable import ModelUnavailable, cache_failures
from accel.models.weight_files import weight_files

MAX_BYTES = 40_000_000_000
TEXT = (".json", ".jinja", ".txt", ".model")  # config, tokenizer, chat template, word lists
ConfigCheck = Callable[[Any], None]
"""Called with a transformers configuration; raises where its model could not be run."""


@dataclass(frozen=True, slots=True)
class HubId:
    """A repository on the hub, and a branch, tag or commit of it."""

    repo: str  # owner/name
    revision: str | None = None  # None: the main branch


def fetch(
    hub: HubId, progress: Progress = silent, check: ConfigCheck | None = None, *, max_bytes: int = MAX_BYTES
) -> Path:
    """The folder in the hub's own cache, downloaded where it is not complete there.

    What is cached is used without asking the network, so an update of the repository is not noticed.
    """
    from huggingface_hub import HfApi, constants

    cached = _cached(hub)
    if cached is not None:
        check_config(cached, check)
        return cached
    try:
        with cache_failures(hub.repo, Path(constants.HF_HUB_CACHE), "HF_HUB_CACHE"):
            return _download(HfApi(), hub, progress, check, max_bytes)
    except Exception as error:
        words = _in_words(error, hub)
        if words is None:
            raise
        raise words from error


def check_config(folder: Path, check: ConfigCheck | None) -> None:
    """Shows the folder's configuration, as the library understands it, to `check`."""
    if check is None:
        return
    from accel.models.checkpoint import read_config

    check(read_config(folder))


def _is_complete(folder: Path) -> bool:
    """Whether a configuration and every file of weights are there."""
    try:
        return (folder / "config.json").is_file() and bool(weight_files(folder))
    except ModelUnavailable:
        return False


def _cached(hub: HubId) -> Path | None:
    """The complete folder in the hub's cache. Weights come last there, so where they are all is there."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    with suppress(LocalEntryNotFoundError):
        folder = Path(snapshot_download(hub.repo, revision=hub.revision, local_files_only=True))
        if _is_complete(folder):
            return folder
    return None


def _download(api: Any, hub: HubId, progress: Progress, check: ConfigCheck | None, max_bytes: int) -> Path:
    stage = f"downloading {hub.repo}"
    progress(stage, 0.0)
    info = api.model_info(hub.repo, revision=hub.revision, files_metadata=True, timeout=10)
    sizes = {file.rfilename: int(file.size or 0) for file in info.siblings or ()}
    texts = [file for file in sizes if "/" not in file and file.endswith(TEXT)]
    weights = _weights(hub, sizes)
    if "config.json" not in texts:
        raise ModelUnavailable(f"{hub.repo} has no config.json: it is not a transformers model")
    total = sum(sizes[file] for file in [*texts, *weights])
    if total > max_bytes:
        raise ModelUnavailable(
            f"{hub.repo} is {total / 1e9:.1f} GB, more than the {max_bytes / 1e9:.0f} GB allowed"
        )
    done = 0
    for file in sorted(texts, key=lambda file: file != "config.json") + weights:
        bar = _bar(partial(_tell, progress, stage, done, total))
        path = Path(api.hf_hub_download(hub.repo, file, revision=hub.revision, tqdm_class=bar))
        if file == "config.json":
            check_config(path.parent, check)
        done += sizes[file]
    progress(stage, 1.0)
    return path.parent


def _weights(hub: HubId, sizes: Mapping[str, int]) -> list[str]:
    """The safetensors files at the top; of two copies (Mistral's `consolidated`), the one of transformers."""
    files = sorted(file for file in sizes if "/" not in file and file.endswith(".safetensors"))
    if not files:
        raise ModelUnavailable(
            f"{hub.repo} has no safetensors weights (pickled ones are never loaded): choose a model that has"
        )
    return [file for file in files if file.startswith("model")] or files


def _tell(progress: Progress, stage: str, before: int, total: int, come: int) -> None:
    progress(stage, min(1.0, (before + come) / max(total, 1)))


def _bar(tell: Callable[[int], None]) -> type[Any]:
    """The hub's bar class, which draws nothing and tells how many bytes of its file have come."""
    from huggingface_hub.utils.tqdm import tqdm

    drawn: Any = tqdm

    class Bar(drawn):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "disable": True})
            self.come = int(options.get("initial") or 0)

        def update(self, n: float | None = 1) -> None:
            self.come += int(n or 0)
            tell(self.come)

    return Bar


def _offline(hub: HubId) -> str:
    return (
        f"{hub.repo} is not on this machine and the hub is out of reach: connect once, "
        "or choose smollm2-135m or a local folder"
    )


def _in_words(error: Exception, hub: HubId) -> Exception | None:
    """The hub library's error as one sentence; None for one that is not the hub's."""
    from huggingface_hub import errors

    match error:
        case ModelUnavailable():
            return None
        case errors.GatedRepoError():
            return ModelUnavailable(
                f"{hub.repo} asks for consent: accept its licence at https://huggingface.co/{hub.repo} "
                "and log in with `hf auth login`"
            )
        case errors.RepositoryNotFoundError() | errors.RevisionNotFoundError():
            return ModelUnavailable(f"the hub has no model {hub.repo}, or it is private: check its name")
        case errors.HfHubHTTPError():
            return ModelUnavailable(f"the hub refused {hub.repo}: {str(error).splitlines()[0][:200]}")
        case errors.LocalEntryNotFoundError() | ConnectionError() | TimeoutError():
            return ModelUnavailable(_offline(hub))
    # the hub's HTTP client was requests, then httpx, then httpx2
    client = type(error).__module__.split(".")[0]
    return ModelUnavailable(_offline(hub)) if client in ("requests", "httpx", "httpx2") else None
