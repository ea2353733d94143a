"""Our own FSQ in torch computes what the reference computes, in every rule, and keeps its numbers in every dtype."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from fsqcheck.adapters import LAYOUTS, Capability
from fsqcheck.adapters.torch_fsq import TorchFSQ, adapter
from fsqcheck.conformance.probes import settled
from fsqcheck.reference import FSQ, RULES, Codebook

LARGE = ([8] * 8, [16] * 9, [265, 511, 31], [3] * 24)


def levels_of(rule: str) -> list[int]:
    """Some numbers of levels that a rule allows, even ones where it does."""
    return [level for level in (2, 3, 4, 5, 8, 13, 16) if RULES[rule].levels_allowed(level)][:5]


def inputs(rule: str, dtype: str = "float32", count: int = 2000) -> np.ndarray:
    return settled(RULES[rule], tuple(levels_of(rule)), dtype, count)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_agrees_with_the_reference(rule: str, dtype: str) -> None:
    z, levels = inputs(rule, dtype), levels_of(rule)
    codes, indices = FSQ(levels, rule)(z)
    found, tokens = TorchFSQ(levels, rule)(torch.from_numpy(z))
    np.testing.assert_array_equal(tokens.numpy(), indices)
    np.testing.assert_allclose(found.numpy(), codes, rtol=0, atol=2 * np.finfo(dtype).eps * max(1, codes.max()))


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_the_gradient_of_the_reference(rule: str) -> None:
    levels = levels_of(rule)
    z = np.random.default_rng(1).normal(size=(500, len(levels)))
    upstream = np.random.default_rng(2).normal(size=z.shape)
    tensor = torch.from_numpy(z).requires_grad_()
    (TorchFSQ(levels, rule)(tensor)[0] * torch.from_numpy(upstream)).sum().backward()
    assert tensor.grad is not None
    np.testing.assert_allclose(tensor.grad.numpy(), FSQ(levels, rule).vjp(z, upstream), rtol=0, atol=1e-14)


@pytest.mark.parametrize("rule", RULES)
def test_every_code_of_every_rule_is_encoded_and_decoded(rule: str) -> None:
    quantizer, indices = TorchFSQ(levels_of(rule), rule), torch.arange(Codebook(levels_of(rule)).size)
    assert torch.equal(quantizer.codes_to_indices(quantizer.indices_to_codes(indices)), indices)


@pytest.mark.parametrize("levels", LARGE, ids=str)
def test_large_codebooks_are_exact(levels: list[int]) -> None:
    size, draw = Codebook(levels).size, np.random.default_rng(3)
    indices = torch.from_numpy(np.unique(np.concatenate([draw.integers(0, size, size=5000), [0, size - 1]])))
    quantizer = TorchFSQ(levels)
    assert torch.equal(quantizer.codes_to_indices(quantizer.indices_to_codes(indices)), indices)
    np.testing.assert_array_equal(
        quantizer(torch.full((1, len(levels)), 60.0))[1].numpy(), [size - 1], err_msg="all channels at their top"
    )


def test_levels_stay_inside_where_the_amplitude_overshoots() -> None:
    assert TorchFSQ([1500])(torch.tensor([[-60.0], [60.0]]))[1].tolist() == [0, 1499]


# Layouts


def test_channels_may_come_first() -> None:
    z = torch.randn(2, 3, 7, 5)
    codes, indices = TorchFSQ([5, 4, 3], channel_first=True)(z)
    last, tokens = TorchFSQ([5, 4, 3])(z.movedim(1, -1))
    assert torch.equal(codes, last.movedim(-1, 1))
    assert torch.equal(indices, tokens)


def test_every_codebook_has_an_index_of_its_own() -> None:
    z = torch.randn(2, 7, 6)
    codes, indices = TorchFSQ([5, 4, 3], num_codebooks=2)(z)
    for group in range(2):
        channels = slice(3 * group, 3 * group + 3)
        alone, tokens = TorchFSQ([5, 4, 3])(z[..., channels])
        assert torch.equal(codes[..., channels], alone)
        assert torch.equal(indices[..., group], tokens)


def test_with_projections_decoding_gives_the_output() -> None:
    quantizer = TorchFSQ([5, 4, 3], width=8)
    codes, indices = quantizer(torch.randn(2, 7, 8))
    torch.testing.assert_close(quantizer.indices_to_codes(indices), codes)


# Bad input


@pytest.mark.parametrize("shape", [(), (2,), (2, 4), (3, 2)])
def test_another_number_of_channels_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected 3 channels on the last axis, got the shape"):
        TorchFSQ([5, 4, 3])(torch.zeros(shape))


def test_another_number_of_channels_is_refused_where_they_come_first() -> None:
    with pytest.raises(ValueError, match="expected 3 channels on axis 1, got the shape"):
        TorchFSQ([5, 4, 3], channel_first=True)(torch.zeros(2, 4, 3))


@pytest.mark.parametrize("index", [-1, 60, 2**40, -(2**31)])
def test_indices_outside_the_codebook_are_refused(index: int) -> None:
    with pytest.raises(ValueError, match="indices outside 0 … 59"):
        TorchFSQ([5, 4, 3]).indices_to_codes(torch.tensor([0, index]))


@pytest.mark.parametrize("indices", [torch.tensor([1.0]), torch.tensor([True])])
def test_indices_that_are_no_integers_are_refused(indices: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="indices must be integers"):
        TorchFSQ([5, 4, 3]).indices_to_codes(indices)


@pytest.mark.parametrize("levels", [[], [1], [5, 0], [2**40, 2**40]])
def test_levels_that_make_no_codebook_are_refused(levels: list[int]) -> None:
    with pytest.raises(ValueError, match="levels"):
        TorchFSQ(levels)


@pytest.mark.parametrize("noise", [-0.1, 1.1])
def test_a_noise_that_is_no_probability_is_refused(noise: float) -> None:
    with pytest.raises(ValueError, match="noise must be a probability"):
        TorchFSQ([5], noise=noise)


def test_a_rule_is_refused_where_it_is_not_defined() -> None:
    with pytest.raises(ValueError, match="rule ifsq is not defined for L = 4"):
        TorchFSQ([4], "ifsq")


@pytest.mark.parametrize("more", [0, 22, 54])
def test_a_nan_makes_its_own_code_and_index_invalid_alone(more: int) -> None:
    z = torch.zeros(2, 2 + more)
    z[0, 1] = torch.nan
    codes, indices = TorchFSQ([5, 4, *[2] * more])(z)  # up to 2^24 codes, up to 2^53, and above
    assert codes.isnan().nonzero().tolist() == [[0, 1]]
    assert (indices[0].item(), indices[1].item() >= 0) == (-1, True)


def test_codes_off_the_ends_of_the_grid_have_no_index() -> None:
    assert TorchFSQ([5])(torch.tensor([[9.0]]))[1].tolist() == [4]
    assert TorchFSQ([5]).codes_to_indices(torch.tensor([[1.5], [-1.5], [torch.nan]])).tolist() == [-1, -1, -1]
    beside = torch.tensor([[-1.5, 0.5], [0.5, -1.5], [1.5, 0.5], [torch.nan, 0.5]])
    assert TorchFSQ([5, 5]).codes_to_indices(beside).tolist() == [-1] * 4


# Dtypes


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_halved_module_quantizes_as_it_did(dtype: torch.dtype) -> None:
    # Every value of the dtype: a constant that was rounded with the module moves some of them over a step.
    z = torch.arange(-(2**15), 2**15).to(torch.int16).view(dtype)
    z = z[z.isfinite()][:, None].expand(-1, len(levels_of("widened")))
    whole = TorchFSQ(levels_of("widened"))
    for halved in (copy.deepcopy(whole).to(dtype), copy.deepcopy(whole).half().bfloat16().double().to(dtype)):
        for mine, other in zip(halved(z), whole(z), strict=True):
            assert mine.dtype == other.dtype
            assert torch.equal(mine, other)


@pytest.mark.parametrize("rule", ["widened", "symmetric", "ifsq"])
def test_autocast_changes_nothing(rule: str) -> None:
    z, quantizer = torch.from_numpy(inputs(rule)), TorchFSQ(levels_of(rule), rule)
    plain = quantizer(z)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = quantizer(z)
    assert [found.dtype for found in inside] == [torch.float32, torch.int64]
    assert all(torch.equal(one, other) for one, other in zip(plain, inside, strict=True))


def test_nothing_of_it_is_kept_in_a_checkpoint() -> None:
    assert TorchFSQ([5, 4, 3]).state_dict() == {}


# Noise


def test_noise_is_half_a_step_around_the_bounded_value_and_in_training_only() -> None:
    z, levels = torch.zeros(20_000, 2), [5, 3]
    quantizer = TorchFSQ(levels, "symmetric", noise=0.25)
    noisy = quantizer.train()(z)[0]
    assert ((noisy != 0).double().mean(dim=0) - 0.25).abs().max() < 0.02
    assert (noisy.abs().amax(dim=0) * torch.tensor([4.0, 2.0]) - 1).abs().max() < 0.01
    assert not quantizer.eval()(z)[0].any()


def test_indices_are_those_of_the_quantized_elements_whatever_the_noise() -> None:
    z = torch.randn(2000, 2)
    quantizer = TorchFSQ([5, 3], "symmetric", noise=1.0)
    assert torch.equal(quantizer.train()(z)[1], quantizer.eval()(z)[1])


def test_a_single_vector_has_no_channel_axis_to_put_first() -> None:
    quantizer = TorchFSQ([5, 4, 3], channel_first=True)
    codes, index = quantizer(torch.zeros(3))
    assert codes.shape == (3,)
    torch.testing.assert_close(quantizer.indices_to_codes(index), codes)


@pytest.mark.parametrize("codebooks", [2, 3])
def test_several_codebooks_decode_to_their_codes(codebooks: int) -> None:
    quantizer = TorchFSQ([5, 4, 3], num_codebooks=codebooks)
    codes, indices = quantizer(torch.randn(2, 6, 3 * codebooks))
    torch.testing.assert_close(quantizer.indices_to_codes(indices), codes)


def test_a_module_with_projections_moves_as_a_whole() -> None:
    quantizer = TorchFSQ([5, 4, 3], width=8).half()
    assert {parameter.dtype for parameter in quantizer.parameters()} == {torch.float16}
    assert quantizer(torch.randn(2, 8).half())[0].dtype == torch.float16


def test_codes_are_decoded_to_the_precision_of_the_default_dtype() -> None:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        codes = TorchFSQ([8, 7], "symmetric").indices_to_codes(torch.arange(56))
    finally:
        torch.set_default_dtype(before)
    np.testing.assert_array_equal(codes.numpy(), FSQ([8, 7], "symmetric").indices_to_codes(np.arange(56)))


def test_a_tie_goes_to_the_even_level_where_the_rule_says_so() -> None:
    for rule, levels in (("symmetric-even", [2, 2]), ("symmetric", [2, 3])):
        quantizer = TorchFSQ([4, 6], rule)
        _, index = quantizer(torch.zeros(1, 1, 2))
        assert quantizer.codebook.unpack(index.numpy()).tolist() == [[levels]]


def test_it_says_what_it_is_and_claims_every_rule() -> None:
    made = adapter()
    assert (made.identity.name, made.identity.origin) == ("torch-fsq", "fsqcheck.adapters.torch_fsq")
    assert made.rules == tuple(RULES)
    assert made.layouts == tuple(LAYOUTS)
    stages = {Capability.STAGE_CODES, Capability.STAGE_DROPOUT, Capability.GROUPS}
    assert set(Capability) - made.capabilities == stages
    assert made.residual is not None
    assert made.residual.capabilities >= stages


def test_codes_of_another_width_are_refused() -> None:
    for shape in ((2, 1), (2, 4), ()):
        with pytest.raises(ValueError, match="codes must have 3 channels last"):
            TorchFSQ([8, 5, 5]).codes_to_indices(torch.zeros(shape))
