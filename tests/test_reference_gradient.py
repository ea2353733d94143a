"""The straight-through gradient is the derivative of the oracle's smooth part, and diagonal."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fsqcheck.reference import FSQ, PRECISIONS, RULES

from . import oracle

SIZES = (2, 3, 4, 5, 7, 8, 16, 63, 64)
RULES_AND_SIZES = [(rule, L) for rule in RULES for L in SIZES if oracle.EVERY_L[rule](L)]


@pytest.mark.parametrize(("rule", "L"), RULES_AND_SIZES)
def test_the_slope_is_the_derivative_of_the_oracles_smooth_part(rule: str, L: int) -> None:
    z = np.concatenate([np.linspace(-5.03, 5.01, 23), [-1e-9, 0.0, 1e-9, 18.0, -25.0]])
    exact = np.array([float(oracle.gradient(rule, x, L)) for x in z.tolist()])
    np.testing.assert_allclose(RULES[rule].slope(z, L), exact, rtol=1e-13, atol=0)


@pytest.mark.parametrize("rule", ["paper", "paper-atanh", "widened", "symmetric", "symmetric-even", "s3", "ifsq"])
def test_the_slope_is_positive_until_float64_ends_and_zero_at_infinity(rule: str) -> None:
    assert (RULES[rule].slope(np.array([-200.0, -20.0, 0.0, 20.0, 200.0]), 3) > 0).all()
    assert RULES[rule].slope(np.array([-math.inf, -1e300, 1e300, math.inf]), 3).tolist() == [0.0] * 4


@pytest.mark.parametrize(
    ("rule", "L", "kinks"),
    [("symmetric-clamp", 4, (-1.0, 1.0)), ("widened-clamp", 5, (-1.0, 1.0))],
)
def test_a_clamp_passes_its_slope_within_the_kinks_and_nothing_beyond(
    rule: str, L: int, kinks: tuple[float, float]
) -> None:
    low, high = kinks
    inside = np.array([np.nextafter(low, 0), 0.0, np.nextafter(high, 0)])
    beyond = np.array([-math.inf, np.nextafter(low, -2), np.nextafter(high, 2), math.inf])
    assert RULES[rule].slope(inside, L).tolist() == [pytest.approx(float(oracle.gradient(rule, 0.0, L)))] * 3
    assert RULES[rule].slope(beyond, L).tolist() == [0.0] * 4
    assert RULES[rule].activation.kinks == kinks


@pytest.mark.parametrize("rule", RULES)
def test_the_slope_of_nan_is_nan(rule: str) -> None:
    assert np.isnan(RULES[rule].slope(np.array([math.nan]), 3)).all()


def test_the_symmetric_gradient_is_that_of_tanh_for_every_number_of_levels() -> None:
    z = np.linspace(-3, 3, 13)
    for L in range(2, 65):
        np.testing.assert_allclose(RULES["symmetric"].slope(z, L), 1 - np.tanh(z) ** 2, rtol=1e-13)


@pytest.mark.parametrize(("bits", "saturation"), [(24, 9.011), (53, 19.06)])
def test_a_correctly_rounded_tanh_is_one_and_its_gradient_gone_where_the_page_says(
    bits: int, saturation: float
) -> None:
    # tanh rounds to 1 above the middle between 1 and the float below it. What NumPy or torch do there is theirs:
    # NumPy's float32 tanh stays below 1 beyond 9.02, its float64 one reaches 1 before 19.06.
    last = oracle.MP.atanh(1 - oracle.MP.mpf(2) ** (-bits - 1))
    assert float(last) == pytest.approx(saturation, abs=0.005)


@pytest.mark.parametrize("rule", RULES)
def test_the_vjp_is_the_upstream_times_the_slope_of_each_channel(rule: str) -> None:
    levels = [L for L in (3, 8, 2, 5) if RULES[rule].levels_allowed(L)]
    draw = np.random.default_rng(3)
    z, upstream = draw.normal(size=(2, 6, 7, len(levels)))
    slopes = np.stack([RULES[rule].slope(z[..., i], L) for i, L in enumerate(levels)], axis=-1)
    np.testing.assert_array_equal(FSQ(levels, rule).vjp(z, upstream), slopes * upstream)


@pytest.mark.parametrize("rule", RULES)
def test_the_jacobian_is_diagonal(rule: str) -> None:
    levels = [L for L in (3, 7, 9, 5) if RULES[rule].levels_allowed(L)]
    d = len(levels)
    z = np.tile(np.linspace(-0.4, 0.4, d), (d, 1))
    jacobian = FSQ(levels, rule).vjp(z, np.eye(d))
    assert (np.diag(jacobian) > 0).all()
    assert (jacobian[~np.eye(d, dtype=bool)] == 0).all()


@pytest.mark.parametrize("rule", RULES)
def test_the_slope_is_the_derivative_of_the_bounded_value(rule: str) -> None:
    z, nudge = np.linspace(-0.9, 0.8, 12), 1e-5
    rise = RULES[rule].bounded(z + nudge, 3) - RULES[rule].bounded(z - nudge, 3)
    np.testing.assert_allclose(RULES[rule].slope(z, 3), rise / (2 * nudge), rtol=1e-8)


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_the_vjp_has_the_shape_and_the_dtype_of_its_input(dtype: str) -> None:
    z = np.zeros((2, 3, 2), dtype=PRECISIONS[dtype].dtype)
    gradient = FSQ([4, 5], "symmetric").vjp(z, np.ones_like(z))
    assert (gradient.shape, gradient.dtype) == (z.shape, z.dtype)
    assert (gradient.astype(np.float64) == 1.0).all()
