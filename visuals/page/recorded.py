"""The runs that ship with the app: their files by slug, and what a card says of each."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from accel.codec import decode
from accel.errors import InputError
from accel.trace import Footer, Header, Trace
from visuals.digits import counted

# What to see in each. The figures on a card come from the trace.
ABOUT = {
    "guesses-that-branch-suffixdecoding": (
        "Where the text has gone on in two ways before, both are guessed at once. Watch one branch being "
        "kept and the other dropped."
    ),
    "repeating-a-text-suffixdecoding": (
        "Asked to repeat a text, the method reads far ahead of the model, and nearly everything it "
        "guesses is kept."
    ),
    "where-guessing-does-not-pay-suffixdecoding": (
        "A short answer with nothing to copy from: few guesses, most of them wrong, and the time they "
        "took is lost."
    ),
    "leaving-early-when-sure-adadecode": (
        "A token leaves at an inner layer once a small head is sure of it. Its upper layers run later, "
        "together with those of the tokens after it."
    ),
    "leaving-too-early-adadecode-at-threshold-0-3": (
        "The same with a threshold far too low: tokens leave early, turn out wrong, and are taken back."
    ),
    "a-search-that-pays-aded": (
        "A search through what usually follows a pair of tokens, drafted as a tree. The panel Search "
        "shows all that it looked at."
    ),
    "a-search-that-finds-little-aded-as-published": (
        "The search as the paper has it, on a poem: the matrix knows little of such text, so little is kept."
    ),
    "skipping-three-layers-clasp": (
        "The model drafts for itself with three layers left out, and checks itself with all of them."
    ),
    "skipping-too-many-layers-clasp": (
        "With too many layers left out the draft often says something else, and drafting still costs "
        "most of a pass."
    ),
    "copying-from-the-text-prompt-lookup": (
        "The simplest way: find the last few tokens earlier in the text, and copy what followed them."
    ),
    "one-token-at-a-time-the-model-alone": (
        "No guessing at all: a full pass through all layers for every token. This is what the others are "
        "measured against."
    ),
    "sampled-at-temperature-0-6-suffixdecoding": (
        "With chance in play a guess is kept with a probability. The sentence under the tree shows the "
        "number drawn for each."
    ),
    "remembering-an-earlier-answer-suffixdecoding": (
        "The session had answered a similar request before: guesses come from that answer too, not only "
        "from this text."
    ),
}


@dataclass(frozen=True)
class Recorded:
    """One shipped run."""

    path: Path

    @property
    def title(self) -> str:
        """From the file's name, without its number: `01-Some-title,-Method.jsonl`."""
        return self.path.stem.partition("-")[2].replace("-", " ")

    @property
    def slug(self) -> str:
        """What a link names it by."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")

    @cached_property
    def ends(self) -> tuple[Header, Footer]:
        """The first and the last line, without reading what lies between."""
        lines = self.path.read_text(encoding="utf-8").rstrip("\n").split("\n")
        return decode(Header, json.loads(lines[0]), "line 1"), decode(Footer, json.loads(lines[-1]), "footer")

    def trace(self) -> Trace:
        return Trace.load(self.path)

    def card(self) -> dict[str, Any]:
        """What the gallery says of it; every figure is the trace's own."""
        header, footer = self.ends
        title, _, method = self.title.rpartition(", ")
        model = header.model
        return {
            "slug": self.slug,
            "title": title,
            "about_method": method[:1].upper() + method[1:],
            "about": ABOUT.get(self.slug, ""),
            "num_tokens": round(footer.metrics["num_tokens"]),
            "num_steps": round(footer.metrics["num_steps"]),
            "mean_acceptance_length": footer.metrics["mean_acceptance_length"],
            "speedup": footer.metrics.get("speedup_measured"),
            "alone": header.method.name == "autoregressive",
            "where": f"{model.name}, {model.device}, {counted(model.threads, 'thread')}, {model.dtype}",
        }


def recorded_in(folder: Path) -> dict[str, Recorded]:
    """The runs of a folder by slug, in the order of their numbers."""
    found = [Recorded(path) for path in sorted(folder.glob("*.jsonl"))]
    return {run.slug: run for run in found}


def named(runs: Mapping[str, Recorded], slug: Any) -> Recorded:
    """The run of that slug, or an InputError that says which there are."""
    if not isinstance(slug, str) or slug not in runs:
        raise InputError("trace", f"no recorded run is called {str(slug)[:40]!r}; one of {', '.join(runs)}")
    return runs[slug]
