"""The logits processors that a model's own generation config asks for: the library's classes, bound to one run.

transformers' `generate` applies them by itself, so the text of a model is the text with them, and every row that is
verified or drafted from must see them after its own prefix. Each is a function of that prefix and the row alone.

The rest of a generation config is the run's own decision, and is left out wherever a model is decoded:

* how a token is chosen: do_sample, temperature, top_k, top_p, min_p, top_h, typical_p, epsilon_cutoff, eta_cutoff,
  and every search over several texts (num_beams and what belongs to beams, penalty_alpha, dola_layers);
* how long a text is: max_length, max_new_tokens, max_time, stop_strings. Its end tokens are kept by the tokenizer;
* what changes no finite logit's rank or share: renormalize_logits, remove_invalid_values;
* how fast the library computes, and what it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from accel.models.errors import ModelRefused
from accel.trace import Knob


@dataclass(frozen=True, slots=True)
class Place:
    """What a processor may depend on besides its prefix: the run it belongs to."""

    prompt: Sequence[int]
    max_length: int  # tokens of prompt and answer together
    end_tokens: list[int]
    device: torch.device
    begin: int  # tokens before the first that counts as generated

    @property
    def ids(self) -> Tensor:
        """The prompt, [1, tokens]."""
        return torch.tensor([list(self.prompt)], device=self.device)


Arguments = Callable[[Any, Place], tuple[Any, ...]]
"""(the field's value, the run) -> what the library's class is made with."""


def _value(value: Any, place: Place) -> tuple[Any, ...]:
    return (value,)


def _value_and_prompt(value: Any, place: Place) -> tuple[Any, ...]:
    return value, place.ids


# By field: the library's class and its arguments, in the order in which the library applies them.
PROCESSORS: dict[str, tuple[str, Arguments]] = {
    "sequence_bias": ("SequenceBiasLogitsProcessor", _value),
    "encoder_repetition_penalty": ("EncoderRepetitionPenaltyLogitsProcessor", _value_and_prompt),
    "repetition_penalty": ("RepetitionPenaltyLogitsProcessor", _value),
    "no_repeat_ngram_size": ("NoRepeatNGramLogitsProcessor", _value),
    "encoder_no_repeat_ngram_size": ("EncoderNoRepeatNGramLogitsProcessor", _value_and_prompt),
    "bad_words_ids": ("NoBadWordsLogitsProcessor", lambda value, at: (value, at.end_tokens or None)),
    "min_length": ("MinLengthLogitsProcessor", lambda value, at: (value, at.end_tokens, at.device)),
    "min_new_tokens": (
        "MinNewTokensLengthLogitsProcessor",
        lambda value, at: (len(at.prompt), value, at.end_tokens, at.device),
    ),
    "forced_bos_token_id": ("ForcedBOSTokenLogitsProcessor", _value),
    "forced_eos_token_id": (
        "ForcedEOSTokenLogitsProcessor",
        lambda value, at: (at.max_length, value, at.device),
    ),
    "exponential_decay_length_penalty": (
        "ExponentialDecayLengthPenalty",
        lambda value, at: (value, at.end_tokens, len(at.prompt)),
    ),
    "suppress_tokens": ("SuppressTokensLogitsProcessor", lambda value, at: (value, at.device)),
    "begin_suppress_tokens": (
        "SuppressTokensAtBeginLogitsProcessor",
        lambda value, at: (value, at.begin, at.device),
    ),
}
OFF: dict[str, float] = {  # values that switch a field off, besides none and an empty list
    "encoder_repetition_penalty": 1.0,
    "repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "encoder_no_repeat_ngram_size": 0,
    "min_length": 0,
    "min_new_tokens": 0,
    "guidance_scale": 1.0,
    "token_healing": False,
}
OF_END_TOKENS = ("min_length", "min_new_tokens", "exponential_decay_length_penalty")  # nothing without any
REFUSED = {
    "guidance_scale": "it needs a second pass without the prompt for every token",
    "watermarking_config": "a watermark keeps state from token to token, which drafts would disturb",
    "token_healing": "it rewrites the prompt's last token",
}


@dataclass(frozen=True, slots=True)
class ProcessorSettings:
    """Fields of a generation config that ask for a processor, with their values as the config has them."""

    values: Mapping[str, Any] = field(default_factory=dict)

    def used(self, end_tokens: frozenset[int]) -> dict[str, Any]:
        """Those that do anything where these tokens end a text."""
        return {name: value for name, value in self.values.items() if end_tokens or name not in OF_END_TOKENS}

    def bind(
        self, prompt: Sequence[int], max_new_tokens: int, end_tokens: frozenset[int], device: torch.device
    ) -> LogitsProcessors | None:
        """The processors of one run; None where nothing is asked for, which costs nothing."""
        used = self.used(end_tokens)
        if not used:
            return None
        from transformers.generation import logits_process

        begin = len(prompt) + (len(prompt) == 1 and "forced_bos_token_id" in used)
        place = Place(prompt, len(prompt) + max_new_tokens, sorted(end_tokens), device, begin)
        made = []
        for name, value in used.items():
            kind, arguments = PROCESSORS[name]
            made.append(getattr(logits_process, kind)(*arguments(value, place)))
        return LogitsProcessors(used, tuple(made))


@dataclass(frozen=True, slots=True, eq=False)
class LogitsProcessors:
    """The processors of one run, in the library's order."""

    settings: Mapping[str, Any]
    _processors: tuple[Any, ...]

    def __call__(self, prefixes: Sequence[Sequence[int]], logits: Tensor) -> Tensor:
        """Logits [rows, vocab] of what follows each prefix, processed: float32, as the library has them by then."""
        return torch.stack(
            [self._row(prefix, row) for prefix, row in zip(prefixes, logits.float(), strict=True)]
        )

    def _row(self, prefix: Sequence[int], row: Tensor) -> Tensor:
        ids, scores = torch.tensor([list(prefix)], device=row.device), row[None]
        for processor in self._processors:
            scores = processor(ids, scores)
        return scores[0]

    @property
    def recorded(self) -> dict[str, Knob]:
        """The settings as a trace's header has them: a number, or a list as text."""
        return {
            name: value if isinstance(value, int | float) else str(value)
            for name, value in self.settings.items()
        }


def read_settings(name: str, generation_config: Any, vocab_size: int) -> ProcessorSettings:
    """What the generation config of the model `name` asks for.

    Raises ModelRefused, naming the field, where that is not supported or makes no sense.
    """
    asked = {key: value for key, value in vars(generation_config).items() if _is_on(key, value)}
    for key, reason in REFUSED.items():
        if key in asked:
            raise _refused(name, key, asked[key], f"is not supported, since {reason}")
    if generation_config.min_new_tokens is not None:
        asked.pop("min_length", None)  # the library lets the other take its place, also where it is 0
    settings = ProcessorSettings({key: asked[key] for key in PROCESSORS if key in asked})
    for key, value in settings.values.items():
        try:
            _try(key, value, vocab_size)
        except Exception as error:  # whatever the library makes of a value that is none
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise _refused(name, key, value, f"cannot be used ({reason:.160})") from error
    return settings


def _try(key: str, value: Any, vocab_size: int) -> None:
    """Use one processor at the first and at the last token of a text, where some act."""
    one = ProcessorSettings({key: value}).bind((0, 0), 1, frozenset({0}), torch.device("cpu"))
    assert one is not None
    one([(0,), (0, 0)], torch.zeros(2, vocab_size))


def _is_on(key: str, value: Any) -> bool:
    empty = value is None or (isinstance(value, list | tuple | dict) and not value)
    return not empty and (key not in OFF or value != OFF[key])


def _refused(name: str, key: str, value: Any, problem: str) -> ModelRefused:
    return ModelRefused(
        f"{name:.80}: its generation_config.json sets {key} to {value!r:.60}, which {problem}; "
        f"take {key} out of that file"
    )
