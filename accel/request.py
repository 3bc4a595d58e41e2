"""What a caller asks for, checked before any work is done; every error names the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from accel.ending import Ending
from accel.errors import InputError, shown, span
from accel.method import Method, Settling, finite, knobs_of, with_knobs
from accel.methods import METHODS
from accel.models.model import Model
from accel.models.tokenizer import without_surrogates
from accel.prompt import check_draft, prompt_tokens
from accel.run import Terms
from accel.sampling import Sampling
from accel.trace import Limits, Observe, SamplingInfo

MAX_NEW_TOKENS = 1_000_000
MAX_STOPS, MAX_STOP_CHARS = 16, 256
MAX_SEED = 2**53 - 1  # JSON readers take larger whole numbers for floats


@dataclass(frozen=True, slots=True)
class Request:
    """A checked request for one run."""

    method: Method
    terms: Terms
    limits: Limits
    draft: Model | None

    @property
    def sampling_info(self) -> SamplingInfo:
        sampling = self.terms.sampling
        return SamplingInfo(sampling.temperature, sampling.top_k, sampling.top_p, self.terms.seed)

    @property
    def knobs(self) -> dict[str, int | float | str | bool]:
        return {knob.name: getattr(self.method, knob.name) for knob in knobs_of(type(self.method))}

    def ending(self, model: Model) -> Ending:
        return Ending(
            end_tokens=model.end_tokens,
            stop=self.limits.stop,
            max_new_tokens=self.limits.max_new_tokens,
            room=model.context - len(self.terms.prompt),
            piece=model.text_piece,
        )


def check_request(
    model: Model,
    prompt: str | Sequence[int],
    *,
    method: str,
    knobs: Mapping[str, Any],
    max_new_tokens: Any,
    temperature: Any,
    top_k: Any,
    top_p: Any,
    stop: Sequence[str],
    seed: Any,
    observe: str,
    chat: bool,
    draft: Model | None,
) -> Request:
    """Everything a caller passed, as one value; the first thing wrong is an InputError naming its field."""
    if not isinstance(model, Model):
        raise InputError("model", f"expected a loaded model, not {shown(model)}; accel.load gives one")
    chosen = method_with_knobs(method, knobs)
    if isinstance(chosen, Settling):
        chosen = chosen.settled(model)
    switch("chat", chat)
    limits = Limits(whole("max_new_tokens", max_new_tokens, 1, MAX_NEW_TOKENS), _stops(model, stop), chat)
    sampling = Sampling(
        _temperature(temperature),
        whole("top_k", top_k, 0, 10_000_000),
        number("top_p", top_p, 0.0, 1.0, low_included=False),
    )
    if not isinstance(observe, str) or observe not in get_args(Observe):
        raise InputError("observe", f"{shown(observe)} is not one of {', '.join(get_args(Observe))}")
    if draft is not None and not isinstance(draft, Model):
        raise InputError("draft", f"expected a loaded model, not {shown(draft)}")
    if draft is None and "draft_model" in (chosen.name, getattr(chosen, "fallback", "none")):
        raise InputError("draft", "drafting by a model needs a second model; choose one")
    tokens = tuple(prompt_tokens(model, prompt, chat))
    if draft is not None:
        check_draft(model, draft, tokens)
    most = min(limits.max_new_tokens, model.context - len(tokens))
    terms = Terms(
        prompt=tokens,
        sampling=sampling,
        seed=whole("seed", seed, 0, MAX_SEED),
        observe=observe,  # type: ignore[arg-type]  # checked against the literal above
        calibration=model.calibration,
        processors=model.processors.bind(tokens, most, model.end_tokens, model.layers.device),
    )
    return Request(chosen, terms, limits, draft)


def greedy_request(
    model: Model,
    prompt: str | Sequence[int],
    method: str,
    *,
    max_new_tokens: Any,
    knobs: Mapping[str, Any] | None = None,
    observe: str = "none",
    seed: Any = 0,
    chat: bool = True,
    draft: Model | None = None,
) -> Request:
    """A checked request at temperature 0 without stop strings: what is measured, where texts must be comparable."""
    return check_request(
        model, prompt, method=method, knobs=knobs or {}, max_new_tokens=max_new_tokens, temperature=0.0, top_k=0,
        top_p=1.0, stop=(), seed=seed, observe=observe, chat=chat, draft=draft,
    )  # fmt: skip


def method_with_knobs(name: str, knobs: Mapping[str, Any]) -> Method:
    """The method of that name with these knobs; InputError for either."""
    return with_knobs(_method(name), knobs)


def _method(name: str) -> type[Method]:
    if not isinstance(name, str) or name not in METHODS:
        raise InputError("method", f"{shown(name)} is not one of {', '.join(METHODS)}")
    return METHODS[name]


def number(field: str, value: Any, low: float, high: float, *, low_included: bool = True) -> float:
    """`value` as a finite number within bounds."""
    read = finite(field, value, low, high)
    if not low <= read <= high or (read == low and not low_included):
        above = "" if low_included else "more than "
        raise InputError(field, f"{shown(value)} is outside {above}{span(low, high)}")
    return read


def whole(field: str, value: Any, low: int, high: int) -> int:
    """`value` as a whole number within bounds."""
    read = number(field, value, low, high)
    if read != int(read):
        raise InputError(field, f"{shown(value)} is not a whole number")
    return int(value) if isinstance(value, int) else int(read)


def switch(field: str, value: Any) -> bool:
    """`value` if it is True or False, and nothing that is only taken for one."""
    if not isinstance(value, bool):
        raise InputError(field, f"{shown(value)} is neither True nor False")
    return value


def _temperature(value: Any) -> float:
    read = number("temperature", value, 0.0, 100.0)
    if 0.0 < read < 1e-4:  # logits divided by less than this overflow
        raise InputError(
            "temperature", f"{read:g} is too small to divide by; use 0 for greedy, or at least 0.0001"
        )
    return read


def _stops(model: Model, stop: Sequence[str]) -> tuple[str, ...]:
    if isinstance(stop, str | bytes) or not isinstance(stop, Sequence):
        raise InputError("stop", f"expected a list of strings, not {shown(stop)}")
    if len(stop) > MAX_STOPS:
        raise InputError("stop", f"{len(stop)} strings are given; at most {MAX_STOPS} are looked for")
    for text in stop:
        if not isinstance(text, str) or not 0 < len(text) <= MAX_STOP_CHARS:
            raise InputError("stop", f"{shown(text)} is not a string of 1 to {MAX_STOP_CHARS} characters")
    if stop and model.tokenizer is None:
        raise InputError(
            "stop", "this model has no tokenizer, so its output has no text to stop at; give none"
        )
    return tuple(without_surrogates(text) for text in stop)
