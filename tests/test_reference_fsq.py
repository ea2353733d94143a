"""`FSQ`, the whole quantizer in NumPy: shapes, dtypes, odd numbers, indices, noise."""

from __future__ import annotations

import copy
import math
import pickle
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from fsqcheck.reference import FSQ, PRECISIONS, RULES, every_value, staircase

from . import oracle

HALVES = ["float16", "bfloat16"]
DTYPES = list(PRECISIONS)
LEVELS = {name: [L for L in (8, 5, 3) if rule.levels_allowed(L)] for name, rule in RULES.items()}


def normal(shape: tuple[int, ...], dtype: str = "float64", seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=shape) * 1.5).astype(PRECISIONS[dtype].dtype)


@pytest.mark.parametrize("rule", RULES)
def test_codes_and_indices_are_the_oracles(rule: str) -> None:
    levels = LEVELS[rule]
    z = normal((200, len(levels)))
    codes, indices = FSQ(levels, rule)(z)
    for vector, code, index in zip(z.tolist(), codes.tolist(), indices.tolist(), strict=True):
        exact = [oracle.level(rule, x, L) for x, L in zip(vector, levels, strict=True)]
        assert code == [float(oracle.code(rule, level, L)) for level, L in zip(exact, levels, strict=True)]
        assert index == oracle.index(exact, levels)


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("rule", RULES)
def test_every_16_bit_value_takes_its_exact_level_but_tiny_negatives_at_the_zero_step(rule: str, dtype: str) -> None:
    z = every_value(PRECISIONS[dtype])
    with np.errstate(invalid="ignore"):
        z = np.sort(z[~np.isnan(z)])
    for L in (L for L in range(2, 65) if oracle.EVERY_L[rule](L)):
        exact = np.searchsorted(staircase(RULES[rule], L, dtype).steps, z, side="right")
        wrong = z[RULES[rule].level(z, L) != exact].astype(np.float64)
        # float64 absorbs them in u = tanh(z)·h + c as float32 does; at ±0 itself symmetric-even goes down.
        zero_step = rule.startswith("symmetric") and L % 2 == 0
        limit = L * 2.0**-52 if zero_step else -1.0
        assert wrong[np.abs(wrong) > limit].tolist() == [], f"L = {L}"


@pytest.mark.parametrize("dtype", HALVES)
def test_every_16_bit_pattern_is_answered_nan_for_nan(dtype: str) -> None:
    z = every_value(PRECISIONS[dtype])[:, None]
    codes, indices = FSQ([8])(z)
    with np.errstate(invalid="ignore"):
        missing = np.isnan(z.astype(np.float64))
    np.testing.assert_array_equal(np.isnan(codes.astype(np.float64)), missing)
    np.testing.assert_array_equal(indices == -1, missing[:, 0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (2, 3), (2, 0, 3), (2, 1, 3, 4)])
def test_any_shape_before_the_channels_is_kept(shape: tuple[int, ...], dtype: str) -> None:
    quantizer = FSQ([8, 5, 3], "symmetric")
    z = normal((*shape, 3), dtype)
    codes, indices = quantizer(z)
    assert (codes.shape, codes.dtype) == (z.shape, z.dtype)
    assert (indices.shape, indices.dtype) == (shape, np.dtype(np.int64))
    assert quantizer.codes_to_indices(codes).shape == shape
    assert quantizer.indices_to_codes(indices).shape == z.shape


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rule", RULES)
def test_codes_indices_and_codes_again_agree(rule: str, dtype: str) -> None:
    quantizer = FSQ(LEVELS[rule], rule)
    codes, indices = quantizer(normal((500, len(LEVELS[rule])), dtype))
    np.testing.assert_array_equal(quantizer.codes_to_indices(codes), indices)
    np.testing.assert_array_equal(quantizer.indices_to_codes(indices).astype(codes.dtype), codes)


@pytest.mark.parametrize("rule", RULES)
def test_a_whole_codebook_decodes_and_encodes_to_itself(rule: str) -> None:
    quantizer = FSQ(LEVELS[rule], rule)
    everything = np.arange(quantizer.codebook.size)
    np.testing.assert_array_equal(quantizer.codes_to_indices(quantizer.indices_to_codes(everything)), everything)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rule", RULES)
