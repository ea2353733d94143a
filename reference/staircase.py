"""The exact staircase of one channel: L-1 thresholds with their tolerance bands, in the floats of a dtype.

An input is borderline for step k when |u(z) - (k-½)| ≤ max(r·L, κ)·2^(1-p), with p the bits of the precision that is held
against the target, r what the activation's own rounding comes to, and κ = h·|ds/d(o/h)| the conditioning of the shift: a
shift computed in p bits carries it, times a slope a' of at most 1. κ is below r·L everywhere but at L = 2 under the `widened`
rule, where it is 250 and a' is 1. As u is monotone, the borderline inputs of a step are
an interval [lo_k, hi_k) of floats; a borderline input may take either level, any other the exact one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from .precision import PRECISIONS, Array, Precision, from_ordinals, ordinals
from .rules import DIGITS, Constants, Rule

Integers = NDArray[np.int64]

#: In the place of a float, for a threshold that no float reaches: NaN sorts above +inf.
NEVER = float("nan")


@dataclass(frozen=True)
class Staircase:
    """The steps of one channel for the floats of `dtype`, judged by the band of `held`.

    `steps[k-1]` is the smallest float on or above step k, `lo` and `hi` the borders of its band [lo, hi); all of the
    dtype's own type, L-1 long and ascending, NaN where no float reaches. `half_width` is that of
    every band, in the level coordinate.
    """

    rule: Rule
    levels: int
    dtype: Precision
    held: Precision
    steps: Array
    lo: Array
    hi: Array
    half_width: float

    @property
    def judges(self) -> bool:
        """Whether the bands leave anything to judge: from half a level on, every input is borderline."""
        return self.half_width < 0.5

    @property
    def reachable(self) -> tuple[int, ...]:
        """The level indices that some finite float takes for certain, whichever way the borderline inputs go."""
        largest = self.dtype.largest
        # Level k owns the floats from the upper border of the step below it to the lower border of the step above it.
        first = np.maximum(np.append(-largest, self.hi.astype(np.float64)), -largest)
        end = np.append(self.lo.astype(np.float64), np.inf)
        end = np.where(np.isnan(end), np.inf, end)
        return tuple(int(k) for k in np.flatnonzero((first < end) & (first <= largest)))

    def allowed(self, z: Array) -> tuple[Integers, Integers]:
        """The lowest and the highest level index that a correct target may give for each number: int64, shape of `z`.

        `z` has the staircase's dtype and holds no NaN.
        """
        wide = np.asarray(z).astype(np.float64)
        lowest = np.searchsorted(self.hi.astype(np.float64), wide, side="right")
        highest = np.searchsorted(self.lo.astype(np.float64), wide, side="right")
        return lowest.astype(np.int64), highest.astype(np.int64)

    def units(self, z: Array, level: Integers) -> NDArray[np.float64]:
        """How far each answer is from the nearest right one, in half-widths of the band: 0 … 1 is right, more is wrong.

        `level` has the shape of `z`; the distance is that of u(z) from the nearest edge of the level's own interval.
        """
        # Beyond the outermost levels' intervals the level is clipped, so u is: it overshoots under (1+ε) from L = 1002.
        u = np.clip(self.rule.level_coordinate(z, self.levels), -0.5, self.levels - 0.5)
        below, above = u - (level + 0.5), (level - 0.5) - u
        units: NDArray[np.float64] = np.maximum(np.maximum(below, above), 0.0) / self.half_width
        # u rounds too, by about the band of float64 itself: the bands' exact borders say which side of 1 it is.
        lowest, highest = self.allowed(z)
        wrong = (level < lowest) | (level > highest)
        return np.where(wrong, np.maximum(units, np.nextafter(1.0, 2.0)), np.minimum(units, 1.0))

    def ulps(self, z: Array, level: Integers) -> NDArray[np.float64]:
        """The number of floats between each input and the nearest one for which its level is allowed."""
        lowest, highest = self.allowed(z)
        here = ordinals(z, self.dtype)
        inside = np.clip(level, 0, self.levels - 1)
        # A level that is too low is right below the upper border of the step above it; one too high, above the lower.
        upper = np.append(self.hi, np.array([np.nan], dtype=self.dtype.dtype))[inside]
        lower = np.append(self.lo, np.array([np.nan], dtype=self.dtype.dtype))[inside - 1]
        distance = np.zeros(here.shape)
        distance = np.where(level < lowest, _difference(here, ordinals(upper, self.dtype)) + 1, distance)
        distance = np.where(level > highest, _difference(ordinals(lower, self.dtype), here), distance)
        # An upper border of -inf: every float lies above that step, and none may take a level below it.
        unreachable = (np.isneginf(upper.astype(np.float64)) & (level < lowest)) | (
            np.isnan(lower.astype(np.float64)) & (level > highest)
        )
        return np.where(unreachable | (level != inside), np.inf, distance)

    def missed(self, observed: Integers) -> tuple[Integers, NDArray[np.float64]]:
        """How far steps that were seen lie from the exact ones, positive for too high: ulps, and tolerance units.

        `observed`: the ordinal of the first float on each step, (L-1,). 0 where no finite float is on the exact step.
        """
        known = np.isfinite(self.steps.astype(np.float64))
        ulps = np.where(known, observed - ordinals(np.where(known, self.steps, 0), self.dtype), 0)
        # Too high a step leaves the float just below it on too low a level; too low a step lifts its own float too far.
        k = np.arange(1, self.levels)
        worst = from_ordinals(np.where(ulps > 0, observed - 1, observed), self.dtype)
        return ulps, np.sign(ulps) * self.units(worst, np.where(ulps > 0, k - 1, k))


def _difference(one: Integers, other: Integers) -> NDArray[np.float64]:
    """one - other, exact where that is small: ordinals of float64 fill 63 bits, and a float64 holds 53 of them."""
    rough: NDArray[np.float64] = one.astype(np.float64) - other.astype(np.float64)
    return np.where(np.abs(rough) < 2.0**52, (one - other).astype(np.float64), rough)


@lru_cache(maxsize=8192)
def staircase(rule: Rule, levels: int, dtype: str, held: str | None = None) -> Staircase:
    """The exact staircase of `rule` with `levels` levels for the floats of `dtype`, judged by the band of `held`.

    `held` defaults to `dtype`. Raises `ValueError` where the rule is not defined for that number of levels, and
    `KeyError` for an unknown dtype.
    """
    precision, band = PRECISIONS[dtype], PRECISIONS[held or dtype]
    return Staircase(
        rule=rule,
        levels=levels,
        dtype=precision,
        held=band,
        steps=_in_floats(rule, levels, 0, None, precision),
        lo=_in_floats(rule, levels, -1, band, precision),
        hi=_in_floats(rule, levels, +1, band, precision),
        half_width=float(_half_width(rule, levels, band)),
    )


def threshold(rule: Rule, levels: int, k: int) -> Any:
    """The exact place z_k where level k-1 steps to k, an mpmath number; ±inf where the step is unreachable."""
    with mpmath.workdps(DIGITS):
        return _place(rule, rule.constants(levels), mpmath.mpf(k) - mpmath.mpf(1) / 2)


def _argument(constants: Constants, u: Any) -> Any:
    return (u - constants.centre + constants.offset) / constants.amplitude


def _place(rule: Rule, constants: Constants, u: Any) -> Any:
    """u⁻¹: the number whose level coordinate is `u`."""
    t = _argument(constants, u)
    if t >= 1:
        return mpmath.inf
    if t <= -1:
        return -mpmath.inf
    return rule.activation.inverse(t) - constants.shift


@lru_cache(maxsize=4096)
def _half_width(rule: Rule, levels: int, held: Precision) -> Any:
    """Half the width of a step's band in the level coordinate, an mpmath number."""
    constants = rule.constants(levels)
    with mpmath.workdps(DIGITS):
        rounding = levels * mpmath.mpf(rule.activation.rounding)
        conditioning = constants.amplitude * abs(constants.shift_slope)
        return max(rounding, conditioning) * mpmath.mpf(2) ** (1 - held.bits)


