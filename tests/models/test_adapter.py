"""The adapter against the library: every family, layer by layer, in trees and past sliding windows."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch
import transformers as hf
from torch import Tensor

from accel.models.adapter import TransformersModel
from accel.models.cache import Cache
from accel.models.errors import ModelRefused
from accel.models.layered import Rows
from accel.models.refusals import refuse_unsupported
from accel.models.selftest import check
from tests.families import FAMILIES, VOCAB, WINDOW, build

CLOSE = {"rtol": 0.0, "atol": 5e-5}  # on logits of size 1 to 10, in fp32
WINDOWED = ["mistral-window", "qwen2-window", "gemma2", "gemma3", "gemma3-eager", "phi3", "olmo3"]
WINDOWED += ["starcoder2", "cohere2"]
PARENTS = (None, 0, 1, 1, None, 4, 0)  # a tree that the self-test does not try; None: the end of the text

every_family = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture(autouse=True)
def _inference() -> Any:
    with torch.inference_mode():
        yield


@cache
def loaded(family: str) -> Any:
    """The library's model; shared, so nothing may change it."""
    return FAMILIES[family]()


@cache
def adapted(family: str) -> TransformersModel:
    return TransformersModel(loaded(family))


def some_tokens(count: int) -> Tensor:
    return (torch.arange(count) * 37 + 5) % VOCAB


def trunk(first: int, last: int) -> Rows:
    """Rows of the text's tokens first..last-1, each at its own position."""
    positions, keys = torch.arange(first, last), torch.arange(last)
    return Rows(positions, first, positions, last, keys <= positions[:, None], keys)


def run_all(model: Any, tokens: Tensor, rows: Rows, held: Cache) -> Tensor:
    """Logits [slots, vocab]."""
    hidden = model.run_layers(model.embed(tokens, rows.positions), 0, model.num_layers, rows, held)
    return model.head(model.norm(hidden))


@every_family
def test_the_self_test_passes_and_leaves_config_and_chance_alone(family: str) -> None:
    library = loaded(family)
    config, chance = copy.deepcopy(library.config.to_dict()), torch.get_rng_state()
    check(TransformersModel(library), library)
    assert library.config.to_dict() == config
    assert torch.equal(torch.get_rng_state(), chance)


@every_family
def test_each_layer_gives_the_hidden_states_of_the_library(family: str) -> None:
    model, tokens = adapted(family), some_tokens(20)
    expected = loaded(family)(input_ids=tokens[None], output_hidden_states=True, use_cache=False)
    taps: dict[int, Tensor] = {}
    start = model.embed(tokens, torch.arange(20))
    kept = start.clone()
    end = model.run_layers(start, 0, model.num_layers, trunk(0, 20), model.new_cache(), taps.__setitem__)
    assert list(taps) == list(range(1, model.num_layers + 1))
    torch.testing.assert_close(start, expected.hidden_states[0][0], **CLOSE)
    for layer in range(1, model.num_layers):  # the library's last is already normed
        torch.testing.assert_close(taps[layer], expected.hidden_states[layer][0], **CLOSE)
    assert torch.equal(taps[model.num_layers], end)
    assert torch.equal(start, kept), "a layer wrote into what it was given"
    torch.testing.assert_close(model.head(model.norm(end)), expected.logits[0], **CLOSE)
    assert expected.logits.shape[-1] == model.vocab_size


@every_family
def test_a_tree_answers_as_each_of_its_paths_alone(family: str) -> None:
    model, library, size = adapted(family), loaded(family), 11
    text, drafted = some_tokens(size), some_tokens(40)[-len(PARENTS) :]
    held = model.new_cache()
    run_all(model, text, trunk(0, size), held)
    paths: list[list[int]] = []
    mask = torch.zeros(len(PARENTS), size + len(PARENTS), dtype=torch.bool)
    mask[:, :size] = True
    for slot, parent in enumerate(PARENTS):
        paths.append([*([] if parent is None else paths[parent]), slot])
        mask[slot, [size + one for one in paths[slot]]] = True
    positions = torch.tensor([size - 1 + len(path) for path in paths])
    index = torch.arange(size, size + len(PARENTS))
    keys = torch.cat((torch.arange(size), positions))
    answers = run_all(model, drafted, Rows(index, size, positions, len(keys), mask, keys), held)
    for answer, path in zip(answers, paths, strict=True):
        alone = library(input_ids=torch.cat((text, drafted[path]))[None], use_cache=False).logits[0, -1]
        torch.testing.assert_close(answer, alone, **CLOSE)


