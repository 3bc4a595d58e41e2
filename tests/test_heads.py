"""Exit heads: their file, their readout, their training, and what the shipped ones are worth."""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

import accel
from accel import head_lessons, head_targets, head_training, heads, heads_command
from accel.errors import InputError
from accel.head_lessons import Course, Lessons, collect, folder_of, held_out, read
from accel.head_prompts import prompts
from accel.head_report import judge
from accel.models.library import sample_answers
from accel.sampling import Sampling
from accel.trace import LayerRun
from tests.tiny import library_greedy, tiny

LAYERS = (1, 2)
COURSE = Course(LAYERS, tokens=400, seed=3, answers=8, longest=24)
LINEAR = ("llama", "gpt2", "gemma2", "cohere", "granite", "phi")  # scaled, capped and biased heads among them


@pytest.fixture(scope="module")
def _cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def cache(_cache, monkeypatch):
    """A cache of this module's own: what one test collects, the next one reads."""
    monkeypatch.setenv("DRAFTSCOPE_CACHE", str(_cache))
    return _cache


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("DRAFTSCOPE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def some_heads(family="llama", kind="kl"):
    """Random maps that bfloat16 holds exactly, and a list of every third token."""
    model = tiny(family)
    dice = torch.Generator().manual_seed(1)
    maps = torch.randn(2, 33, 32, generator=dice).bfloat16().float()
    biases = torch.randn(2, 33, generator=dice)
    return heads.build(model, kind, LAYERS, torch.arange(0, 99, 3), maps, biases)


def states(slots=5):
    return torch.randn(slots, 32, generator=torch.Generator().manual_seed(2))


def saved(tmp_path) -> Path:
    path = tmp_path / "some.safetensors"
    some_heads().save(path)
    return path


def test_a_file_gives_back_the_heads(tmp_path):
    before, after = some_heads(), heads.load(saved(tmp_path), tiny())
    assert (after.kind, after.layers, after.fingerprint) == ("kl", LAYERS, tiny().info.fingerprint)
    for layer in LAYERS:
        said, again = before.readout(layer, states()), after.readout(layer, states())
        assert torch.equal(said.logits, again.logits)
        assert torch.equal(said.rest, again.rest)
        assert torch.equal(said.ids, again.ids)
    with pytest.raises(ValueError, match="not in tuple"):
        after.readout(3, states())


def test_heads_of_another_model_are_refused_and_both_are_named(tmp_path):
    other = tiny("qwen3")
    with pytest.raises(InputError, match=r"heads: some\.safetensors is for model") as refusal:
        heads.load(saved(tmp_path), other)
    assert tiny().info.fingerprint in str(refusal.value)
    assert other.info.fingerprint in str(refusal.value)


def test_a_file_that_is_cut_or_of_something_else_is_refused(tmp_path):
    path = saved(tmp_path)
    whole = path.read_bytes()
    for content in (b"", b"no tensors", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"heads: .*cannot be read"):
            heads.load(path, tiny())
    save_file({"maps": torch.zeros(1)}, path)
    with pytest.raises(InputError, match="not a file of exit heads"):
        heads.load(path, tiny())
    with pytest.raises(InputError, match="cannot be read"):
        heads.load(tmp_path / "absent.safetensors", tiny())


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"maps": torch.zeros(2, 33, 31)}, {}),
        ({"maps": torch.full((2, 33, 32), torch.nan)}, {}),
        ({"shortlist": torch.tensor([3, 2])}, {}),
        ({"shortlist": torch.tensor([3, 99])}, {}),
        ({"shortlist": torch.tensor([-1, 5])}, {}),
        ({"biases": torch.zeros(2, 32)}, {}),
        ({}, {"layers": "1,2,3"}),
        ({}, {"layers": "two"}),
        ({}, {"kind": "pickle"}),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, change, about):
    path = saved(tmp_path)
    meta = {"format": "1", "fingerprint": tiny().info.fingerprint, "kind": "kl", "layers": "1,2", **about}
    save_file({**load_file(path), **change}, path, meta)
    with pytest.raises(InputError, match=r"some.safetensors is damaged|layers: "):
        heads.load(path, tiny())


@pytest.mark.parametrize("family", LINEAR)
def test_a_plain_head_is_the_models_own_readout(family):
    model = tiny(family)
    said = heads.plain(model, [2]).readout(2, states())
    assert torch.equal(said.logits, model.layers.head(model.layers.norm(states())))
    assert said.ids.tolist() == list(range(99))
    assert torch.allclose(said.confidence(), said.logits.softmax(-1).amax(-1))