def test_codes_are_rounded_once_to_the_dtype(rule: str, dtype: str) -> None:
    precision = PRECISIONS[dtype]
    for L in (L for L in range(2, 65) if oracle.EVERY_L[rule](L)):
        every_code = FSQ([L], rule).indices_to_codes(np.arange(L))[:, 0].astype(precision.dtype)
        for level, code in enumerate(every_code.astype(np.float64).tolist()):
            exact = oracle.code(rule, level, L)
            off = Fraction(code) - exact
            # Half an ulp at the most: the ulp of a number in [2^(e-1), 2^e) is 2^(e-p).
            assert abs(off) <= Fraction(2.0 ** (math.frexp(float(exact))[1] - precision.bits)) / 2


@pytest.mark.parametrize("rule", RULES)
def test_infinities_take_the_end_levels(rule: str) -> None:
    quantizer = FSQ(LEVELS[rule], rule)
    d = len(quantizer.levels)
    codes, indices = quantizer(np.array([[-math.inf] * d, [math.inf] * d]))
    assert indices.tolist() == [0, quantizer.codebook.size - 1]
    assert np.isfinite(codes).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_nan_makes_its_channel_nan_and_its_vector_indexless(dtype: str) -> None:
    quantizer = FSQ([8, 5], "symmetric")
    z = np.array([[0.1, math.nan], [0.1, 0.1]], dtype=PRECISIONS[dtype].dtype)
    codes, indices = quantizer(z)
    assert np.isnan(codes.astype(np.float64)).tolist() == [[False, True], [False, False]]
    assert (indices == -1).tolist() == [True, False]
    np.testing.assert_array_equal(quantizer.codes_to_indices(codes), indices)
    with pytest.raises(ValueError, match="index -1 is outside the codebook"):
        quantizer.indices_to_codes(indices)


@pytest.mark.parametrize("code", [math.nan, math.inf, -math.inf, 1.3, -1.3, 1e30])
def test_a_code_off_the_ends_of_the_grid_has_no_index(code: float) -> None:
    assert FSQ([5, 5], "symmetric").codes_to_indices(np.array([[0.0, code], [0.0, 0.0]])).tolist() == [-1, 12]


def test_a_slice_is_quantized_as_in_the_whole() -> None:
    quantizer, z = FSQ([8, 5, 3]), normal((64, 3), "float32")
    codes, indices = quantizer(z)
    np.testing.assert_array_equal(quantizer(z[10:17])[0], codes[10:17])
    np.testing.assert_array_equal(quantizer(np.asfortranarray(z)[::-3])[1], indices[::-3])


def test_the_input_is_left_alone() -> None:
    z = normal((9, 2))
    before = z.copy()
    FSQ([8, 5], noise=1.0).train()(z)
    FSQ([8, 5]).vjp(z, z)
    np.testing.assert_array_equal(z, before)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_levels_never_fall(rule: str, dtype: str) -> None:
    z = np.sort(normal((5000,), dtype, seed=4))
    for L in LEVELS[rule]:
        assert all(low <= high for low, high in pairwise(RULES[rule].level(z, L).tolist()))


@pytest.mark.parametrize("kind", ["int64", "complex128", "bool", ">f4", "longdouble"])
def test_an_input_of_another_kind_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="expected float64, float32, float16, bfloat16, got "):
        FSQ([8, 5])(np.zeros((3, 2), dtype=kind))


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3)])
def test_the_wrong_number_of_channels_is_refused(shape: tuple[int, ...]) -> None:
    quantizer, z = FSQ([8, 5]), np.zeros(shape)
    for question in (quantizer, quantizer.codes_to_indices, lambda values: quantizer.vjp(values, values)):
        with pytest.raises(ValueError, match=r"expected an array of shape \(…, 2\), got "):
            question(z)


@pytest.mark.parametrize("index", [-1, 40])
def test_an_index_outside_the_codebook_decodes_to_nothing(index: int) -> None:
    with pytest.raises(ValueError, match=f"index {index} is outside the codebook"):
        FSQ([8, 5]).indices_to_codes(np.array([3, index]))


@pytest.mark.parametrize("levels", [[], [8, 1], [8, True], [8, 2.0], [2] * 63])
def test_bad_levels_are_refused(levels: list[Any]) -> None:
    with pytest.raises(ValueError, match="levels"):
        FSQ(levels)


@pytest.mark.parametrize(("levels", "rule"), [([5], "s3"), ([3, 8], "ifsq"), ([8, 2], "paper-atanh")])
def test_levels_that_the_rule_does_not_know_are_refused(levels: list[int], rule: str) -> None:
    with pytest.raises(ValueError, match=f"rule {rule} is not defined for L = {levels[-1]};"):
        FSQ(levels=levels, rule=rule)


