"""How far a wrong answer is from a right one: `Staircase.units`, `ulps`, and what a staircase can judge at all."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from fsqcheck.reference import PRECISIONS, RULES, every_value, from_ordinals, ordinals, staircase

from . import oracle


def finite_halves(dtype: str) -> np.ndarray:
    z = every_value(PRECISIONS[dtype])
    with np.errstate(invalid="ignore"):
        return z[np.isfinite(z.astype(np.float64))]


def one(z: float, dtype: str) -> np.ndarray:
    return np.array([z], dtype=PRECISIONS[dtype].dtype)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("rule", RULES)
def test_an_answer_is_zero_ulps_away_exactly_where_it_is_allowed(rule: str, dtype: str) -> None:
    z = finite_halves(dtype)
    for L in (L for L in (2, 3, 5, 8) if oracle.EVERY_L[rule](L)):
        stair = staircase(RULES[rule], L, dtype)
        lowest, highest = stair.allowed(z)
        for level in range(L):
            allowed = (lowest <= level) & (level <= highest)
            np.testing.assert_array_equal(stair.ulps(z, np.full(z.shape, level)) == 0, allowed)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("rule", RULES)
def test_units_and_ulps_agree_with_what_is_allowed_beside_every_border(rule: str, dtype: str) -> None:
    for L in (L for L in (3, 5, 8, 40) if oracle.EVERY_L[rule](L)):
        stair = staircase(RULES[rule], L, dtype)
        borders = np.concatenate([stair.lo, stair.hi])
        near = ordinals(borders[np.isfinite(borders.astype(float))], stair.dtype)
        z = from_ordinals((near[:, None] + np.arange(-3, 4)).ravel(), stair.dtype)
        lowest, highest = stair.allowed(z)
        for level in range(L):
            right = (lowest <= level) & (level <= highest)
            taken = np.full(z.shape, level)
            np.testing.assert_array_equal(stair.units(z, taken) <= 1, right)
            np.testing.assert_array_equal(stair.ulps(z, taken) == 0, right)
        # One float below a band the upper level is one ulp away from being right.
        below = from_ordinals(ordinals(stair.lo[:1], stair.dtype) - 1, stair.dtype)
        if np.isfinite(below.astype(float)).all():
            assert stair.ulps(below, np.array([1])).tolist() == [1.0]


def test_a_level_that_the_largest_float_alone_takes_is_reachable() -> None:
    stair = staircase(RULES["symmetric"], 3, "float16")
    largest = one(stair.dtype.largest, "float16")
    borders = np.concatenate([stair.hi[:1], largest])
    assert dataclasses.replace(stair, lo=borders, hi=borders).reachable == (0, 1, 2)


@pytest.mark.parametrize("rule", ["paper", "symmetric"])
def test_ulps_are_the_floats_to_the_nearest_one_that_allows_the_level(rule: str) -> None:
    precision = PRECISIONS["float16"]
    z = from_ordinals(np.arange(-20_000, 20_001, 7), precision)
    everything = np.unique(ordinals(finite_halves("float16"), precision))
    stair = staircase(RULES[rule], 5, "float16")
    lowest, highest = stair.allowed(from_ordinals(everything, precision))
    for level in range(5):
        homes = everything[(lowest <= level) & (level <= highest)]
        nearest = np.abs(ordinals(z, precision)[:, None] - homes[[0, -1]]).min(axis=1)
        inside = (ordinals(z, precision) >= homes[0]) & (ordinals(z, precision) <= homes[-1])
        np.testing.assert_array_equal(stair.ulps(z, np.full(z.shape, level)), np.where(inside, 0, nearest))


@pytest.mark.parametrize("level", [0, 1001])
def test_a_level_that_the_rule_never_reaches_is_infinitely_many_ulps_away(level: int) -> None:
    stair = staircase(RULES["paper"], 1002, "float64")
    assert stair.ulps(one(0.25, "float64"), np.array([level])) == math.inf


@pytest.mark.parametrize("level", [-1, 5])
def test_a_level_outside_the_channel_is_infinitely_many_ulps_away(level: int) -> None:
    stair = staircase(RULES["paper"], 5, "float32")
    assert stair.ulps(one(-30.0, "float32"), np.array([level])) == math.inf


@pytest.mark.parametrize("level", [-1, 1002])
def test_nor_is_it_less_where_the_end_level_beside_it_is_never_reached(level: int) -> None:
    stair = staircase(RULES["paper"], 1002, "float64")
    assert stair.ulps(one(0.25, "float64"), np.array([level])) == math.inf


def test_the_smallest_distance_of_a_wrong_answer_is_hardly_more_than_a_unit() -> None:
    stair = staircase(RULES["symmetric"], 5, "float64")
    units = stair.units(stair.hi, np.arange(4))
    assert ((units > 1.0) & (units < 1.5)).all()  # float64 itself rounds u by a part of the band


def test_ulps_of_float64_are_exact_where_they_are_few_and_of_the_right_size_across_zero() -> None:
    stair = staircase(RULES["symmetric"], 5, "float64")
    first = ordinals(stair.lo[3:], stair.dtype)
    for floats in (1, 1000, 10**9 + 7, 2**51 + 1):
        assert stair.ulps(from_ordinals(first - floats, stair.dtype), np.array([4])).tolist() == [floats]
    across = float(first[0]) - float(ordinals(one(-1e308, "float64"), stair.dtype)[0])
    assert across > 2.0**63
    assert stair.ulps(one(-1e308, "float64"), np.array([4])).tolist() == [pytest.approx(across)]


@pytest.mark.parametrize("rule", RULES)
def test_units_are_at_most_one_exactly_where_the_answer_is_allowed(rule: str) -> None:
    draw = np.random.default_rng(7)
    z = (draw.normal(size=2000) * 2).astype(np.float32)
    for L in (L for L in (2, 3, 8, 9) if oracle.EVERY_L[rule](L)):
        stair = staircase(RULES[rule], L, "float32")
        beside = np.concatenate([stair.lo, stair.hi, stair.steps])
        numbers = (ordinals(beside, stair.dtype)[:, None] + np.arange(-2, 3)).ravel()
        probes = np.concatenate([z, from_ordinals(numbers, stair.dtype)])
        lowest, highest = stair.allowed(probes)
        for level in range(L):
            units = stair.units(probes, np.full(probes.shape, level))
            np.testing.assert_array_equal(units <= 1.0, (lowest <= level) & (level <= highest))


def test_one_unit_is_half_the_width_of_the_band() -> None:
    stair = staircase(RULES["symmetric"], 5, "float32")
    # u(0) = 2: level 4 starts at 3.5, one and a half levels up, and a band's half-width is 1.25·5·2^-23 of a level.
    assert stair.units(one(0.0, "float32"), np.array([4])) == 1.5 * 2**23 / 6.25
    assert stair.units(one(0.0, "float32"), np.array([0])) == 1.5 * 2**23 / 6.25


@pytest.mark.parametrize("rule", RULES)
def test_units_are_the_way_to_the_nearest_edge_of_the_level_and_none_inside_it(rule: str) -> None:
    z = np.linspace(-2.5, 2.5, 401)
    for L in (L for L in (3, 5, 8) if oracle.EVERY_L[rule](L)):
        stair = staircase(RULES[rule], L, "float64")
        u = RULES[rule].level_coordinate(z, L)
        for level in range(L):
            away = np.maximum(np.abs(np.clip(u, -0.5, L - 0.5) - level) - 0.5, 0.0) / stair.half_width
            units = stair.units(z, np.full(z.shape, level))
            clear = (away == 0.0) | (away > 2.0)  # in a band the borders decide
            np.testing.assert_allclose(units[clear], away[clear], rtol=1e-6)


@pytest.mark.parametrize("offset", [-1000, -1, 0, 1, 1000])
def test_a_step_that_is_missed_is_as_many_ulps_off_and_its_worst_float_as_many_units(offset: int) -> None:
    rule, L = RULES["symmetric"], 5
    stair = staircase(rule, L, "float32")
    seen = ordinals(stair.steps, stair.dtype) + offset
    ulps, units = stair.missed(seen)
    assert ulps.tolist() == [offset] * 4
    # Too high: the float below the step is a level too low. Too low: its own float is a level too high.
    worst = from_ordinals(seen - (offset > 0), stair.dtype)
    expected = (rule.level_coordinate(worst, L) - (np.arange(1, L) - 0.5)) / stair.half_width
    np.testing.assert_allclose(units, expected if offset else 0.0, rtol=1e-6, atol=1e-9)


def test_steps_that_no_float_is_on_are_not_missed() -> None:
    stair = staircase(RULES["paper"], 1002, "float64")
    seen = ordinals(np.where(np.isfinite(stair.steps), stair.steps, 5.0), stair.dtype)
    ulps, units = stair.missed(seen)
    assert not ulps.any()
    assert not units.any()


def test_a_staircase_does_not_change() -> None:
    stair = staircase(RULES["paper"], 5, "float32")
    with pytest.raises(dataclasses.FrozenInstanceError):
        stair.levels = 6  # type: ignore[misc]


def test_overshooting_the_end_levels_counts_as_no_distance_at_all() -> None:
    stair = staircase(RULES["widened"], 2000, "float64")
    ends = np.array([-math.inf, -9.0, 9.0, math.inf])
    np.testing.assert_array_equal(stair.units(ends, np.array([0, 0, 1999, 1999])), np.zeros(4))


def test_every_level_is_reachable_from_2_to_1000_levels() -> None:
    for name in ("paper", "widened", "symmetric", "widened-clamp", "symmetric-clamp"):
        for L in (2, 3, 4, 63, 64, 999, 1000):
            assert staircase(RULES[name], L, "float64").reachable == tuple(range(L)), f"{name}, L = {L}"


@pytest.mark.parametrize("rule", ["paper", "paper-atanh"])
@pytest.mark.parametrize("L", [1001, 1002, 1003, 1500])
def test_the_narrowed_rules_do_not_reach_their_end_levels_from_1001_levels(rule: str, L: int) -> None:
    stair = staircase(RULES[rule], L, "float64")
    assert stair.steps[0] == -math.inf
    assert math.isnan(stair.steps[-1])
    assert {0, L - 1}.isdisjoint(stair.reachable)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("rule", RULES)
def test_reachable_levels_are_those_that_some_finite_float_takes_for_certain(rule: str, dtype: str) -> None:
    z = finite_halves(dtype)
    for L in (L for L in (2, 3, 8, 59, 60, 61, 62, 63, 64, 65) if oracle.EVERY_L[rule](L)):
        stair = staircase(RULES[rule], L, dtype)
        lowest, highest = stair.allowed(z)
        assert stair.reachable == tuple(np.unique(lowest[lowest == highest]).tolist()), f"L = {L}"


def first_level_not_judged(rule: str, dtype: str, levels: range) -> int | None:
    sizes = (L for L in levels if oracle.EVERY_L[rule](L))
    return next((L for L in sizes if not staircase(RULES[rule], L, dtype).judges), None)


@pytest.mark.parametrize(
    ("rule", "L"),
    [("paper", 52), ("paper-atanh", 52), ("symmetric", 52), ("symmetric-even", 52), ("symmetric-clamp", 64)],
)
def test_native_bfloat16_cannot_be_judged_from_some_number_of_levels(rule: str, L: int) -> None:
    assert first_level_not_judged(rule, "bfloat16", range(2, 70)) == L
    assert not staircase(RULES[rule], L + 1, "bfloat16").judges


def test_native_bfloat16_cannot_be_judged_at_2_levels_under_widened_either() -> None:
    assert first_level_not_judged("widened", "bfloat16", range(2, 70)) == 2
    assert first_level_not_judged("widened", "bfloat16", range(3, 70)) == 52


def test_native_float16_cannot_be_judged_from_410_levels() -> None:
    assert first_level_not_judged("symmetric", "float16", range(400, 520)) == 410


def test_bfloat16_inputs_can_be_judged_at_64_levels_by_the_band_of_float32() -> None:
    assert staircase(RULES["symmetric"], 64, "bfloat16", "float32").judges
