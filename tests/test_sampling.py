"""From logits to a choice: ties, edges and numbers that are none."""

from __future__ import annotations

import math

import pytest
import torch

import accel
from accel.errors import ModelFailed
from accel.sampling import Dice, Sampling, likeliest, read, token_at, top_tokens
from tests.tiny import tiny
from tests.toy import Toy, play_method, tokens_of, toy_model

DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]
BELOW_ONE = math.nextafter(1.0, 0.0)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_exact_ties_go_to_the_lowest_id(dtype):
    for size in (2, 7, 64, 1000, 49152):  # the kernels for short rows and long ones differ
        logits = torch.full((9, size), -2.0, dtype=dtype)
        logits[1:, size // 2 :] = 3.0
        logits[2, [0, size - 1]] = 4.0
        logits[3, -1] = 5.0
        logits[4:, :] = 1.0
        assert top_tokens(logits) == [0, size // 2, 0, size - 1, 0, 0, 0, 0, 0]
        assert top_tokens(logits.flip(0)) == [0, 0, 0, 0, 0, size - 1, 0, size // 2, 0]


def test_numbers_that_only_bf16_makes_equal_are_a_tie():
    close = torch.tensor([[1.0, 10.01, 10.02, 10.03]])
    assert top_tokens(close) == [3]
    assert top_tokens(close.bfloat16()) == [1]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_ties_at_the_edge_of_top_k_keep_the_lower_ids(dtype):
    logits = torch.tensor([[1.0, 2.0, 1.0, 2.0, 1.0, 0.0]], dtype=dtype)
    for top_k, kept in [(1, [1]), (2, [1, 3]), (3, [0, 1, 3]), (4, [0, 1, 2, 3]), (6, [0, 1, 2, 3, 4, 5])]:
        probs = Sampling(1.0, top_k=top_k).probs(logits)[0]
        assert probs.nonzero()[:, 0].tolist() == kept
        assert probs.sum().item() == pytest.approx(1.0)
    assert torch.equal(Sampling(1.0, top_k=10**7).probs(logits), Sampling(1.0).probs(logits))


def test_ties_at_the_edge_of_top_p_keep_the_lower_ids():
    probs = Sampling(1.0, top_p=0.6).probs(torch.zeros(1, 4))[0]
    assert probs.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0.0])
    exactly = Sampling(1.0, top_p=0.5).probs(torch.zeros(1, 4))[0]
    assert exactly.tolist() == pytest.approx([0.5, 0.5, 0.0, 0.0])


def test_top_p_keeps_the_smallest_set_that_holds_its_share():
    logits = torch.tensor([[0.1, 0.6, 0.3]]).log()
    for top_p, kept in [(1e-9, [1]), (0.59, [1]), (0.61, [1, 2]), (0.89, [1, 2]), (0.95, [0, 1, 2])]:
        probs = Sampling(1.0, top_p=top_p).probs(logits)[0]
        assert probs.nonzero()[:, 0].tolist() == kept
        assert probs.sum().item() == pytest.approx(1.0)


@pytest.mark.parametrize("temperature", [1e-4, 1e-3, 100.0])
def test_extreme_temperatures_give_a_distribution(temperature):
    large = torch.tensor([[5e4, -5e4, 4.99e4, 0.0]])
    for logits in (large, large.bfloat16(), large / 1e6):
        probs = Sampling(temperature).probs(logits)
        assert probs.isfinite().all()
        assert probs.sum().item() == pytest.approx(1.0)
        assert probs.argmax().item() == 0


def test_a_draw_falls_on_the_token_whose_share_it_lies_in():
    probs = torch.tensor([0.0, 0.25, 0.0, 0.5, 0.25, 0.0])
    places = [(0.0, 1), (0.2499, 1), (0.25, 3), (0.7499, 3), (0.75, 4), (0.999, 4), (BELOW_ONE, 4)]
    for draw, token in places:
        assert token_at(probs, draw) == token
        assert token_at(probs * 1e-3, draw) == token  # need not add up to one
        assert token_at(probs * 1e3, draw) == token


def test_a_token_of_no_probability_is_never_picked():
    chance = torch.Generator().manual_seed(0)
    for size in (3, 100, 49152):
        probs = torch.rand(size, generator=chance)
        probs[torch.rand(size, generator=chance) < 0.7] = 0.0
        probs[[0, -1]] = 0.0
        probs[size // 2] = 1e-7
        draws = [0.0, 5e-324, BELOW_ONE, *torch.rand(300, generator=chance, dtype=torch.float64).tolist()]
        edges = (probs.double().cumsum(-1) / probs.double().sum()).tolist()[:: max(1, size // 300)]
        assert all(probs[token_at(probs, draw)] > 0 for draw in [*draws, *(e for e in edges if e < 1)])


def test_a_single_token_is_always_picked():
    for draw in (0.0, 0.5, BELOW_ONE):
        assert token_at(torch.tensor([0.0, 1e-30, 0.0]), draw) == 1


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_logits_that_are_no_numbers_fail_by_name(bad):
    logits = torch.tensor([[0.0, 1.0], [bad, 0.0]])
    with pytest.raises(ModelFailed, match="not finite numbers"):
        top_tokens(logits)
    for sampling in (Sampling(1.0), Sampling(0.5, top_k=1), Sampling(1.0, top_p=0.5), Sampling(1.0, 1, 0.1)):
        with pytest.raises(ModelFailed, match="do not add up"):
            Dice(0).pick(sampling.probs(logits)[1])


def test_logits_that_leave_no_token_fail_by_name():
    nothing = torch.full((1, 3), -math.inf)
    with pytest.raises(ModelFailed):
        top_tokens(nothing)
    for probs in (Sampling(1.0).probs(nothing)[0], torch.zeros(3), torch.tensor([math.inf, 1.0])):
        with pytest.raises(ModelFailed):
            token_at(probs, 0.5)
    banned = torch.tensor([[-math.inf, 0.0, -math.inf]])
    assert top_tokens(banned) == [1]
    assert token_at(Sampling(0.7).probs(banned)[0], BELOW_ONE) == 1


class Failing(Toy):
    """A toy whose logits are no numbers after a text of four tokens or more."""

    def logits_after(self, code: int) -> torch.Tensor:
        long = code >= (self.vocab_size + 1) ** 3
        return super().logits_after(code) + (math.nan if long else 0.0)


CASES = [("autoregressive", {}), ("draft_model", {"calibrated": False}), ("draft_model", {"branching": 2})]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize(("name", "knobs"), CASES, ids=str)
def test_no_token_is_kept_that_a_failing_model_did_not_choose(name, knobs, temperature):
    """Also where a guess is the end token, after which nothing more is asked of the model."""
    model, failed = toy_model(Failing(), end_tokens=frozenset({2})), 0
    draft = toy_model(Toy(seed=1)) if name == "draft_model" else None
    for seed in range(60):
        prompt = [seed % 3, seed // 3 % 3]
        asked = {"method": name, "knobs": knobs, "draft": draft, "max_new_tokens": 8}
        try:
            steps = play_method(model, prompt, Dice(seed), temperature=temperature, **asked)
        except ModelFailed:
            failed += 1
        else:
            assert len(tokens_of(steps)) <= 2
            assert tokens_of(steps)[-1] == 2
    assert 0 < failed < 60


def test_dice_of_a_seed_always_fall_the_same_way():
    probs = torch.tensor([0.2, 0.5, 0.3])
    throws = []
    for dice in (Dice(7), Dice(7), Dice(8)):
        throws += [(dice.pick(probs), dice.accept(0.4)) for _ in range(20)]
    first, second, other = throws[:20], throws[20:40], throws[40:]
    assert first == second != other
    for (token, draw), (accepted, number) in throws:
        assert token == token_at(probs, draw)
        assert accepted == (number < 0.4)


def test_certain_and_impossible_need_no_luck():
    dice = Dice(0)
    assert all(dice.accept(1.0)[0] and not dice.accept(0.0)[0] for _ in range(100))


def test_a_run_at_the_lowest_temperature_is_the_greedy_text():
    prompt = [5, 17, 42]
    greedy = accel.generate(tiny(), prompt, method="autoregressive", max_new_tokens=12)
    cold = accel.generate(tiny(), prompt, method="autoregressive", max_new_tokens=12, temperature=1e-4)
    assert cold.tokens == greedy.tokens


def test_a_guess_is_what_would_be_picked_with_its_probability():
    torch.manual_seed(1)
    for size in (1, 2, 50, 5000):
        probs = torch.randn(size).mul(3).softmax(-1).masked_fill(torch.rand(size) < 0.3, 0.0)
        probs[size // 2] = 0.5
        picking, guessing = Dice(size), Dice(size)
        for _ in range(20):
            token, _ = picking.pick(probs)
            assert guessing.guess(probs) == (token, probs[token].item(), probs.max().item())
    for bad in (torch.zeros(3), torch.tensor([0.1, torch.nan]), torch.tensor([0.1, torch.inf])):
        with pytest.raises(ModelFailed):
            Dice(0).guess(bad)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_the_likeliest_tokens_come_with_their_probabilities(dtype):
    logits = torch.randn(4, 300, generator=torch.Generator().manual_seed(2)).to(dtype)
    for count in (1, 3):
        for row, found in zip(logits, likeliest(logits, count), strict=True):
            tokens = top_tokens(row[None]) if count == 1 else row.topk(count).indices.tolist()
            probs = row.float().softmax(-1)
            assert found == [(token, probs[token].item()) for token in tokens]
        logits[1, 7] = torch.nan
        with pytest.raises(ModelFailed):
            likeliest(logits, count)
        logits[1, 7] = 0.0


def test_numbers_read_together_are_those_read_alone():
    values = (torch.tensor(16_000_001), torch.tensor(0.1), torch.tensor(0.3).bfloat16())
    assert read(*values) == [value.item() for value in values]
    assert read(torch.tensor(0.1, dtype=torch.float64), torch.tensor(3)) == [0.1, 3.0]
