"""The suffix cache of `arctic-inference` as a drafter, where that package is installed: a peer to measure against.

It is no method of the page and no dependency: the same verification, the same knobs as SuffixDecoding's defaults,
and drafts from its C++ trees.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

from accel.drafting import worthwhile
from accel.methods.suffix import planted
from accel.run import Run
from accel.verify import DraftTree, verify

DEPTH, MOST = 64, 32


def is_installed() -> bool:
    return find_spec("arctic_inference") is not None


class Cache:
    """What a session remembers: the package's own cache of its answers."""

    def __init__(self) -> None:
        package = import_module("arctic_inference.suffix_decoding")
        self.cache = package.SuffixDecodingCache(max_tree_depth=DEPTH)
        self.num_requests = 0


@dataclass(slots=True)
class State:
    cache: Any
    request: int
    told: int


@dataclass(frozen=True, slots=True)
class Arctic:
    """SuffixDecoding as its authors ship it."""

    name: ClassVar[str] = "arctic"
    lossless: ClassVar[bool] = True

    def start(self, run: Run) -> State:
        held = run.session.recall(Cache, Cache)
        if held.num_requests:
            held.cache.stop_request(held.num_requests - 1)
        request = held.num_requests
        held.num_requests += 1
        held.cache.start_request(request, run.tree.text)
        return State(held.cache, request, len(run.tree.trunk))

    def step(self, run: Run, state: State) -> None:
        with run.clock.phase("draft"):
            draft = self._propose(run, state)
        verify(run, draft)

    def _propose(self, run: Run, state: State) -> DraftTree:
        fresh = run.tree.text_from(state.told)
        state.told += len(fresh)
        state.cache.add_active_response(state.request, fresh)
        context = run.tree.text_from(max(0, len(run.tree.trunk) - DEPTH))
        most = min(MOST, run.drafts_left)
        if most <= 0:
            return DraftTree()
        found = state.cache.speculate(state.request, context, max_spec_tokens=most)
        nodes = list(zip(found.token_ids, found.parents, found.probs, strict=True))
        return planted(run, nodes[: worthwhile(run.calibration, found.probs)], "arctic")
