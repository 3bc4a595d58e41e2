"""Broken copies of the engine, which the tests must notice: `python tests/mutants.py [word of a name ...]`.

Each mutant is one small change that a person could make by mistake. It is made in a copy of the tree, where
the tests named beside it must then fail, and must pass without it. Exits with 1 where a mutant survives.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 120  # seconds for a mutant's tests; one that hangs is noticed too
COPIED = ("accel", "tests", "pyproject.toml", "assets", "visuals")


@dataclass(frozen=True)
class Mutant:
    """`text` of `file`, found there once, becomes `broken`; `tests` are files and words of test names."""

    name: str
    file: str
    text: str
    broken: str
    tests: str
    words: str = ""


VERIFY, LANE, SAMPLING, ENDING = "accel/verify.py", "accel/lane.py", "accel/sampling.py", "accel/ending.py"
RULES, LANES, CHOICES, ENDS = (f"tests/test_{name}.py" for name in ("verify", "lane", "sampling", "ending"))
SKIPS = "tests/test_skipping.py"
GRAPHS, GRAPHED, QUICK = (
    "accel/models/graphs.py",
    "tests/models/test_graphs.py",
    "not recorded and not method",
)
ACCEPT = "prob, accepted, draw = target.accept(token, run.dice)"
GATHERED = "self._kv[:, :, :, first + stay : first + len(sources)] = gathered"

MUTANTS = [
    Mutant(
        "acceptance ratio upside down", VERIFY,
        "min(target_prob / draft_prob, 1.0)", "min(draft_prob / max(target_prob, 1e-9), 1.0)",
        RULES, "drawn_guesses",
    ),
    Mutant(
        "draft not subtracted from the residual", VERIFY,
        "left = (self._p - self._q).clamp_min(0.0)", "left = self._p.clone()", RULES, "drawn_guesses",
    ),
    Mutant("rejected sibling stays in the draft", VERIFY, "self._q[token] = 0.0", "pass", RULES, "drawn"),
    Mutant("rejected guess stays in the target", VERIFY, "left[token] = 0.0", "pass", RULES, "given_guesses"),
    Mutant(
        "sibling tested against the original target", VERIFY,
        ACCEPT, ACCEPT.replace("target.", "targets.at(parent)."), RULES, "guesses",
    ),
    Mutant("several draws for one node", VERIFY, "target.reject(token)", "pass", RULES, "given_guesses"),
    Mutant(
        "only the first sibling is tested", VERIFY,
        "draft.children.get(at, [])", "draft.children.get(at, [])[:1]", RULES, "second_branch",
    ),
    Mutant(
        "a ratio that is no number accepts", VERIFY,
        "min(target_prob / draft_prob, 1.0)", "min(1.0, target_prob / draft_prob)",
        CHOICES, "failing_model",
    ),
    Mutant(
        "the walk goes on past the end", VERIFY,
        "if run.ending.reason_after([run.tree.tokens[slot] for slot in path]):", "if False:",
        ENDS, "right_guesses",
    ),
    Mutant(
        "siblings see each other", LANE,
        "mask[i, self._lineage[slot]] = True", "mask[i, trunk:] = True", LANES, "siblings",
    ),
    Mutant(
        "a single row sees strangers", LANE,
        "alone = len(batch) == 1 and (", "alone = len(batch) == 1 or (", LANES, "sixty_rounds",
    ),
    Mutant(
        "positions counted by slot", "accel/tree.py",
        "self.positions.append(self.positions[parent] + 1)", "self.positions.append(len(self.positions))",
        LANES, "siblings",
    ),
    Mutant(
        "rejected rows kept", LANE,
        "self.cache.move([self._lineage[slot][-1] for slot in kept], first)", "self.cache.move([], first)",
        LANES, "sixty_rounds",
    ),
    Mutant(
        "stale key positions after a commit", LANE,
        "self._key_positions[first:end] = torch.arange(first, end, device=self._device)", "pass",
        LANES, "sixty_rounds and gemma3",
    ),
    Mutant(
        "key position of a branch not written", LANE,
        "self._key_positions[first : self._next_row] = torch.tensor(places, device=self._device)", "pass",
        LANES, "deeper",
    ),
    Mutant(
        "rows overwritten before they are gathered", "accel/models/cache.py", GATHERED,
        "for a, b in reversed(list(zip(sources, targets))): self._kv[:, :, :, b] = self._kv[:, :, :, a]",
        LANES, "sixty_rounds",
    ),
    Mutant("layers run again", LANE, "if self._progress.get(at, 0) >= to:", "if False:", LANES, "again"),
    Mutant(
        "early slots not waited for", LANE,
        "ceiling = min((p for s in lagging if (p := self._progress.get(s, 0)) > front), default=to)",
        "ceiling = to", LANES, "same_call",
    ),
    Mutant(
        "state of a lower layer taken for the top", LANE, "self._hidden.pop(slot, None)", "pass",
        LANES, "gone",
    ),
    Mutant("skipped layers are run", LANE, "if not self._skipped:", "if True:", SKIPS, "neighbouring"),
    Mutant(
        "a token rehearsed sees its own cached key", "accel/rehearsal.py",
        "mask[:, :position] = True", "mask[:, : position + 1] = True", SKIPS, "own_states and llama",
    ),
    Mutant(
        "states of one token see each other", "accel/rehearsal.py",
        "mask[:, start:].fill_diagonal_(True)", "mask[:, start:] = True", SKIPS, "batched and llama",
    ),
    Mutant(
        "layers planned towards the layer below", "accel/skip_plan.py",
        "_closeness(run, full[i]) >= _closeness(passed, full[i])",
        "_closeness(run, full[i - 1]) >= _closeness(passed, full[i - 1])",
        "tests/test_skip_plan.py", "state_by_state",
    ),
    Mutant(
        "states planned on are not those before the norm", "accel/methods/clasp.py",
        "_seen.append(([slots[i] for i in shown], hidden[shown]))",
        "_seen.append(([slots[i] for i in shown], hidden[shown] / (1 + hidden[shown].abs())))",
        "tests/test_clasp.py", "plans_are",
    ),
    Mutant("the watermark stands still", LANE, "self._watermark += 1", "pass", LANES, "costs_no_more"),
    Mutant(
        "end token seen only at the start of a run", ENDING,
        "if tokens[-1] in self._end_tokens:", "if len(tokens) == 1 and tokens[-1] in self._end_tokens:",
        ENDS, "end_token or however",
    ),
    Mutant("stop strings end at a step", ENDING, "newest[-self._overlap :]", 'b""', ENDS, "however"),
    Mutant(
        "one token too many", ENDING, "self._count + len(tokens) >= self._limit",
        "self._count + len(tokens) > self._limit", ENDS, "however",
    ),
    Mutant("top-p keeps one too many", SAMPLING, "before >= top_p", "before > top_p", CHOICES, "top_p"),
    Mutant(
        "top-k keeps every tie", SAMPLING, "keep.scatter_(-1, _order(values)[..., :top_k], True)",
        "values >= values.topk(top_k).values[..., -1:]", CHOICES, "top_k",
    ),
    Mutant(
        "ties go to the highest id", SAMPLING, "top, index = logits.max(-1)",
        "top, index = logits.amax(-1), logits.shape[-1] - 1 - logits.flip(-1).argmax(-1)", CHOICES, "ties",
    ),
    Mutant("a draw picks what has no probability", SAMPLING, "right=True", "right=False", CHOICES, "draw"),
    Mutant(
        "a residual of nothing is none", VERIFY,
        "torch.where(mass > 0, left / mass, self._p)", "left / mass", RULES,
    ),
    Mutant(
        "padding writes the first row", GRAPHS,
        "self._index[count:] = self._store.trash", "self._index[count:] = 0", GRAPHED, QUICK,
    ),
    Mutant(
        "capturing writes into the text", GRAPHS,
        "            self._idle(0)  # whatever", "            # whatever", GRAPHED, QUICK,
    ),
    Mutant(
        "rows are made ready once for ever", GRAPHS,
        "self._rows is not rows:", "self._rows is None:", GRAPHED, QUICK,
    ),
    Mutant(
        "a tap is shown the buffer itself", GRAPHS,
        "tap(end, self._hidden[: len(hidden)].clone())", "tap(end, self._hidden[: len(hidden)])", GRAPHED, QUICK,
    ),
    Mutant(
        "the trash row is text", "accel/models/static_cache.py",
        "return self._kv.shape[3] - 1", "return self._kv.shape[3]", GRAPHED, QUICK,
    ),
    Mutant(
        "a borrowed cache is not wiped", "accel/models/static_cache.py",
        "        store.values.zero_()\n", "", GRAPHED, QUICK,
    ),
    Mutant("the seed is ignored", SAMPLING, "random.Random(seed)", "random.Random(0)", CHOICES, "seed"),
    Mutant(
        "one memory for all sessions", "accel/session.py", "self._memories: dict[type, object] = {}",
        "self._memories: dict[type, object] = Session.recall.__dict__",
        "tests/test_session.py", "memory or helps",
    ),
    Mutant(
        "slots from the future are read", "accel/integrity.py",
        "not 0 <= slot < len(self._tokens)", "not 0 <= slot < 10**9", "tests/test_trace.py", "",
    ),
    Mutant(
        "a failure halfway leaves half a file", "accel/trace.py",
        'path.with_name(path.name + ".partial")', "path", "tests/test_trace.py", "halfway",
    ),
    Mutant(
        "a long row alone is summed in another order", "accel/models/products.py",
        "self._is_long = weight.shape[1] > LONG", "self._is_long = False", "tests/models/test_row_exact.py",
        "rows_beside",
    ),
    Mutant(
        "a guess is processed as the text before it", "accel/run.py",
        "[self.tree.path(slot) for slot in slots]", "[self.tree.text for slot in slots]",
        "tests/test_processors.py", "own_path",
    ),
    Mutant(
        "a guess is drawn from unprocessed logits", "accel/methods/clasp.py",
        "run.processed([at], lane.logits([at]))", "lane.logits([at])",
        "tests/test_processors.py", "draft_of_the_model",
    ),
    Mutant(
        "the baseline reads the model's own settings", "accel/models/library.py",
        "blank.generation_config = GenerationConfig()", "pass", "tests/test_processors.py", "baseline_reads",
    ),
    Mutant(
        "a match that could win is passed over", "accel/suffix_draft.py",
        "<= highest and not every", "<= highest + 1 and not every", "tests/test_suffix_cost.py", "passed_over",
    ),
]  # fmt: skip


def main(words: list[str]) -> int:
    """Try every mutant whose name has one of the words, or all; print the table; 1 where one survives."""
    for module in ("torch", "transformers", "transformers.models.llama", "numpy"):
        __import__(module)  # once here, not in each of the forked children
    import torch

    torch.set_num_threads(1)
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant.name for word in words)]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        for name in COPIED:
            _copy(ROOT / name, copy / name)
        fates = [(_try(copy, mutant), mutant) for mutant in chosen]
    survivors = [mutant.name for fate, mutant in fates if not fate.startswith("noticed")]
    print(
        f"\n{len(fates) - len(survivors)} of {len(fates)} noticed"
        + "".join(f"\n  NOT: {s}" for s in survivors)
    )
    return 1 if survivors else 0


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.safetensors"))
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def _try(copy: Path, mutant: Mutant) -> str:
    """What became of a mutant: noticed, or why not."""
    start, path = time.perf_counter(), copy / mutant.file
    sound = path.read_text(encoding="utf-8")
    if sound.count(mutant.text) != 1:
        fate = f"its text is found {sound.count(mutant.text)} times"
    elif (code := _test(copy, mutant)) != 0:
        fate = f"its tests fail without it ({code})"
    else:
        path.write_text(sound.replace(mutant.text, mutant.broken), encoding="utf-8")
        code = _test(copy, mutant)
        path.write_text(sound, encoding="utf-8")
        fate = {0: "SURVIVED", 1: "noticed", None: "noticed (it hangs)"}.get(
            code, f"broken beyond tests ({code})"
        )
    print(f"{fate:<28} {mutant.name:<44} {mutant.file:<24} {time.perf_counter() - start:5.1f} s", flush=True)
    return fate


def _test(copy: Path, mutant: Mutant) -> int | None:
    """The exit code of the mutant's tests in a forked process; None where they take too long."""
    process = multiprocessing.get_context("fork").Process(target=_run_tests, args=(copy, mutant))
    process.start()
    process.join(LONGEST)
    if process.is_alive():
        process.kill()
        process.join()
        return None
    return process.exitcode


def _run_tests(copy: Path, mutant: Mutant) -> None:
    os.chdir(copy)
    ours = {"", str(ROOT), str(ROOT / "tests"), os.getcwd()}
    sys.path[:] = [str(copy), *(entry for entry in sys.path if entry not in ours)]
    for name in [name for name in sys.modules if name.split(".")[0] in ("accel", "tests", "visuals")]:
        del sys.modules[name]
    sys.dont_write_bytecode = True  # a mutant may be as old and as long as what it replaces
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    chosen = ["-k", mutant.words] if mutant.words else []
    options = [
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "--assert=plain",
        "-m",
        "not slow and not browser and not gpu",
    ]
    os._exit(int(pytest.main([*options, *chosen, *mutant.tests.split()])))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