def _in_floats(rule: Rule, levels: int, side: int, held: Precision | None, precision: Precision) -> Array:
    """For every step the smallest float of the format on or above its place (`side` 0) or its band's lower border (-1), or
    above its band's upper border (+1).

    A float64 near the place tells it, but for the few whose neighbourhood holds two floats of the format; those, and float64
    itself, are computed exactly.
    """
    if precision.bits > _NEAR_BITS:
        return _round_up(_borders(rule, levels, side, held, tuple(range(1, levels))), precision)
    below, above = (_round_up(border, precision) for border in _near_borders(rule, levels, side, held))
    known = below.astype(np.float64) == above.astype(np.float64)
    left = np.flatnonzero(~known)
    exact = _borders(rule, levels, side, held, tuple(int(row) + 1 for row in left))
    below[left] = _round_up(exact, precision)
    return below


#: Formats of up to so many bits have floats so far apart that one near a place in float64 is seldom doubtful.
_NEAR_BITS = 24


def _near_borders(
    rule: Rule, levels: int, side: int, held: Precision | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Float64 numbers between which each place lies for certain; NaN where float64 is too coarse to say.

    u and t = (u - c + o)/h are rounded some eight times, t to within 2^-49; where the slope is 2^-8 or more its inverse makes
    2^-41 of that at most, and its own rounding and that of the shift are relative.
    """
    k = rule.constants(levels).rounded
    width = 0.0 if held is None else float(_half_width(rule, levels, held))
    t = (np.arange(1, levels, dtype=np.float64) - 0.5 + side * width - k.centre + k.offset) / k.amplitude
    t = np.where(np.abs(t) < 1.0 - 2.0**-8, t, np.nan)
    place = rule.activation.near_inverse(t) - k.shift
    slack = 2.0**-40 * (1.0 + np.abs(place) + abs(k.shift))
    return place - slack, place + slack


@lru_cache(maxsize=4096)
def _borders(rule: Rule, levels: int, side: int, held: Precision | None, steps: tuple[int, ...]) -> NDArray[np.float64]:
    """As `_in_floats`, in float64, exactly, for some steps."""
    constants = rule.constants(levels)
    width = mpmath.mpf(0) if held is None else _half_width(rule, levels, held)
    with mpmath.workdps(DIGITS):
        places = [_place(rule, constants, mpmath.mpf(2 * k - 1) / 2 + side * width) for k in steps]
        # A float on the upper border is borderline still, and a clamp puts floats there: the band ends above it.
        return np.array([_float64_on_or_above(place, strictly=side > 0) for place in places], dtype=np.float64)


def _float64_on_or_above(number: Any, strictly: bool) -> float:
    """The smallest float64 on or (`strictly`) above an mpmath number; -inf stays, and +inf, never reached, is NaN."""
    if number == mpmath.inf:
        return NEVER
    if number == -mpmath.inf:
        return -np.inf
    above = float(mpmath.libmp.to_float(number._mpf_, rnd="c"))  # c: towards +inf
    return float(np.nextafter(above, np.inf)) if strictly and mpmath.mpf(above) == number else above


def _round_up(numbers: NDArray[np.float64], precision: Precision) -> Array:
    """The smallest float of the format on or above each float64, which may be +inf; NaN stays."""
    nearest = numbers.astype(precision.dtype)
    above = from_ordinals(ordinals(nearest, precision) + 1, precision)
    return np.where(nearest.astype(np.float64) < numbers, above, nearest)