@pytest.mark.parametrize("noise", [-0.1, 1.1, math.nan, math.inf])
def test_a_noise_that_is_no_probability_is_refused(noise: float) -> None:
    with pytest.raises(ValueError, match=r"noise must be a probability in \[0, 1\]"):
        FSQ([8], noise=noise)


def noisy(p: float, z: np.ndarray, rule: str = "symmetric", levels: tuple[int, ...] = (8, 5, 3)) -> np.ndarray:
    return FSQ(levels, rule, noise=p, seed=5).train()(z)[0]


@pytest.mark.parametrize("p", [0.01, 0.25, 0.5, 1.0])
def test_noise_replaces_the_share_p_of_the_elements(p: float) -> None:
    z = normal((20_000, 3))
    share = (noisy(p, z) != FSQ([8, 5, 3], "symmetric")(z)[0]).mean()
    assert share == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p) / z.size))


def test_no_probability_of_noise_means_none() -> None:
    z = normal((5000, 3))
    np.testing.assert_array_equal(noisy(0.0, z), FSQ([8, 5, 3], "symmetric")(z)[0])


@pytest.mark.parametrize("rule", RULES)
def test_noise_is_uniform_over_half_a_step_about_the_bounded_value(rule: str) -> None:
    levels = tuple(LEVELS[rule])
    z = normal((20_000, len(levels)))
    codes = noisy(1.0, z, rule, levels)
    for i, L in enumerate(levels):
        half_step = float(oracle.code(rule, 1, L) - oracle.code(rule, 0, L)) / 2
        part = (codes[:, i] - RULES[rule].bounded(z[:, i], L)) / half_step
        assert 0.999 < np.abs(part).max() <= 1 + 1e-12
        assert abs(part.mean()) < 5 / math.sqrt(3 * len(part))
        assert part.var() == pytest.approx(1 / 3, abs=0.02)


def test_symmetric_noise_is_tanh_plus_one_over_the_levels_less_one() -> None:
    z = normal((5000, 2))
    off = (noisy(1.0, z, levels=(8, 5)) - np.tanh(z)) * np.array([7, 4])
    assert 0.99 < np.abs(off).max() <= 1 + 1e-12


def test_noise_leaves_the_indices_those_of_the_quantized_elements() -> None:
    z, noise = normal((500, 3)), FSQ([8, 5, 3], noise=1.0).train()
    np.testing.assert_array_equal(noise(z)[1], FSQ([8, 5, 3])(z)[1])


def test_training_is_free_of_noise_unless_it_is_asked_for() -> None:
    z = normal((500, 3))
    np.testing.assert_array_equal(FSQ([8, 5, 3]).train()(z)[0], FSQ([8, 5, 3])(z)[0])


def test_evaluation_is_free_of_noise_and_the_default() -> None:
    z, quantizer = normal((500, 3)), FSQ([8, 5, 3], noise=1.0)
    clean = FSQ([8, 5, 3])(z)[0]
    np.testing.assert_array_equal(quantizer(z)[0], clean)
    assert (quantizer.train()(z)[0] != clean).any()
    np.testing.assert_array_equal(quantizer.train(False)(z)[0], clean)


def test_noise_is_repeated_by_its_seed_and_fresh_in_every_call() -> None:
    z = normal((50, 3))
    first = FSQ([8, 5, 3], noise=0.5).train()  # 0 when it is not said
    again, other = (FSQ([8, 5, 3], noise=0.5, seed=seed).train() for seed in (0, 2))
    drawn = first(z)[0]
    np.testing.assert_array_equal(again(z)[0], drawn)
    assert (other(z)[0] != drawn).any()
    assert (first(z)[0] != drawn).any()


@pytest.mark.parametrize("rule", RULES)
def test_a_quantizer_survives_copying_and_pickling(rule: str) -> None:
    quantizer = FSQ(LEVELS[rule], rule, noise=0.5).train()
    z = normal((50, len(LEVELS[rule])))
    copied, pickled = copy.deepcopy(quantizer), pickle.loads(pickle.dumps(quantizer))
    expected = quantizer(z)[0]
    np.testing.assert_array_equal(copied(z)[0], expected)
    np.testing.assert_array_equal(pickled(z)[0], expected)


def test_a_rule_of_ones_own_is_taken_as_it_is() -> None:
    rule = RULES["symmetric-even"]
    assert FSQ([6], rule).rule is rule
    assert FSQ([6], rule)(np.zeros(1))[1] == 2
