"""Model folders damaged by chance, from a seed: each is refused in one line, or decoded as the library decodes it.

`python -m tests.models.damaged_folders --count 1000 --seed 0` runs many, each within 60 seconds and 2 GB, and prints
those that came out another way. Needs Linux: memory is read from /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from threading import Timer

from tests.models.damages import DAMAGES
from tests.process_status import status

SECONDS, MEGABYTES = 60, 2000
PROMPT = [5, 17, 42, 7]


def make_whole(folder: Path, *, sharded: bool) -> None:
    """A whole model: a head of its own, a tokenizer with a chat template, a generation config."""
    import transformers as hf
    from safetensors.torch import load_file, save_file

    from tests.families import _GROUPED, build
    from tests.tiny import tiny_tokenizer

    build(hf.LlamaConfig(**{**_GROUPED, "tie_word_embeddings": False, "eos_token_id": 2})).save_pretrained(
        folder
    )
    tiny_tokenizer().save_pretrained(folder)
    (folder / "chat_template.jinja").write_text(
        "{% for m in messages %}{{ m.role }}: {{ m.content }}{% endfor %}:"
    )
    if sharded:
        weights = load_file(folder / "model.safetensors")
        (folder / "model.safetensors").unlink()
        shards = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
        places = {name: shards[at % 2] for at, name in enumerate(weights)}
        for shard in shards:
            part = {name: value for name, value in weights.items() if places[name] == shard}
            save_file(part, folder / shard, metadata={"format": "pt"})
        index = {"metadata": {"total_size": 1}, "weight_map": places}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def damage(folder: Path, number: int, seed: int) -> str:
    """Make a whole folder, and damage it once or twice; what was done, by name."""
    chance = random.Random(f"{seed}-{number}")
    make_whole(folder, sharded=chance.random() < 0.25)
    done = []
    for name in chance.sample(sorted(DAMAGES), 1 if chance.random() < 0.8 else 2):
        try:
            done.append(f"{name} {DAMAGES[name](folder, chance) or ''}".strip())
        except Exception:  # the damage before has left nothing to damage so
            done.append(f"{name} (not possible)")
    return "; ".join(done)


def outcome(folder: Path) -> str:
    """How a folder comes out: "refused: ..." or "decoded", or what is wrong about it."""
    from accel import generate
    from accel.errors import InputError, ModelFailed
    from accel.models import load as loading
    from accel.models.errors import ModelRefused
    from accel.models.unavailable import ModelUnavailable

    loading._loaded.clear()
    try:
        model = loading.load(str(folder), device="cpu", dtype="float32")
        tokens = generate(model, PROMPT, max_new_tokens=6).tokens
        if model.tokenizer is not None:
            generate(model, "hello the", method="suffix", max_new_tokens=6, check=True)
    except (InputError, ModelRefused, ModelUnavailable, ModelFailed) as error:
        words = str(error)
        bad = "\n" in words or len(words) > 900
        return f"WRONG: not one line: {words!r}" if bad else f"refused: {words}"
    except BaseException:
        return f"WRONG: {traceback.format_exc()}"
    expected = library_tokens(folder, sorted(model.end_tokens))
    return "decoded" if tokens == expected else f"WRONG: {tokens} where the library gives {expected}"


def library_tokens(folder: Path, end_tokens: list[int]) -> list[int]:
    """What the library alone makes of the folder."""
    import torch
    import transformers as hf

    library = hf.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, local_files_only=True
    ).eval()
    library.generation_config = hf.GenerationConfig()
    asked = hf.GenerationConfig(
        max_new_tokens=6,
        do_sample=False,
        eos_token_id=end_tokens or None,
        pad_token_id=min(end_tokens, default=0),
    )
    ids = torch.tensor([PROMPT])
    with torch.inference_mode():
        given = library.generate(ids, attention_mask=torch.ones_like(ids), generation_config=asked)
    tokens: list[int] = given[0, len(PROMPT) :].tolist()
    return tokens


def serve() -> None:
    """Answer each folder on standard input with its outcome and the most memory taken so far, a line each."""
    import torch

    torch.set_num_threads(1)
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        found = outcome(Path(json.loads(line)))
        peak = status("VmHWM") / 1000
        answers.write(json.dumps([found, peak]) + "\n")
        answers.flush()


class Examiner:
    """A process that looks at folders, begun again where one of them ended it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def examine(self, folder: Path) -> str:
        process = self._process or self._begin()
        assert process.stdin is not None
        assert process.stdout is not None
        timer = Timer(SECONDS, process.kill)
        timer.start()
        process.stdin.write(json.dumps(str(folder)) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        timer.cancel()
        if not line:
            self.end()
            return f"WRONG: the process ended, or hung for {SECONDS} s"
        found, peak = json.loads(line)
        return found if peak < MEGABYTES else f"WRONG: {peak:.0f} MB were taken; {found}"

    def _begin(self) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.models.damaged_folders", "--serve"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8",
            cwd=Path(__file__).parents[2], env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        return self._process

    def end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def try_folder(examiner: Examiner, number: int, seed: int) -> tuple[str, str]:
    """(what was done, how it came out) of one folder."""
    scratch = Path(tempfile.mkdtemp(prefix="damaged-"))
    try:
        done = damage(scratch / "model", number, seed)
        return done, examiner.examine(scratch / "model")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve()
        return
    examiner, came = Examiner(), Counter[str]()
    for number in range(asked.first, asked.first + asked.count):
        began = time.perf_counter()
        done, found = try_folder(examiner, number, asked.seed)
        came[found.split(":")[0]] += 1
        if asked.verbose or found.startswith("WRONG"):
            print(f"{number} {time.perf_counter() - began:.1f} s {done}\n    {found}", flush=True)
    examiner.end()
    print(dict(came))
    sys.exit(1 if came["WRONG"] else 0)


if __name__ == "__main__":
    main()