@pytest.mark.parametrize("family", WINDOWED)
def test_a_window_is_kept_far_past_its_size(family: str) -> None:
    model, size = adapted(family), 3 * WINDOW + 2
    tokens = some_tokens(size)
    expected = loaded(family)(input_ids=tokens[None], use_cache=False).logits[0]
    held = model.new_cache()
    answers = [run_all(model, tokens[a:b], trunk(a, b), held) for a, b in ((0, 13), (13, size - 1))]
    one = Rows(torch.tensor([size - 1]), size - 1, torch.tensor([size - 1]), size, None, torch.arange(size))
    answers.append(run_all(model, tokens[-1:], one, held))
    torch.testing.assert_close(torch.cat(answers), expected, **CLOSE)


@pytest.mark.parametrize("family", ["llama", "gemma2", "gptj", "falcon"])
def test_without_a_mask_several_tokens_see_each_other(family: str) -> None:
    model, tokens, places = adapted(family), some_tokens(5), torch.arange(5)
    none = Rows(places, 0, places, 5, None, places)
    full = changed(none, mask=torch.ones(5, 5, dtype=torch.bool))
    free = run_all(model, tokens, none, model.new_cache())
    assert torch.equal(free, run_all(model, tokens, full, model.new_cache()))
    assert not torch.allclose(free[0], run_all(model, tokens, trunk(0, 5), model.new_cache())[0], atol=0.01)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("family", ["llama", "gemma3", "gpt2", "gptj"])
def test_half_precision_passes_and_keeps_its_cache_in_half(family: str, dtype: torch.dtype) -> None:
    library = FAMILIES[family]().to(dtype)
    model = TransformersModel(library)
    check(model, library)
    assert model.new_cache().layer(0).dtype is dtype


def test_a_model_that_also_sees_is_decoded_by_its_text_part() -> None:
    text = loaded("gemma3").config.to_dict()
    vision = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 28}
    marks = {"image_token_index": 97, "boi_token_index": 96, "eoi_token_index": 95}
    library = build(hf.Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4, **marks))
    check(TransformersModel(library), library)


def test_the_context_ends_where_old_keys_would_turn() -> None:
    turns = {"rope_type": "longrope", "rope_theta": 1e4, "short_factor": [1.0] * 4, "long_factor": [2.0] * 4}
    fields = {**loaded("phi3").config.to_diff_dict(), "rope_parameters": turns}
    library = build(hf.Phi3Config(**{**fields, "original_max_position_embeddings": 64}))
    assert TransformersModel(library).max_context == 64
    check(TransformersModel(library), library)
    assert adapted("gpt2").max_context == adapted("phi3").max_context == 256


class Faulty:
    """A model with one thing wrong in how its layers are run."""

    def __init__(self, model: TransformersModel, fault: Callable[..., Tensor]) -> None:
        self._model = model
        self._fault = fault

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def run_layers(self, hidden: Tensor, first: int, last: int, rows: Rows, held: Cache) -> Tensor:
        return self._fault(self._model.run_layers, hidden, first, last, rows, held)


def changed(rows: Rows, **fields: Any) -> Rows:
    return replace(rows, **fields)


def everything_seen(run: Any, hidden: Tensor, first: int, last: int, rows: Rows, held: Cache) -> Tensor:
    return run(hidden, first, last, changed(rows, mask=None), held)


def siblings_seen(run: Any, hidden: Tensor, first: int, last: int, rows: Rows, held: Cache) -> Tensor:
    mask = rows.mask
    if rows.start is None and mask is not None:
        mask = mask | (rows.key_positions < rows.positions[:, None])
    return run(hidden, first, last, changed(rows, mask=mask), held)


