"""What a caller asks for, checked before any work is done; every error names the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from accel.ending import Ending
from accel.errors import InputError, shown
from accel.method import Method, Settling, finite, knobs_of, with_knobs
from accel.methods import METHODS
from accel.models.model import Model
from accel.run import Terms
from accel.sampling import Sampling
from accel.trace import Limits, Observe, SamplingInfo

MAX_PROMPT_CHARS = 1_000_000  # about 30 full contexts of the embedded model: far beyond use, cheap to refuse
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
    chosen = method_with_knobs(method, knobs)
    if isinstance(chosen, Settling):
        chosen = chosen.settled(model)
    if not isinstance(chat, bool):
        raise InputError("chat", f"{shown(chat)} is neither True nor False")
    limits = Limits(whole("max_new_tokens", max_new_tokens, 1, MAX_NEW_TOKENS), _stops(model, stop), chat)
    sampling = Sampling(
        _temperature(temperature),
        whole("top_k", top_k, 0, 10_000_000),
        number("top_p", top_p, 0.0, 1.0, low_included=False),
    )
    if observe not in get_args(Observe):
        raise InputError("observe", f"{observe!r:.40} is not one of {', '.join(get_args(Observe))}")
    if draft is not None:
        _check_draft(model, draft)
    elif "draft_model" in (chosen.name, getattr(chosen, "fallback", "none")):
        raise InputError("draft", "drafting by a model needs a second model; choose one")
    tokens = tuple(_prompt_tokens(model, prompt, chat))
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
    read = finite(field, value)
    if not low <= read <= high or (read == low and not low_included):
        above = "" if low_included else "more than "
        raise InputError(field, f"{shown(value)} is outside {above}{low:g} to {high:g}")
    return read


def whole(field: str, value: Any, low: int, high: int) -> int:
    """`value` as a whole number within bounds."""
    read = number(field, value, low, high)
    if read != int(read):
        raise InputError(field, f"{shown(value)} is not a whole number")
    return int(value) if isinstance(value, int) else int(read)


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
    stops = tuple(stop)
    if len(stops) > MAX_STOPS or any(
        not isinstance(s, str) or not 0 < len(s) <= MAX_STOP_CHARS for s in stops
    ):
        raise InputError("stop", f"at most {MAX_STOPS} strings of 1 to {MAX_STOP_CHARS} characters")
    if stops and model.tokenizer is None:
        raise InputError("stop", "this model has no tokenizer, so its output has no text to stop at")
    return tuple(s.encode("utf-8", errors="replace").decode() for s in stops)


def _prompt_tokens(model: Model, prompt: str | Sequence[int], chat: bool) -> list[int]:
    if isinstance(prompt, bytes) or not isinstance(prompt, Sequence):
        raise InputError("prompt", f"expected text or a list of token ids, not {shown(prompt)}")
    tokens = _encode(model, prompt, chat) if isinstance(prompt, str) else list(prompt)
    if not tokens:
        raise InputError("prompt", "it is empty; type something to continue")
    if len(tokens) >= model.context:
        raise InputError(
            "prompt",
            f"it is {len(tokens)} tokens long; {model.info.name} reads at most {model.context - 1}. Shorten it",
        )
    size = model.layers.vocab_size
    if any(isinstance(t, bool) or not isinstance(t, int) or not 0 <= t < size for t in tokens):
        raise InputError("prompt", f"token ids must be whole numbers from 0 to {size - 1}")
    return tokens


def _encode(model: Model, prompt: str, chat: bool) -> list[int]:
    if model.tokenizer is None:
        raise InputError("prompt", "this model has no tokenizer; give a list of token ids")
    if len(prompt) > MAX_PROMPT_CHARS:
        raise InputError(
            "prompt", f"it has {len(prompt)} characters; at most {MAX_PROMPT_CHARS} are read. Shorten it"
        )
    if not prompt.replace("\x00", "").strip():
        raise InputError("prompt", "it is empty; type something to continue")
    try:
        return model.tokenizer.encode(prompt, chat=chat)
    except ValueError as error:
        raise InputError(
            "chat", f"the model's chat template failed ({str(error)[:120]}); turn it off"
        ) from error


def _check_draft(model: Model, draft: Model) -> None:
    if not isinstance(draft, Model):
        raise InputError("draft", f"expected a loaded model, not {shown(draft)}")
    same = draft.layers.vocab_size == model.layers.vocab_size
    if same and model.tokenizer is not None and draft.tokenizer is not None:
        same = model.tokenizer.same_vocabulary(draft.tokenizer)
    if not same:
        raise InputError(
            "draft",
            f"{draft.info.name} and {model.info.name} have different vocabularies; choose a model that shares it",
        )
    if draft.context < model.context:
        raise InputError(
            "draft",
            f"{draft.info.name} reads {draft.context} tokens, {model.info.name} {model.context}; choose a longer one",
        )
