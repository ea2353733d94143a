"""Every threshold and band border of the reference is the exact smallest float, says the slow oracle."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fsqcheck.reference import PRECISIONS, RULES, Staircase, from_ordinals, ordinals, staircase, threshold
from fsqcheck.reference.staircase import _near_borders

from . import oracle

LEVELS = range(2, 65)
#: Rules whose level coordinate is their own; symmetric-even shares symmetric's and differs in the tie alone.
RULE_NAMES = [name for name in RULES if name != "symmetric-even"]
DTYPES = list(PRECISIONS)


def levels_of(rule: str) -> list[int]:
    return [L for L in LEVELS if oracle.EVERY_L[rule](L)]


def float_before(z: float, stair: Staircase) -> float:
    here = ordinals(np.array([z], dtype=stair.dtype.dtype), stair.dtype)
    return float(from_ordinals(here - 1, stair.dtype)[0])


def above(rule: str, z: float, L: int, k: int, border: str, bits: int) -> bool:
    """Whether z lies on the upper side of step k, or of one of the borders of its band, which belong to the band."""
    distance = oracle.distance(oracle.level_coordinate(rule, z, L), k)
    if border == "steps":
        return bool(distance >= 0)
    width = oracle.half_width(rule, L, k, bits)
    return bool(distance >= -width) if border == "lo" else bool(distance > width)


def is_smallest_above(z: float, stair: Staircase, k: int, border: str) -> bool:
    rule, L, bits = stair.rule.name, stair.levels, stair.held.bits
    if math.isnan(z):
        return not above(rule, math.inf, L, k, border, bits)
    below = z != -math.inf and above(rule, float_before(z, stair), L, k, border, bits)
    return above(rule, z, L, k, border, bits) and not below


def wrong_borders(stair: Staircase, border: str) -> list[tuple[int, float]]:
    values = getattr(stair, border).astype(np.float64)
    numbered = ((k, float(z)) for k, z in enumerate(values, start=1))
    return [(k, z) for k, z in numbered if not is_smallest_above(z, stair, k, border)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rule", RULE_NAMES)
def test_every_step_is_the_smallest_float_on_or_above_the_threshold(rule: str, dtype: str) -> None:
    for L in levels_of(rule):
        assert wrong_borders(staircase(RULES[rule], L, dtype), "steps") == [], f"L = {L}"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rule", RULE_NAMES)
def test_every_band_holds_exactly_the_borderline_floats(rule: str, dtype: str) -> None:
    for L in levels_of(rule):
        stair = staircase(RULES[rule], L, dtype)
        assert wrong_borders(stair, "lo") == [], f"lo at L = {L}"
        assert wrong_borders(stair, "hi") == [], f"hi at L = {L}"


def test_symmetric_even_has_the_staircase_of_symmetric() -> None:
    for L in LEVELS:
        even, up = (staircase(RULES[name], L, "float64") for name in ("symmetric-even", "symmetric"))
        for border in ("steps", "lo", "hi"):
            np.testing.assert_array_equal(getattr(even, border), getattr(up, border))


@pytest.mark.parametrize("rule", RULES)
def test_the_exact_threshold_lies_between_its_float64_neighbours(rule: str) -> None:
    for L in levels_of(rule)[::7]:
        stair = staircase(RULES[rule], L, "float64")
        for k, z in enumerate(stair.steps.tolist(), start=1):
            assert float_before(z, stair) < threshold(RULES[rule], L, k) <= z


@pytest.mark.parametrize("rule", RULE_NAMES)
def test_a_step_lies_between_the_two_float64_numbers_that_stand_for_it(rule: str) -> None:
    """Near the middle of them: float64 errs by a tenth of the slack at most. Only the outermost steps are not known."""
    for L in (L for L in (2, 3, 8, 9, 64, 65, 255, 256, 1000, 1001) if oracle.EVERY_L[rule](L)):
        below, above = _near_borders(RULES[rule], L, 0, None)
        known = np.flatnonzero(~np.isnan(below))
        assert len(known) >= 0.98 * (L - 1) - 2
        for row in known:
            exact = threshold(RULES[rule], L, int(row) + 1)
            assert below[row] < exact < above[row], f"L = {L}, step {row + 1}"
            margin = min(exact - below[row], above[row] - exact)
            assert margin > 0.9 * (above[row] - below[row]) / 2, f"L = {L}, step {row + 1}"


def test_steps_and_borders_have_the_type_of_the_dtype_and_ascend() -> None:
    for dtype, precision in PRECISIONS.items():
        stair = staircase(RULES["widened"], 16, dtype)
        for border in (stair.steps, stair.lo, stair.hi):
            assert border.dtype == precision.dtype
            assert border.shape == (15,)
            assert (np.diff(border.astype(np.float64)) > 0).all()


def floats_around(centre: float, reach: int, stair: Staircase) -> np.ndarray:
    here = ordinals(np.array([centre], dtype=stair.dtype.dtype), stair.dtype)
    return from_ordinals(here + np.arange(-reach, reach + 1), stair.dtype)


def disagreements(stair: Staircase, z: np.ndarray) -> list[float]:
    lowest, highest = stair.allowed(z)
    answers = zip(z.astype(np.float64).tolist(), lowest.tolist(), highest.tolist(), strict=True)
    name, L, bits = stair.rule.name, stair.levels, stair.held.bits
    return [x for x, low, high in answers if oracle.allowed(name, x, L, bits) != set(range(low, high + 1))]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rule", RULES)
def test_the_levels_allowed_64_floats_around_every_threshold_are_the_oracles(rule: str, dtype: str) -> None:
    for L in (L for L in (2, 3, 6) if oracle.EVERY_L[rule](L)):
        stair = staircase(RULES[rule], L, dtype)
        for step in stair.steps.astype(np.float64):
            assert disagreements(stair, floats_around(step, 64, stair)) == [], f"L = {L}, step at {step}"


@pytest.mark.parametrize("rule", RULES)
def test_the_levels_allowed_beside_the_borders_are_the_oracles_whichever_band_is_held(rule: str) -> None:
    draw = np.random.default_rng(20230915)
    for L in levels_of(rule):
        dtype, held = draw.choice(DTYPES, size=2)
        stair = staircase(RULES[rule], L, str(dtype), str(held))
        k = draw.integers(L - 1)
        for border in (stair.lo[k], stair.steps[k], stair.hi[k]):
            if np.isfinite(float(border)):
                assert disagreements(stair, floats_around(float(border), 3, stair)) == [], f"{dtype}, {held}, L = {L}"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rule", RULES)
def test_the_levels_allowed_at_the_ends_of_the_number_line_are_the_oracles(rule: str, dtype: str) -> None:
    precision = PRECISIONS[dtype]
    ends = np.array([-math.inf, -precision.largest, -0.0, 0.0, precision.largest, math.inf], dtype=precision.dtype)
    for L in [L for L in (2, 3, 8, 64, 63, 1001, 1002, 1003) if oracle.EVERY_L[rule](L)]:
        assert disagreements(staircase(RULES[rule], L, dtype), ends) == [], f"L = {L}"


@pytest.mark.parametrize("rule", RULES)
def test_float64_levels_are_within_the_float64_band(rule: str) -> None:
    for L in levels_of(rule):
        stair = staircase(RULES[rule], L, "float64")
        first, last = ordinals(stair.lo, stair.dtype), ordinals(stair.hi, stair.dtype)
        spread = np.linspace(0.0, 1.0, 41)
        by_ordinal = from_ordinals((first + np.outer(spread, last - first)).astype(np.int64), stair.dtype)
        by_value = stair.lo + np.outer(spread, stair.hi - stair.lo)
        z = np.concatenate([by_ordinal, by_value]).ravel()
        level = RULES[rule].level(z, L)
        suspects = level != np.searchsorted(stair.steps, z, side="right")
        for x, given in zip(z[suspects].tolist(), level[suspects].tolist(), strict=True):
            assert given in oracle.allowed(rule, x, L, bits=53), f"L = {L}, z = {x!r}"