def branches_in_a_line(run: Any, hidden: Tensor, first: int, last: int, rows: Rows, held: Cache) -> Tensor:
    count = len(rows.positions)
    positions = rows.positions if rows.start is not None else rows.positions[0] + torch.arange(count)
    return run(hidden, first, last, changed(rows, positions=positions), held)


def rows_in_order(run: Any, hidden: Tensor, first: int, last: int, rows: Rows, held: Cache) -> Tensor:
    return run(hidden, first, last, changed(rows, index=rows.index.sort().values), held)


FAULTS: dict[str, Callable[..., Tensor]] = {
    "noise": lambda run, *rest: run(*rest) + 0.01 * torch.cos(torch.arange(32.0)),
    "nan": lambda run, *rest: run(*rest) * torch.nan,
    "layer left out": lambda run, hidden, first, last, *rest: run(hidden, first, max(first, last - 1), *rest),
    "everything seen": everything_seen,
    "siblings seen": siblings_seen,
    "branches in a line": branches_in_a_line,
    "rows in order": rows_in_order,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("family", ["llama", "gemma3", "gpt_neox", "gptj"])
def test_the_self_test_refuses_a_wrong_run(family: str, fault: str) -> None:
    with pytest.raises(ModelRefused, match="departs from its own forward pass"):
        check(Faulty(adapted(family), FAULTS[fault]), loaded(family))


@pytest.mark.parametrize("family", WINDOWED)
def test_the_self_test_refuses_an_ignored_window(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rows, "within", lambda rows, window: rows.mask)
    with pytest.raises(ModelRefused, match="departs"):
        check(adapted(family), loaded(family))


def test_the_self_test_refuses_a_changed_weight_and_wrong_positions() -> None:
    library = copy.deepcopy(loaded("gpt2"))
    library.transformer.h[1].mlp.c_fc.weight.data[3] += 0.1
    with pytest.raises(ModelRefused, match="departs"):
        check(TransformersModel(library), loaded("gpt2"))
    library = copy.deepcopy(loaded("gpt2"))
    library.transformer.wpe.weight.data.copy_(library.transformer.wpe.weight.roll(1, 0))
    with pytest.raises(ModelRefused, match="departs"):
        check(TransformersModel(library), loaded("gpt2"))


def test_the_self_test_refuses_layers_that_fail() -> None:
    with pytest.raises(
        ModelRefused, match=r"'llama' .* is not supported: its layers cannot be called one by one"
    ):
        check(Faulty(adapted("llama"), lambda *_: 1 // 0), loaded("llama"))


REFUSED: dict[str, tuple[Any, str]] = {
    "encoder-decoder": (hf.T5Config, "encoder-decoder"),
    "alibi, always": (hf.BloomConfig, "ALiBi"),
    "alibi, asked for": (lambda: hf.FalconConfig(alibi=True), "ALiBi"),
    "alibi, inside": (hf.MptConfig, "ALiBi"),
    "state space": (hf.MambaConfig, "state-space"),
    "state space, by name": (hf.RwkvConfig, "state-space"),
    "hybrid": (hf.JambaConfig, "state-space"),
    "linear attention": (hf.Qwen3NextConfig, "linear-attention"),
    "shared keys": (hf.Gemma3nTextConfig, "each other's keys"),
    "shared keys, in a family not known for it": (
        lambda: hf.LlamaConfig(num_kv_shared_layers=2),
        "each other's keys",
    ),
    "shared keys, with eyes": (hf.Gemma3nConfig, "each other's keys"),
    "heads of several sizes": (hf.Gemma4TextConfig, "different shapes"),
    "chunks": (hf.Llama4TextConfig, "chunked_attention"),
    "both ways": (lambda: hf.Gemma3TextConfig(use_bidirectional_attention=True), "later tokens"),
    "steps before its first layer": (hf.NanoChatConfig, "normalises its embeddings"),
    "positions of its own": (hf.XGLMConfig, "counts positions from an offset"),
    "scaled embeddings": (hf.BioGptConfig, "scales its embeddings"),
    "sinusoids": (hf.CTRLConfig, "adds positions outside its layers"),
    "local attention": (hf.GPTNeoConfig, "by a token's row in the cache"),
    "no cache": (hf.OpenAIGPTConfig, "keep no keys and values"),
    "latent": (hf.DeepseekV3Config, "attention is latent"),
    "latent, smaller": (hf.MiniCPM3Config, "attention is latent"),
    "quantised": (lambda: hf.LlamaConfig(quantization_config={"quant_method": "gptq"}), "quantised"),
    "own code": (lambda: hf.LlamaConfig(auto_map={"AutoModel": "modeling.Own"}), "auto_map"),
    "own kernel": (lambda: hf.LlamaConfig(attn_implementation="some/kernel"), "some/kernel"),
    "quantised text part": (
        lambda: hf.Gemma3Config(text_config={"quantization_config": {"quant_method": "gptq"}}),
        "quantised",
    ),
    "own experts": (lambda: hf.Qwen3MoeConfig(experts_implementation="some/kernel"), "some/kernel"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused_by_its_configuration_alone(kind: str) -> None:
    config, reason = REFUSED[kind]
    with pytest.raises(ModelRefused, match=reason):
        refuse_unsupported(config())


@every_family
def test_no_supported_family_is_refused_by_its_configuration(family: str) -> None:
    refuse_unsupported(loaded(family).config)


def test_a_model_loaded_in_another_way_is_refused() -> None:
    with pytest.raises(ModelRefused, match="training mode"):
        TransformersModel(FAMILIES["llama"]().train())
    library = FAMILIES["llama"]()
    library.hf_device_map = {"model.layers.0": 0, "model.layers.1": "cpu"}
    with pytest.raises(ModelRefused, match="several devices"):
        TransformersModel(library)
    library = FAMILIES["llama"]()
    library.config._attn_implementation_internal = "flex_attention"
    with pytest.raises(ModelRefused, match="flex_attention"):
        TransformersModel(library)


UNKNOWN: dict[str, tuple[Callable[[], Any], str]] = {
    "an encoder's names": (
        lambda: build(
            hf.BertConfig(vocab_size=VOCAB, hidden_size=32, num_attention_heads=4, is_decoder=True)
        ),
        "not found under any known name",
    ),
    "no head": (lambda: loaded("llama").model, "no output embedding"),
}


@pytest.mark.parametrize("kind", UNKNOWN)
def test_a_structure_that_is_not_known_is_refused(kind: str) -> None:
    library, reason = UNKNOWN[kind]
    with pytest.raises(ModelRefused, match=reason):
        TransformersModel(library())


@pytest.mark.parametrize("name", ["cache", "past_key_values", "layer_past", "a_name_of_a_later_release"])
def test_the_cache_argument_is_recognised_by_its_type_whatever_its_name(name: str) -> None:
    library = FAMILIES["llama"]()
    for index, layer in enumerate(library.model.layers):
        library.model.layers[index] = _renaming(layer, name)
    model, tokens = TransformersModel(library), some_tokens(20)
    answer = run_all(model, tokens, trunk(0, 20), model.new_cache())
    expected = loaded("llama")(input_ids=tokens[None], use_cache=False).logits[0]
    torch.testing.assert_close(answer, expected, **CLOSE)


def _renaming(layer: Any, name: str) -> torch.nn.Module:
    """A layer that takes its cache under another name, as releases of the library do."""
    asked = inspect.signature(layer.forward).parameters
    original = next(one.name for one in asked.values() if "Cache" in str(one.annotation))

    class Renamed(torch.nn.Module):
        def forward(self, hidden_states: Tensor, **arguments: Any) -> Any:
            return layer(
                hidden_states, **{original if key == name else key: v for key, v in arguments.items()}
            )

    given = [one.replace(name=name) if one.name == original else one for one in asked.values()]
    Renamed.forward.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY), *given]
    )
    return Renamed()
