"""A second oracle: the rules of docs/rules.md written again, by hand, one scalar at a time, slowly.

It shares no code with fsqcheck.reference and imports none of it, so that a slip in one shows up as a disagreement.
Transcendental rules are evaluated in mpmath with at least 60 digits, rational ones in `Fraction`, without any error.
Numbers come in as Python floats, ±inf included; NaN has no level.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

import mpmath

#: A context of its own: nobody else's working precision can leak in.
MP = mpmath.MPContext()
MP.dps = 60

#: Next to u = k - ½ a tiny z vanishes in 60 digits; the smallest float64, 5e-324, needs 324 and some more.
TINY, DIGITS_FOR_TINY = 1e-20, 400

HALF = Fraction(1, 2)


# ---------------------------------------------------------------------------------------------- level coordinates


def paper(z: Any, L: int) -> Any:
    if L % 2 == 1:
        return MP.tanh(MP.mpf(z)) * _h(999, L) + L // 2
    return MP.tanh(z + _tan_shift(L)) * _h(999, L) - MP.mpf(1) / 2 + L // 2


def paper_atanh(z: Any, L: int) -> Any:
    if L % 2 == 1:
        return MP.tanh(MP.mpf(z)) * _h(999, L) + L // 2
    return MP.tanh(z + _atanh_shift(999, L)) * _h(999, L) - MP.mpf(1) / 2 + L // 2


def widened(z: Any, L: int) -> Any:
    if L % 2 == 1:
        return MP.tanh(MP.mpf(z)) * _h(1001, L) + L // 2
    return MP.tanh(z + _atanh_shift(1001, L)) * _h(1001, L) - MP.mpf(1) / 2 + L // 2


def symmetric(z: Any, L: int) -> Any:
    return (MP.tanh(MP.mpf(z)) + 1) * (L - 1) / 2


def s3(z: Any, L: int) -> Any:
    assert L == 3
    return MP.tanh(MP.mpf(z)) * MP.mpf("0.9990000128746033") + 1


def ifsq(z: Any, L: int) -> Any:
    sigmoid = 1 / (1 + MP.exp(-MP.mpf(8) / 5 * MP.mpf(z)))
    return sigmoid * (L - 1)


def widened_clamp(z: Any, L: int) -> Fraction:
    h = Fraction(1001, 1000) * (L - 1) / 2
    o = HALF if L % 2 == 0 else Fraction(0)
    return _clamp(_fraction(z) + o / h) * h - o + L // 2


def symmetric_clamp(z: Any, L: int) -> Fraction:
    return (_clamp(_fraction(z)) + 1) * (L - 1) / 2


def _h(thousandths: int, L: int) -> Any:
    return MP.mpf(thousandths) * (L - 1) / 2000


@cache
def _tan_shift(L: int) -> Any:
    with MP.workdps(DIGITS_FOR_TINY):
        return MP.tan(1 / (2 * _h(999, L)))


@cache
def _atanh_shift(thousandths: int, L: int) -> Any:
    with MP.workdps(DIGITS_FOR_TINY):
        return MP.atanh(1 / (2 * _h(thousandths, L)))


def _fraction(z: Any) -> Fraction:
    # Every clamp is over long before ±4.
    return Fraction(z) if math.isfinite(z) else Fraction(4 if z > 0 else -4)


def _clamp(x: Fraction) -> Fraction:
    return max(Fraction(-1), min(Fraction(1), x))


COORDINATES: dict[str, Callable[[Any, int], Any]] = {
    "paper": paper,
    "paper-atanh": paper_atanh,
    "widened": widened,
    "symmetric": symmetric,
    "symmetric-even": symmetric,
    "s3": s3,
    "ifsq": ifsq,
    "widened-clamp": widened_clamp,
    "symmetric-clamp": symmetric_clamp,
}


@lru_cache(maxsize=1_000_000)
def level_coordinate(rule: str, z: float, L: int) -> Any:
    """u(z): an mpmath number, or a Fraction for the clamped rules."""
    with MP.workdps(DIGITS_FOR_TINY if z != 0 and abs(z) < TINY else 60):
        return COORDINATES[rule](z, L)


# ------------------------------------------------------------------------------------------------- levels and codes

HALF_UP = {"symmetric", "symmetric-clamp"}
EVERY_L: dict[str, Callable[[int], bool]] = {
    "paper": lambda L: L >= 2,
    "paper-atanh": lambda L: L >= 3,
    "widened": lambda L: L >= 2,
    "symmetric": lambda L: L >= 2,
    "symmetric-even": lambda L: L >= 2,
    "s3": lambda L: L == 3,
    "ifsq": lambda L: L >= 3 and L % 2 == 1,
    "widened-clamp": lambda L: L >= 2,
    "symmetric-clamp": lambda L: L >= 2,
}


def level(rule: str, z: float, L: int) -> int:
    """The exact level index of z, clipped to 0 … L-1."""
    u = level_coordinate(rule, z, L)
    below = _floor(u)
    with MP.workdps(DIGITS_FOR_TINY):
        rest = u - below
        up = rest >= 0.5 if rule in HALF_UP else rest > 0.5 or (rest == 0.5 and below % 2 == 1)
    return min(max(below + bool(up), 0), L - 1)


def half_width(rule: str, L: int, k: int, bits: int) -> Any:
    """How far from k - ½ an input is still borderline in a precision of `bits` bits, in the level coordinate."""
    # What formulas of tanh and of 2·sigmoid - 1 lose in p bits: docs/rules.md.
    least = L if rule.endswith("-clamp") else MP.mpf(6 * L if rule == "ifsq" else 5 * L) / 4
    widest = max(least, conditioning(rule, L, k))
    return Fraction(widest, 2 ** (bits - 1)) if rule.endswith("-clamp") else MP.mpf(widest) / 2 ** (bits - 1)


def allowed(rule: str, z: float, L: int, bits: int) -> set[int]:
    """The levels that the band of a precision of `bits` bits leaves to z: the exact one, or both at a borderline step."""
    u = level_coordinate(rule, z, L)
    levels = {level(rule, z, L)}
    reach = max(1.5 * L, 251) * 2.0 ** (1 - bits) + 1
    for k in range(max(1, math.floor(float(u) - reach)), min(L - 1, math.ceil(float(u) + reach)) + 1):
        if abs(distance(u, k)) <= half_width(rule, L, k, bits):
            levels |= {k - 1, k}
    return levels


def distance(u: Any, k: int) -> Any:
    """u - (k - ½), without rounding."""
    with MP.workdps(DIGITS_FOR_TINY):
        return u - (k - HALF if isinstance(u, Fraction) else MP.mpf(2 * k - 1) / 2)


@cache
def conditioning(rule: str, L: int, k: int) -> Any:
    """κ_k = h·a'(z_k + s)·|ds/d(o/h)|: what a rounding error of the shift's argument does to u at step k."""
    if L % 2 == 1 or rule in {"symmetric", "symmetric-even", "s3", "ifsq", "symmetric-clamp"}:
        return 0
    if rule == "widened-clamp":
        return Fraction(1001 * (L - 1), 2000)  # a' = 1 within the clamp, and the shift is o/h itself
    h = _h(1001 if rule == "widened" else 999, L)
    ratio = 1 / (2 * h)
    where = (k - L // 2) / h  # tanh(z_k + s): even L, so -½ + o = 0
    if abs(where) >= 1:
        return 0  # the step is at infinity, where tanh is flat
    sensitivity = MP.sec(ratio) ** 2 if rule == "paper" else 1 / ((1 - ratio) * (1 + ratio))
    return h * MP.sech(MP.atanh(where)) ** 2 * sensitivity


def code(rule: str, level: int, L: int) -> Fraction:
    """The exact value that the decoder sees."""
    if rule == "s3":
        return Fraction(level)
    if rule in {"symmetric", "symmetric-even", "symmetric-clamp"}:
        return Fraction(2 * level - (L - 1), L - 1)
    return Fraction(level - L // 2, L // 2)


def _floor(u: Any) -> int:
    return math.floor(u) if isinstance(u, Fraction) else int(MP.floor(u))


# ------------------------------------------------------------------------------------------------ index and gradient


def index(levels: list[int], sizes: list[int]) -> int:
    """The token of level indices, first channel least significant, in Python's unbounded integers."""
    total, weight = 0, 1
    for level, size in zip(levels, sizes, strict=True):
        total += level * weight
        weight *= size
    return total


def gradient(rule: str, z: float, L: int) -> Any:
    """d code / d z of the smooth part: u's difference quotient, on the scale of the codes.

    Exact for the clamped rules away from their kinks, good to more than 25 digits for the others.
    """
    u = COORDINATES[rule]
    per_level = code(rule, 1, L) - code(rule, 0, L)
    if rule.endswith("-clamp"):
        nudge = Fraction(1, 2**80)
        return (u(Fraction(z) + nudge, L) - u(Fraction(z) - nudge, L)) / (2 * nudge) * per_level
    return MP.diff(lambda x: u(x, L), MP.mpf(z)) * per_level.numerator / per_level.denominator
