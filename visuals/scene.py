"""Rows -> the scene: the JSON that the explorer in the browser draws. Whole, or as small numbered deltas.

A message is `{run, seq, ...}` with any of `head` (starts a scene anew), `steps` (appended) and `end`. Deltas
of a run are numbered 0, 1, 2, ...; the first holds `head`. A whole scene is the same message with everything
in it and the `seq` of the last delta it includes, so it also mends a gap. `step_json` says what is in a step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from accel.trace import Footer, Header, ModelInfo, Step, Trace
from visuals.digits import compact
from visuals.inline import script_json
from visuals.pieces import joined, running, shortened, visible
from visuals.reading import Reader
from visuals.step_json import COUNTERS, step_json
from visuals.whatif_json import whatif_json

Message = dict[str, Any]

SCENE_SCHEMA = 1


class SceneWriter:
    """Turns one run into deltas as it goes. `run` names the run to the browser: letters, digits, dashes."""

    def __init__(self, run: str, header: Header) -> None:
        self._run = run
        self._header = header
        self._reader = Reader(header)
        self._seq = -1
        self._labelled: set[int] = set()
        self._texts: list[tuple[int, str]] = []  # slot, text
        self._steps: list[Step] = []

    @property
    def seq(self) -> int:
        """The number of the last delta made; -1 before the first."""
        return self._seq

    def start(self) -> Message:
        """The first delta: what is being run."""
        return self._message(head=head_json(self._header))

    def add(self, steps: Iterable[Step]) -> Message:
        """The next delta: these steps."""
        return self._message(steps=[self._step(step) for step in steps])

    def finish(self, footer: Footer) -> Message:
        """The last delta: how the run ended."""
        return self._message(end=self._end_json(footer))

    def _message(self, **parts: Any) -> Message:
        self._seq += 1
        return {"run": self._run, "seq": self._seq, **parts}

    def _step(self, step: Step) -> dict[str, Any]:
        self._steps.append(step)
        rows = self._reader.read(step)
        self._texts += [(piece.slot, piece.text) for piece in rows.pieces]
        found = step_json(rows, self._reader, self._labelled)
        if step.index == 0:
            known = self._reader.bytes
            found["prompt"] = joined([known.get(token, b"") for token in self._header.prompt.tokens])
        return found

    def _end_json(self, footer: Footer) -> dict[str, Any]:
        parity, baseline = footer.parity, footer.baseline
        return {
            "finish_reason": footer.finish_reason,
            "tail": self._reader.end_of_text(),
            "dropped": dropped(self._texts, running(footer.text)),
            "parity": {
                "checked": parity.checked,
                "equal": parity.equal,
                "first_divergence": parity.first_divergence,
                "margin": None if parity.margin is None else compact(parity.margin),
            },
            "whatif": whatif_json(Trace(self._header, tuple(self._steps), footer)),
            "baseline": baseline
            and {"num_tokens": baseline.num_tokens, "seconds": compact(baseline.seconds)},
        }


def packed(message: Message) -> str:
    """A message as text: gradio (6.31) sends wrong differences of nested lists, but right ones of text."""
    return script_json(message)


def whole(header: Header, steps: Sequence[Step], footer: Footer | None, *, run: str, seq: int) -> Message:
    """Everything so far in one message, standing for all deltas up to `seq`."""
    writer = SceneWriter(run, header)
    message = writer.start() | writer.add(steps)
    if footer is not None:
        message |= writer.finish(footer)
    return message | {"seq": seq}


def scene(trace: Trace, run: str = "recorded") -> Message:
    """A recorded run as one message."""
    return whole(trace.header, trace.steps, trace.footer, run=run, seq=0)


def applied(before: Message | None, delta: Message) -> Message:
    """The whole scene after one more delta: what the browser does, as a reference for it."""
    if "head" in delta or before is None:
        return {"steps": [], **delta}
    steps = before["steps"] + delta.get("steps", [])
    return {**before, **delta, "steps": steps}


def head_json(header: Header) -> dict[str, Any]:
    """What is being run, as a scene says it."""
    sampling, limits = header.sampling, header.limits
    return {
        "schema": SCENE_SCHEMA,
        "model": _model_json(header.model),
        "draft_model": _model_json(header.draft_model) if header.draft_model else None,
        "method": {"name": shortened(visible(header.method.name), 80), "knobs": header.method.knobs},
        "sampling": {"temperature": sampling.temperature, "seed": sampling.seed},
        "processors": processors_text(header),
        "max_new_tokens": limits.max_new_tokens,
        "observe": header.observe,
        "warm": header.warm,
        "num_prompt_tokens": len(header.prompt.tokens),
        "counters": list(COUNTERS),
    }


def processors_text(header: Header) -> str:
    """The logits processors that ran, with their values; empty where there were none."""
    named = (
        f"{shortened(name, 60)} = {shortened(str(value), 60)}" for name, value in header.processors.items()
    )
    return shortened(visible(", ".join(named)), 600)


def _model_json(model: ModelInfo) -> dict[str, Any]:
    return {
        "name": shortened(visible(model.name), 120),
        "num_layers": model.num_layers,
        "dtype": shortened(visible(model.dtype), 40),
        "device": shortened(visible(model.device), 80),
        "threads": model.threads,
        "backend": shortened(visible(model.backend), 80),
        "invariant_rows": model.invariant_rows,
    }


def dropped(texts: list[tuple[int, str]], kept: str) -> list[list[Any]]:
    """The pieces that are not (wholly) part of the final text, each with the part that is."""
    if not "".join(text for _, text in texts).startswith(kept):
        return []  # the tokenizer's own decoding tidied something up: no place to cut can be told
    found: list[list[Any]] = []
    left = len(kept)
    for slot, text in texts:
        if text and left < len(text):
            found.append([slot, text[:left]])
        left = max(0, left - len(text))
    return found