@pytest.mark.parametrize("family", LINEAR)
def test_the_short_readout_is_the_full_ones_columns(family):
    model, made = tiny(family), some_heads(family)
    for at, layer in enumerate(LAYERS):
        mapped = model.layers.norm(states()) @ made.maps[at, :-1].T + made.biases[at, :-1]
        full = model.layers.head(mapped)
        torch.testing.assert_close(
            made.readout(layer, states()).logits, full[:, made.shortlist], rtol=1e-4, atol=1e-4
        )
    assert (made.rows is None) == (family == "gemma2")  # a capped head is no linear map


def test_confidence_counts_the_tokens_outside_the_list_and_the_proposal_is_what_is_drawn_from():
    said = some_heads().readout(1, states())
    both = torch.cat((said.logits, said.rest[:, None]), -1).softmax(-1)
    torch.testing.assert_close(said.confidence(), both[:, :-1].amax(-1))
    proposal = said.proposal(Sampling(0.7), 99)
    torch.testing.assert_close(proposal[:, said.ids], (said.logits / 0.7).softmax(-1))
    torch.testing.assert_close(proposal.sum(-1), torch.ones(5))
    assert proposal[:, 1].tolist() == [0.0] * 5
    assert torch.equal(said.tokens(), proposal.argmax(-1))


@pytest.mark.parametrize("layers", [[], [0], [3], [2, 1], [1, 1]])
def test_layers_that_cannot_be_exits_are_refused(layers):
    with pytest.raises(InputError, match=r"layers: .* must rise, from 1 to 2"):
        heads.plain(tiny(), layers)


def test_heads_are_found_by_fingerprint(elsewhere):
    assert heads.find(tiny()) is None
    some_heads().save(elsewhere / "heads" / "any-name.safetensors")
    (elsewhere / "heads" / "a-broken-one.safetensors").write_bytes(b"nothing")
    found = heads.find(tiny())
    assert found is not None
    assert found.layers == LAYERS
    assert heads.find(tiny("qwen3")) is None


def test_ridge_recovers_a_planted_map():
    dice = torch.Generator().manual_seed(0)
    planted, shift = torch.randn(8, 8, generator=dice), torch.randn(8, generator=dice)
    seen = torch.randn(5000, 8, generator=dice)
    found, bias = head_training.ridge(seen, seen @ planted.T + shift)
    torch.testing.assert_close(found, planted, atol=0.01, rtol=0.01)
    torch.testing.assert_close(bias, shift, atol=0.01, rtol=0.01)


def test_kl_is_zero_for_the_teacher_itself_and_counts_the_rest():
    probs = torch.tensor([[0.5, 0.25]])
    targets = head_targets.Targets(torch.tensor([[0, 2]]), probs, torch.tensor([0.25]))
    logits = torch.tensor([[0.5, 1e-9, 0.25]]).log()
    same, row = torch.tensor([0.25]).log(), torch.tensor([0])
    assert targets.kl(logits, same, row).item() == pytest.approx(0.0, abs=1e-6)
    assert targets.kl(logits, same + 1, row).item() > 0.05


def test_targets_send_what_is_off_the_list_to_the_rest():
    lessons = Lessons(
        torch.zeros(1, 1, 2), torch.zeros(1, 2), torch.tensor([[7, 4]]), torch.tensor([[0.5, 0.25]])
    )
    targets = head_targets.targets_of(lessons, torch.tensor([2, 7]), 9)
    assert targets.columns.tolist() == [[1, 2]]
    assert targets.probs.tolist() == [[0.5, 0.0]]
    assert targets.rest.tolist() == [0.5]


def test_training_lowers_kl_and_beats_the_plain_readout():
    model = tiny()
    held = held_out(model, COURSE, greedy=False)
    plain = judge(dataclasses.replace(some_heads(), kind="plain", **_untrained(model)), held)
    hardly = head_training.train(model, "kl", COURSE, steps=1, short=99)
    trained = head_training.train(model, "kl", COURSE, steps=60, short=99)
    targets = head_targets.targets_of(held, trained.shortlist, 99)
    for at in range(len(LAYERS)):
        after, before = (h.of_normed(at, held.normed[at]) for h in (trained, hardly))
        kl = [targets.kl(said.logits, said.rest, torch.arange(len(held))).mean() for said in (after, before)]
        assert kl[0] < kl[1] - 0.01
        assert judge(trained, held)[at].agreement > plain[at].agreement


