"""Traces -> a race: the small JSON that the browser replays on one clock; and two traces, step for step.

A lane is one run. Its clock starts when the prompt has been read, as every rate here does; reading is told apart.

key          what
head         what was run, as in a scene
steps        [seconds, tokens] of each step; step 0 read the prompt
pieces       [text, how it came to be] of each committed token
tail         what an incomplete character at the very end turns into
dropped      pieces that are not (wholly) part of the text: [index, the part that is]
numbers      the figures of the table, null where undefined
finish_reason
text         {of: the lane it was compared with, equal, at: first token that differs or null, margin or null}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accel.metrics import metrics
from accel.trace import Header, Trace
from visuals.digits import compact
from visuals.pieces import PROMPT_LENGTH, joined, running, shortened, visible
from visuals.reading import read
from visuals.scene import Message, dropped, head_json, processors_text, scene

ALONE = "autoregressive"
FEWEST, MOST = 2, 4
NUMBERS = (
    "num_tokens",
    "num_steps",
    "seconds",
    "prefill_seconds",
    "tokens_per_second",
    "speedup_measured",
    "mean_acceptance_length",
    "acceptance_rate",
    "layer_calls_per_token",
)


def race(traces: Sequence[Trace], *, run: str, title: str = "", rounds: int | None = None) -> Message:
    """Two to four runs of one prompt on one model as lanes. Raises ValueError for runs that cannot race.

    `rounds`: how many runs each method was given, where that is known; each lane is one of them.
    """
    if not FEWEST <= len(traces) <= MOST:
        raise ValueError(f"a race has {FEWEST} to {MOST} runs, not {len(traces)}")
    first = traces[0].header
    for header in (trace.header for trace in traces[1:]):
        if _asked(header) != _asked(first):
            raise ValueError("the runs of a race share their prompt, their model and its sampling")
    reference = next((at for at, t in enumerate(traces) if t.header.method.name == ALONE), 0)
    return {
        "run": run,
        "title": shortened(visible(title), 120),
        "rounds": rounds,
        "prompt": _prompt(traces[0], PROMPT_LENGTH),
        "alone": reference if traces[reference].header.method.name == ALONE else None,
        "lanes": [
            {**lane(trace), "text": _likeness(trace, traces[reference]) | {"of": reference}}
            for trace in traces
        ],
    }


def lane(trace: Trace) -> dict[str, Any]:
    """One run, as far as its clock, its text and its figures go."""
    reader, rows = read(trace)
    found = metrics(trace)
    pieces = [piece for row in rows for piece in row.pieces]
    texts = [(at, piece.text) for at, piece in enumerate(pieces)]
    return {
        "head": head_json(trace.header),
        "steps": [[compact(row.seconds.total), len(row.pieces)] for row in rows],
        "pieces": [[piece.text, piece.origin] for piece in pieces],
        "tail": reader.end_of_text(),
        "dropped": dropped(texts, running(trace.text)),
        "numbers": {name: _or_null(found.get(name)) for name in NUMBERS},
        "finish_reason": trace.finish_reason,
    }


def divergence(one: Sequence[int], other: Sequence[int]) -> int | None:
    """Index of the first token in which two texts differ; None where they are equal.

    >>> divergence([1, 2], [1, 3]), divergence([1, 2], [1]), divergence([1], [1])
    (1, 1, None)
    """
    if list(one) == list(other):
        return None
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _likeness(trace: Trace, reference: Trace) -> dict[str, Any]:
    at = divergence(reference.tokens, trace.tokens)
    parity = trace.footer.parity
    known = at is not None and parity.checked and parity.first_divergence == at
    return {"equal": at is None, "at": at, "margin": _or_null(parity.margin if known else None)}


def _or_null(value: float | None) -> int | float | None:
    return None if value is None else compact(value)


def _prompt(trace: Trace, length: int) -> str:
    known = trace.pieces
    return joined([known.get(token, b"") for token in trace.header.prompt.tokens], length)


# ---- two traces, side by side ----------------------------------------------------------------------------------


def pair(left: Trace, right: Trace, *, run: str, names: tuple[str, str]) -> Message:
    """Any two runs: both scenes, the fields of their headers, and where their texts part.

    `fields` is [name, of the left, of the right] in a fixed order. Of one method each knob is a field, named
    `knob.<name>`; of two all knobs together are one.
    """
    same_method = left.header.method.name == right.header.method.name
    one, other = _fields(left, same_method), _fields(right, same_method)
    return {
        "run": run,
        "names": [shortened(visible(name), 120) for name in names],
        "scenes": [scene(left, f"{run}-left"), scene(right, f"{run}-right")],
        "fields": [
            [name, one.get(name, "\u2013"), other.get(name, "\u2013")]
            for name in dict.fromkeys([*one, *other])
        ],
        "same_prompt": left.header.prompt == right.header.prompt,
        "sampled": max(left.header.sampling.temperature, right.header.sampling.temperature) > 0,
        "at": divergence(left.tokens, right.tokens),
    }


def _asked(header: Header) -> tuple[Any, ...]:
    """What the runs of a race have in common."""
    return header.prompt, header.model, header.sampling, header.processors


def _fields(trace: Trace, each_knob: bool) -> dict[str, str]:
    """A run's header as text to show, by name."""
    header, knobs = trace.header, trace.header.method.knobs
    together = ", ".join(f"{name} {_told(value)}" for name, value in knobs.items()) or "\u2013"
    model, sampling, limits = header.model, header.sampling, header.limits
    found: dict[str, Any] = {
        "method": header.method.name,
        **({f"knob.{name}": value for name, value in knobs.items()} if each_knob else {"knobs": together}),
        "model": model.name,
        "fingerprint": model.fingerprint,
        "num_layers": model.num_layers,
        "dtype": model.dtype,
        "device": model.device,
        "threads": model.threads,
        "backend": model.backend,
        "draft_model": header.draft_model.name if header.draft_model else "\u2013",
        "temperature": sampling.temperature,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
        "processors": processors_text(header) or "\u2013",
        "max_new_tokens": limits.max_new_tokens,
        "stop": ", ".join(limits.stop) or "\u2013",
        "chat": limits.chat,
        "prompt": _prompt(trace, 100),
        "num_prompt_tokens": len(header.prompt.tokens),
        "warm": header.warm,
        "observe": header.observe,
    }
    return {name: _told(value) for name, value in found.items()}


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return shortened(visible(str(value)), 200)
