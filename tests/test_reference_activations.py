"""The activations: that value, slope and inverse belong together, and how near the inverse in float64 is."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from fsqcheck.reference.activations import CLAMP, IFSQ_SIGMOID, TANH, Activation
from fsqcheck.reference.rules import DIGITS

ALL = (TANH, IFSQ_SIGMOID, CLAMP)
#: Arguments of the inverse: between those at which its slope is above 2^8.
TS = np.linspace(-1.0 + 2.0**-8, 1.0 - 2.0**-8, 999)


@pytest.mark.parametrize("activation", ALL, ids=lambda one: one.name)
def test_the_inverse_undoes_the_value_in_float64_and_exactly(activation: Activation) -> None:
    np.testing.assert_allclose(activation.value(activation.near_inverse(TS)), TS, rtol=0, atol=2e-15)
    with mpmath.workdps(DIGITS):
        exact = [activation.inverse(mpmath.mpf(float(t))) for t in TS]
        found = [mpmath.mpf(float(x)) for x in activation.near_inverse(TS)]
        assert (
            max(abs(a - b) / max(abs(a), mpmath.mpf(1)) for a, b in zip(exact, found, strict=True))
            < mpmath.mpf(2) ** -48
        )


@pytest.mark.parametrize("activation", ALL, ids=lambda one: one.name)
def test_the_slope_is_that_of_the_value(activation: Activation) -> None:
    x = np.linspace(-4.0, 4.0, 801)
    x = x[np.abs(np.abs(x) - 1.0) > 1e-3] if activation.kinks else x
    rise = (activation.value(x + 1e-6) - activation.value(x - 1e-6)) / 2e-6
    np.testing.assert_allclose(activation.slope(x), rise, rtol=0, atol=1e-8)
    assert activation.slope(x).max() <= 1.0


def test_a_clamp_has_the_slope_of_its_inside_at_its_ends_as_torch_has_it() -> None:
    ends = np.array([-1.0, 1.0, np.nextafter(1.0, 2.0), np.nan])
    np.testing.assert_array_equal(CLAMP.slope(ends), [1.0, 1.0, 0.0, np.nan])