def _untrained(model):
    identity = torch.eye(33)[:, :32].expand(2, 33, 32)
    made = heads.build(model, "kl", LAYERS, torch.arange(99), identity, torch.zeros(2, 33))
    return {name: getattr(made, name) for name in ("shortlist", "maps", "biases", "rows")}


def test_a_head_too_sure_of_itself_is_cooled_until_it_is_right_where_it_is_sure():
    made, normed = some_heads(), states(400)
    said = made.of_normed(0, normed)
    wrong = (said.tokens() + 1) % 99
    for share, least, most in ((0.0, 1.0, 1.0), (0.3, 1.05, 2.95)):
        lies = torch.rand(400, generator=torch.Generator().manual_seed(5)) < share * (
            said.confidence() < 0.99
        )
        words = torch.where(lies, wrong, said.tokens())[:, None].int()
        by = head_training.cooling(made, 0, Lessons(normed[None], normed, words, torch.ones(400, 1)), 100)
        assert least <= by <= most
        cooled = dataclasses.replace(made, maps=made.maps / by, biases=made.biases / by).of_normed(
            0, normed[100:]
        )
        sure = cooled.confidence() > 0.75
        assert bool(sure.any())
        assert (~lies[100:][sure]).float().mean() >= 0.96


class Stopped(Exception):
    pass


def test_a_stopped_training_goes_on_where_it_was_and_ends_the_same(elsewhere, monkeypatch):
    model, told = tiny(), list[float]()
    collect(model, COURSE)
    whole = head_training.train(model, "kl", COURSE, steps=40, short=50)
    for kept in folder_of(model, COURSE).glob("kl-*"):
        kept.unlink()
    monkeypatch.setattr(head_training, "SAVED_EVERY", 10)

    def stop(stage, fraction):
        told.append(fraction)
        if "training" in stage and fraction >= 25 / 40:
            raise Stopped

    with pytest.raises(Stopped):
        head_training.train(model, "kl", COURSE, steps=40, short=50, tell=stop)
    monkeypatch.setattr(head_lessons, "sample_answers", None)  # the lessons are not made again
    told.clear()
    resumed = head_training.train(
        model,
        "kl",
        COURSE,
        steps=40,
        short=50,
        tell=lambda stage, f: told.append(f) if "training" in stage else None,
    )
    assert told[0] == 20 / 40
    assert torch.equal(resumed.maps, whole.maps)
    assert torch.equal(resumed.biases, whole.biases)


def test_a_chunk_cut_short_is_made_again(elsewhere):
    model = tiny()
    first = collect(model, COURSE)
    chunk = folder_of(model, COURSE) / "chunk-0000.safetensors"
    chunk.write_bytes(chunk.read_bytes()[:100])
    again = collect(model, COURSE)
    assert torch.equal(first.normed, again.normed)
    assert torch.equal(first.top_ids, again.top_ids)


def test_lessons_are_what_one_pass_shows():
    model = tiny()
    got = read(model, [5, 6, 7], [8, 9], LAYERS)
    with torch.inference_mode():
        given = model.library(torch.tensor([[5, 6, 7, 8, 9]]), output_hidden_states=True)
    assert len(got) == 2  # the last prompt token and the first of the answer are asked for what follows
    torch.testing.assert_close(
        got.normed[1], model.layers.norm(given.hidden_states[2][0, 2:4]), rtol=1e-4, atol=1e-4
    )
    assert got.top_ids[:, 0].tolist() == given.logits[0, 2:4].argmax(-1).tolist()


def test_answers_of_a_batch_are_those_of_each_prompt_alone():
    model, asked = dataclasses.replace(tiny(), end_tokens=frozenset({41})), [[1, 2, 3, 4, 5, 6], [9], [7, 8]]
    answers = sample_answers(model, asked, 12, temperature=0.0, seed=0)
    assert answers == [library_greedy(model, prompt, 12, model.end_tokens) for prompt in asked]
    before = torch.random.get_rng_state()
    sampled = [sample_answers(tiny(), asked, 12, temperature=0.7, seed=seed) for seed in (1, 1, 2)]
    assert sampled[0] == sampled[1] != sampled[2]
    assert torch.equal(before, torch.random.get_rng_state())


def test_an_answer_ends_with_the_first_end_token():
    free = sample_answers(tiny(), [[1, 2, 3]], 12, temperature=0.0, seed=0)[0]
    ending = dataclasses.replace(tiny(), end_tokens=frozenset({free[4]}))
    ended = sample_answers(ending, [[1, 2, 3], [4]], 12, temperature=0.0, seed=0)[0]
    assert ended == free[: free.index(free[4]) + 1]


