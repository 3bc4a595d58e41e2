"""The decode loop, and what a whole run amounts to: header, steps, footer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch

from accel.ending import cut_at_stop
from accel.metrics import metrics
from accel.models.model import Model
from accel.parity import UNCHECKED, measure_baseline
from accel.request import Request
from accel.run import Run
from accel.sampling import Dice
from accel.session import Session
from accel.trace import SCHEMA, FinishReason, Footer, Header, MethodInfo, Prompt, Step, Trace
from accel.verify import DraftTree, verify

PREFILL_ROWS = 256  # prompt tokens run at once, with a look at Stop in between

Stopping = Callable[[], FinishReason | None]
"""Asked between steps and between chunks of the prompt: a reason to stop now, or None to go on."""


def never() -> FinishReason | None:
    return None


def decode(run: Run, request: Request, stopping: Stopping) -> Iterator[Step]:
    """The prompt, then round after round until the text ends. Time between two steps is not the run's."""
    state = request.method.start(run)
    for _ in _prefill(run):
        if reason := stopping():
            run.finish_reason = reason
            return
    verify(run, DraftTree())
    yield run.close_step()
    while run.finish_reason is None:
        if reason := stopping():
            run.finish_reason = reason
            return
        run.clock.restart()
        request.method.step(run, state)
        yield run.close_step()


def _prefill(run: Run) -> Iterator[None]:
    """Run the prompt through every lane, chunk by chunk; ancestors come along with a chunk's last slot."""
    prompt = run.tree.trunk
    for lane in run.lanes:
        tap = run.prompt_tap if lane is run.target else None
        for start in range(0, len(prompt), PREFILL_ROWS):
            with run.clock.phase("verify" if lane is run.target else "draft"):
                lane.advance([prompt[min(start + PREFILL_ROWS, len(prompt)) - 1]], tap=tap)
            yield


class Decoding:
    """One run as a stream of steps; when they are used up, `trace` is the whole of it."""

    def __init__(
        self,
        model: Model,
        request: Request,
        session: Session | None,
        *,
        check: bool,
        stopping: Stopping = never,
    ) -> None:
        self._model = model
        self._request = request
        self._session = Session(model) if session is None else session
        self._check = check
        self._stopping = stopping
        self._steps: list[Step] = []
        self._started = False
        self.finish_reason: FinishReason = "cancelled"
        terms = request.terms
        self._header = Header(
            schema=SCHEMA,
            model=model.info,
            method=MethodInfo(request.method.name, request.knobs),
            draft_model=None if request.draft is None else request.draft.info,
            sampling=request.sampling_info,
            limits=request.limits,
            prompt=Prompt(terms.prompt),
            warm=self._session.is_warm,
            observe=terms.observe,
            calibration=terms.calibration,
            processors=terms.processors.recorded if terms.processors else {},
            context=model.context,
        )

    @property
    def header(self) -> Header:
        """The trace's header. Whether the session is warm is settled when the run starts, not when it is made."""
        return self._header if self._started else replace(self._header, warm=self._session.is_warm)

    def __iter__(self) -> Iterator[Step]:
        """Decode. Once: a second look at the steps is a look at the trace."""
        if self._started:
            raise RuntimeError("this run has been started already; its steps are in trace().steps")
        request, model = self._request, self._model
        self._started = True
        with self._session.answering(model):
            self._header = replace(self._header, warm=self._session.is_warm)
            with torch.inference_mode():
                run = Run(
                    model,
                    request.terms,
                    request.ending(model),
                    self._session,
                    request.draft,
                    Dice(request.terms.seed),
                )
            steps = decode(run, request, self._stopping)
            while True:
                # Inference mode belongs to a thread, and a stream may be read from several: enter it per step.
                with torch.inference_mode():
                    step = next(steps, None)
                if step is None:
                    break
                if not self._steps:
                    self._session.count_answer()
                self._steps.append(step)
                self.finish_reason = (
                    run.finish_reason or "cancelled"
                )  # whoever reads no further has the last step
                yield step
            self.finish_reason = run.finish_reason or "cancelled"

    @property
    def text(self) -> str:
        """The text so far, by the tokenizer's own decoding, cut at the stop string that ended it."""
        tokens = [token for step in self._steps for token in step.commit.tokens]
        text = self._model.decode(tokens)
        if self.finish_reason != "stop":
            return text
        written = b"".join(self._model.text_piece(token) for token in tokens)
        return cut_at_stop(text, written, self._request.limits.stop)

    def trace(self, *, is_checked: bool = True) -> Trace:
        """Header, the steps decoded so far and a footer; with `check`, measured against the baseline first.

        `is_checked=False` leaves the baseline out, as of a run whose model failed.
        """
        tokens = [token for step in self._steps for token in step.commit.tokens]
        parity, baseline = UNCHECKED, None
        if self._check and is_checked and tokens:
            parity, baseline = measure_baseline(self._model, self._request, tokens, self._stopping)
        footer = Footer(self.finish_reason, self.text, parity, baseline, {})
        trace = Trace(self.header, tuple(self._steps), footer)
        return replace(trace, footer=replace(footer, metrics=metrics(trace)))
