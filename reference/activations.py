"""The odd, non-decreasing functions that squash a channel: value, slope, and exact inverse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Activation:
    """a: R → [-1, 1]. `value` and `slope` work on float64 arrays, `inverse` on mpmath numbers.

    `near_inverse` is the inverse in float64, to within 2^-48 of it where the slope there is at least 2^-8. The slope is
    at most 1. `rounding` is how much wider the tolerance bands are than L·2^(1-p), because formulas of the field round more.
    `kinks` are the arguments at which the slope jumps and no gradient is defined.
    """

    name: str
    value: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    inverse: Callable[[Any], Any]
    near_inverse: Callable[[Floats], Floats]
    kinks: tuple[float, ...] = ()
    rounding: str = "1"


def _tanh_slope(x: Floats) -> Floats:
    # 1/cosh² keeps its relative accuracy where 1 - tanh² has lost it. From 373 on it is 0 in float64, and cosh(400) is
    # still finite.
    half: Floats = 1.0 / np.cosh(np.clip(x, -400.0, 400.0))
    slope: Floats = half * half
    return slope


def _sigmoid_of_twice(half: Floats) -> Floats:
    # Of half the number, which does not overflow for the largest float64.
    result: Floats = 0.5 * (1.0 + np.tanh(half))
    return result


#: Steepness of iFSQ's sigmoid.
IFSQ_STEEPNESS = 1.6


def _ifsq_slope(x: Floats) -> Floats:
    return 0.5 * IFSQ_STEEPNESS * _tanh_slope(0.5 * IFSQ_STEEPNESS * x)


TANH = Activation(
    name="tanh",
    value=np.tanh,
    slope=_tanh_slope,
    inverse=mpmath.atanh,
    near_inverse=np.arctanh,
    # tanh itself stays within 0.89 of the band; 2·sigmoid(2x) - 1, as the field writes it too, goes to 1.16 (L = 41).
    rounding="1.25",
)

IFSQ_SIGMOID = Activation(
    name="2·sigmoid(1.6 z) - 1",
    value=lambda x: 2.0 * _sigmoid_of_twice(0.5 * IFSQ_STEEPNESS * x) - 1.0,
    slope=_ifsq_slope,
    inverse=lambda t: 2 * mpmath.atanh(t) / mpmath.mpf("1.6"),
    near_inverse=lambda t: 2.0 * np.arctanh(t) / IFSQ_STEEPNESS,
    # A sigmoid near 1 is rounded to 2^-p, and 2·sigmoid - 1 doubles that where tanh itself would be rounded half as much.
    rounding="1.5",
)

CLAMP = Activation(
    name="clamp",
    value=lambda x: np.clip(x, -1.0, 1.0),
    slope=lambda x: np.where(np.isnan(x), np.nan, (np.abs(x) <= 1.0).astype(np.float64)),
    inverse=lambda t: t,
    near_inverse=lambda t: t,
    kinks=(-1.0, 1.0),
)