def test_prompts_are_varied_and_held_out_ones_are_kept_apart():
    trained, kept = prompts(1000, seed=0), prompts(100, seed=0, held_out=True)
    assert len(set(trained)) > 600
    assert not set(trained) & set(kept)
    assert trained[:50] == prompts(50, seed=0)
    assert trained != prompts(1000, seed=1)


def test_the_command_writes_heads_and_their_report(tmp_path, elsewhere, monkeypatch):
    monkeypatch.setattr(heads_command, "load_models", lambda *asked: (tiny(), None))
    monkeypatch.setattr(head_lessons, "Course", functools.partial(Course, answers=4, longest=12))
    monkeypatch.setattr(head_lessons, "HELD_OUT_ANSWERS", 4)
    asked = ["train", "--layers", "1,2", "--tokens", "40", "--steps", "3", "--short", "20", "--json"]
    result = CliRunner().invoke(heads_command.app, [*asked, "--out", str(tmp_path)], catch_exceptions=False)
    report = json.loads(result.stdout)
    assert report == {**json.loads((tmp_path / "tiny-llama.json").read_text()), "file": report["file"]}
    assert [row["layer"] for row in report["held_out"]["greedy"]["layers"]] == [1, 2]
    assert (
        "--kind kl --layers 1,2 --tokens 40 --steps 3 --short 20 --seed 0 --dtype float32"
        in report["command"]
    )
    assert heads.load(tmp_path / "tiny-llama.safetensors", tiny()).layers == (1, 2)
    assert "agreement" in heads_command.table(report)


@pytest.mark.parametrize(
    ("option", "value"),
    [("kind", "plain"), ("tokens", "0"), ("steps", "-1"), ("short", "0"), ("seed", "-1"), ("layers", "a")],
)
def test_a_bad_option_is_named_before_any_work(option, value, monkeypatch):
    monkeypatch.setattr(heads_command, "load_models", None)
    with pytest.raises(InputError, match=f"--{option}: "):
        CliRunner().invoke(heads_command.app, ["train", f"--{option}", value], catch_exceptions=False)


@pytest.mark.slow
def test_the_shipped_heads_are_worth_what_their_report_says(embedded_folder, monkeypatch):
    monkeypatch.delenv("DRAFTSCOPE_CACHE")
    model = accel.load("smollm2-135m", device="cpu")
    shipped = heads.find(model)
    assert shipped is not None
    report = json.loads((heads.SHIPPED / "smollm2-135m.json").read_text())
    assert (heads.SHIPPED / "smollm2-135m.safetensors").stat().st_size < 4_000_000
    asked = [model.tokenizer.encode(prompt, chat=True) for prompt in prompts(8, seed=1, held_out=True)]
    answers = sample_answers(model, asked, 64, temperature=0.0, seed=0)
    parts = [read(model, *pair, shipped.layers) for pair in zip(asked, answers, strict=True)]
    rows = judge(shipped, head_lessons.joined(parts))
    for row, said in zip(rows, report["held_out"]["greedy"]["layers"], strict=True):
        assert row.layer == said["layer"]
        assert row.agreement > said["agreement"] - 0.06
        gate = next(gate for gate in row.gates if gate.threshold == 0.75)
        assert gate.precision is not None
        assert gate.precision >= 0.9


@pytest.mark.slow
def test_the_shipped_heads_save_layer_calls_on_chat_and_code(embedded_folder, monkeypatch):
    """At most .95 of the model's own layer calls, prefill apart, on ten prompts about subjects kept from training."""
    monkeypatch.delenv("DRAFTSCOPE_CACHE")
    model = accel.load("smollm2-135m", device="cpu")
    chat_and_code = (0, 1, 4, 5, 6)  # of the kinds that `prompts` takes in turn
    asked = [text for i, text in enumerate(prompts(20, seed=0, held_out=True)) if i % 10 in chat_and_code]
    assert len(asked) == 10
    calls = tokens = 0
    for prompt in asked:
        trace = accel.generate(model, prompt, method="adadecode", max_new_tokens=48)
        assert trace.header.method.knobs["heads"] == "trained"
        tokens += len(trace.tokens) - 1
        calls += sum(
            event.last - event.first
            for step in trace.steps[1:]
            for event in step.events
            if isinstance(event, LayerRun)
        )
    assert calls / tokens <= 0.95 * model.layers.num_layers
