"""What a benchmark measures beside one another: methods, cold or warm, and the library's own decoding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from accel.arctic import Arctic, is_installed
from accel.compare import BASELINE, library_answer
from accel.decoding import Decoding
from accel.errors import InputError, shown
from accel.method import Method, with_knobs
from accel.methods import METHODS
from accel.models.library import BASELINES
from accel.models.model import Model
from accel.request import Request
from accel.session import Session

REMEMBER = ("suffix", "aded", "arctic")  # methods that a session's earlier answers teach


@dataclass(frozen=True, slots=True)
class Answer:
    """Token ids after the prompt, and the steps they took after the first; None where that is not known."""

    tokens: list[int]
    num_steps: int | None


@dataclass(frozen=True, slots=True)
class Arm:
    """One thing measured. A warm one keeps its session from prompt to prompt, each prompt once."""

    name: str
    answer: Callable[[Model, Request, Session | None], Answer]
    is_warm: bool = False


def arms_of(model: Model, methods: Sequence[str], baselines: Sequence[str], *, warm: bool) -> list[Arm]:
    """Our own loop first, then the methods, warm ones after cold, then the library. InputError for a wrong name.

    A method's knobs may stand behind its name: `suffix:offset=2:branching=true`.
    """
    for name in baselines:
        if name not in BASELINES:
            raise InputError("baselines", f"{shown(name)} is not one of {', '.join(BASELINES)}")
    arms = [_method_arm(BASELINE, METHODS[BASELINE](), False)]
    for written in dict.fromkeys(methods):
        method = _method(written)
        if written != BASELINE:
            arms.append(_method_arm(written, method, False))
        if warm and method.name in REMEMBER:
            arms.append(_method_arm(written, method, True))
    return arms + [_library_arm(model, name) for name in dict.fromkeys(baselines)]


def _method(written: str) -> Method:
    known = {**METHODS, "arctic": Arctic} if is_installed() else dict(METHODS)
    name, *settings = written.split(":")
    if name not in known or name == "draft_model":
        choices = ", ".join(sorted(set(known) - {"draft_model"}))
        raise InputError("methods", f"{shown(name)} cannot be measured here; choose from {choices}")
    knobs = (setting.partition("=") for setting in settings)
    return with_knobs(known[name], {knob: value for knob, _, value in knobs})


def _method_arm(name: str, method: Method, is_warm: bool) -> Arm:
    def answer(model: Model, request: Request, session: Session | None) -> Answer:
        decoding = Decoding(model, replace(request, method=method), session, check=False)
        steps = [step.commit.tokens for step in decoding]
        return Answer([token for tokens in steps for token in tokens], len(steps) - 1)

    return Arm(f"{name}, warm" if is_warm else name, answer, is_warm)


def _library_arm(model: Model, name: str) -> Arm:
    options = BASELINES[name](model)

    def answer(model: Model, request: Request, session: Session | None) -> Answer:
        return Answer(library_answer(model, request, **options), None)

    return Arm(name, answer)
