"""The rows of `RULES` compute what docs/rules.md says of them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from fsqcheck.reference import FSQ, PRECISIONS, RULES, every_value, rule_named, staircase
from fsqcheck.reference.rules import ATANH_SHIFT, IDENTITY_SHIFT, NO_SHIFT, TAN_SHIFT, Shift

from . import oracle


def steps(rule: str, L: int) -> np.ndarray:
    return staircase(RULES[rule], L, "float64").steps


def codes(rule: str, L: int) -> list[float]:
    values: list[float] = RULES[rule].grid.code(np.arange(L), L).tolist()
    return values


def levels_at(rule: str, L: int, z: Iterable[float]) -> list[int]:
    found: list[int] = RULES[rule].level(np.array(list(z)), L).tolist()
    return found


def middles(rule: str, L: int) -> list[float]:
    inner = steps(rule, L)
    return [inner[0] - 1, *((inner[:-1] + inner[1:]) / 2).tolist(), inner[-1] + 1]


def test_the_rules_are_those_of_the_oracle() -> None:
    assert set(RULES) == set(oracle.COORDINATES)
    assert [name for name, rule in RULES.items() if rule.name != name] == []


@pytest.mark.parametrize(
    ("rule", "printed"),
    [
        ("widened", [-1.4230, -0.7925, -0.4373, -0.1437, 0.1499, 0.5051, 1.1356]),
        ("symmetric", [-1.2825, -0.6496, -0.2939, 0.0, 0.2939, 0.6496, 1.2825]),
    ],
)
def test_eight_levels_step_where_the_page_says(rule: str, printed: list[float]) -> None:
    assert steps(rule, 8).round(4).tolist() == printed


def test_widened_with_two_levels_steps_far_below_zero() -> None:
    assert steps("widened", 2).round(2).tolist() == [-3.80]


@pytest.mark.parametrize("rule", RULES)
def test_the_level_coordinate_is_the_oracles_to_the_last_bits(rule: str) -> None:
    z = np.concatenate([np.linspace(-4, 4, 41), [-50.0, -math.inf, 50.0, math.inf]])
    for L in (L for L in range(2, 65) if oracle.EVERY_L[rule](L)):
        exact = np.array([float(oracle.level_coordinate(rule, x, L)) for x in z.tolist()])
        budget = max(L, 251 if L == 2 else 0) * 2.0**-52
        assert np.abs(RULES[rule].level_coordinate(z, L) - exact).max() <= budget, f"L = {L}"


@pytest.mark.parametrize("rule", RULES)
def test_the_codes_are_the_oracles_correctly_rounded(rule: str) -> None:
    for L in (L for L in range(2, 130) if oracle.EVERY_L[rule](L)):
        assert codes(rule, L) == [float(oracle.code(rule, level, L)) for level in range(L)], f"L = {L}"


@pytest.mark.parametrize("rule", RULES)
def test_the_middle_between_two_steps_has_the_level_between_them(rule: str) -> None:
    for L in (L for L in (*range(2, 65), 999, 1000) if oracle.EVERY_L[rule](L)):
        assert levels_at(rule, L, middles(rule, L)) == list(range(L))


@pytest.mark.parametrize("rule", RULES)
def test_a_grid_knows_the_level_of_each_of_its_codes(rule: str) -> None:
    grid = RULES[rule].grid
    for L in (L for L in range(2, 65) if oracle.EVERY_L[rule](L)):
        np.testing.assert_allclose(grid.coordinate(grid.code(np.arange(L), L), L), np.arange(L), rtol=0, atol=1e-13)
        np.testing.assert_allclose(np.diff(grid.code(np.arange(L), L)), grid.step(L), rtol=0, atol=1e-15)


def test_paper_with_two_levels_has_the_codes_minus_one_and_zero() -> None:
    assert codes("paper", 2) == [-1.0, 0.0]


@pytest.mark.parametrize("rule", ["paper", "paper-atanh", "widened"])
@pytest.mark.parametrize("L", [4, 6, 8, 16, 64])
def test_even_levels_of_the_papers_rules_are_lopsided_and_hold_zero(rule: str, L: int) -> None:
    assert codes(rule, L)[0] == -1.0
    assert codes(rule, L)[-1] == (L - 2) / L
    assert FSQ([L], rule)(np.zeros(1))[0].tolist() == [0.0]


@pytest.mark.parametrize("rule", ["paper", "paper-atanh", "widened", "widened-clamp"])
def test_the_papers_rules_are_mirrored_for_odd_levels_only(rule: str) -> None:
    for L in range(3, 65):
        mirrored = np.allclose(steps(rule, L), -steps(rule, L)[::-1], rtol=0, atol=1e-12)
        assert mirrored == (L % 2 == 1) == RULES[rule].is_mirrored(L), f"L = {L}"


@pytest.mark.parametrize("rule", ["symmetric", "symmetric-even", "symmetric-clamp"])
def test_the_symmetric_rules_are_mirrored_for_every_number_of_levels(rule: str) -> None:
    for L in range(2, 65):
        # A step is rounded up, so a mirrored one is the same float or its neighbour.
        np.testing.assert_allclose(steps(rule, L), -steps(rule, L)[::-1], rtol=2**-52, atol=0)
        assert codes(rule, L) == [-code for code in reversed(codes(rule, L))]
        assert (codes(rule, L)[0], codes(rule, L)[-1]) == (-1.0, 1.0)
        assert RULES[rule].is_mirrored(L)


def test_the_shift_with_tan_is_off_by_a_hair_at_zero() -> None:
    (off,) = RULES["paper"].level_coordinate(np.zeros(1), 4) - 2
    assert round(off, 5) == -4.3e-4


@pytest.mark.parametrize("rule", ["paper-atanh", "widened"])
@pytest.mark.parametrize("L", range(4, 65, 2))
def test_the_shift_with_atanh_sends_zero_to_the_middle_of_its_level(rule: str, L: int) -> None:
    (off,) = RULES[rule].level_coordinate(np.zeros(1), L) - L // 2
    assert abs(off) <= L * 2.0**-52


@pytest.mark.parametrize("shift", [NO_SHIFT, TAN_SHIFT, ATANH_SHIFT, IDENTITY_SHIFT])
@pytest.mark.parametrize("ratio", [0.999, 0.25, 0.01])
def test_the_slope_of_a_shift_is_its_derivative(shift: Shift, ratio: float) -> None:
    assert float(shift.slope(mpmath.mpf(ratio))) == pytest.approx(float(mpmath.diff(shift.function, ratio)), rel=1e-9)


def test_symmetric_ties_at_zero_go_up() -> None:
    for L in range(2, 65, 2):
        assert levels_at("symmetric", L, [0.0, -0.0]) == [L // 2, L // 2]


def test_symmetric_even_ties_at_zero_go_to_the_even_level() -> None:
    for L in range(2, 65, 2):
        even = L // 2 if L % 4 == 0 else L // 2 - 1
        assert levels_at("symmetric-even", L, [0.0, -0.0]) == [even, even]


def test_symmetric_even_differs_from_symmetric_at_zero_and_nowhere_else() -> None:
    z = every_value(PRECISIONS["float16"])
    for L in range(2, 65):
        differs = RULES["symmetric"].level(z, L) != RULES["symmetric-even"].level(z, L)
        assert set(z[differs].tolist()) == ({0.0} if L % 4 == 2 else set()), f"L = {L}"


def tied(rule: str, z: float, L: int) -> bool:
    return any(oracle.distance(oracle.level_coordinate(rule, z, L), k) == 0 for k in range(1, L))


@pytest.mark.parametrize("rule", ["paper", "paper-atanh", "widened", "widened-clamp", "s3"])
def test_a_rule_whose_amplitude_is_not_dyadic_never_ties(rule: str) -> None:
    for L in (L for L in range(2, 65) if oracle.EVERY_L[rule](L)):
        assert [z for z in steps(rule, L).tolist() if tied(rule, z, L)] == []


def test_symmetric_ties_at_zero_with_even_levels_and_nowhere_else() -> None:
    for L in range(2, 65):
        ties = [z for z in steps("symmetric", L).tolist() if tied("symmetric", z, L)]
        assert ties == ([0.0] if L % 2 == 0 else [])


def test_a_symmetric_clamp_ties_wherever_its_step_is_a_float_and_goes_up() -> None:
    ties = [-0.75, -0.25, 0.25, 0.75]
    assert steps("symmetric-clamp", 5).tolist() == ties
    assert all(tied("symmetric-clamp", z, 5) for z in ties)
    assert levels_at("symmetric-clamp", 5, ties) == [1, 2, 3, 4]


def test_clamped_steps_are_the_closed_fractions() -> None:
    for L in range(2, 65):
        for k in range(1, L):
            symmetric = Fraction(2 * k - L, L - 1)
            widened = (Fraction(2 * k - 1, 2) - L // 2) / (Fraction(1001, 2000) * (L - 1))
            assert steps("symmetric-clamp", L)[k - 1] == pytest.approx(float(symmetric), abs=1e-15)
            assert steps("widened-clamp", L)[k - 1] == pytest.approx(float(widened), abs=1e-15)


@pytest.mark.parametrize("rule", ["paper", "paper-atanh"])
def test_the_narrowed_rules_stop_short_of_their_end_levels_from_1002_levels(rule: str) -> None:
    for L, reached in [(1000, [0, 999]), (1002, [1, 1000]), (1003, [1, 1001])]:
        assert levels_at(rule, L, [-math.inf, math.inf]) == reached


@pytest.mark.parametrize("L", [1000, 1001, 1002, 1003])
def test_widened_passes_its_end_levels_from_1002_levels_and_is_clipped(L: int) -> None:
    low, high = RULES["widened"].level_coordinate(np.array([-math.inf, math.inf]), L)
    assert (low < -0.5, high > L - 0.5) == (L >= 1002, L >= 1002)
    assert levels_at("widened", L, [-math.inf, math.inf]) == [0, L - 1]
    assert FSQ([L])(np.array([[-math.inf], [math.inf]]))[1].tolist() == [0, L - 1]


def test_paper_atanh_refuses_two_levels_and_says_why() -> None:
    with pytest.raises(ValueError, match=r"rule paper-atanh is not defined for L = 2; .*atanh\(1\.001\)"):
        FSQ([8, 2], "paper-atanh")


@pytest.mark.parametrize("rule", RULES)
def test_a_channel_of_one_level_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match="L = 1"):
        staircase(RULES[rule], 1, "float64")


@pytest.mark.parametrize(("rule", "L"), [("s3", 2), ("s3", 4), ("ifsq", 2), ("ifsq", 4), ("ifsq", 64)])
def test_a_rule_refuses_the_levels_it_is_not_defined_for(rule: str, L: int) -> None:
    with pytest.raises(ValueError, match=f"rule {rule} is not defined for L = {L}; it needs "):
        RULES[rule].constants(L)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_defined_for_the_levels_of_the_oracle(rule: str) -> None:
    assert [RULES[rule].levels_allowed(L) for L in range(2, 65)] == [oracle.EVERY_L[rule](L) for L in range(2, 65)]


def test_an_unknown_rule_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown rule 'widend'; the known rules are paper, paper-atanh, widened"):
        rule_named("widend")


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_found_by_its_name(name: str) -> None:
    assert rule_named(name) is RULES[name]


@pytest.mark.parametrize("rule", RULES)
def test_a_nan_has_no_level(rule: str) -> None:
    assert levels_at(rule, 3, [math.nan, 0.0, -math.nan]) == [-1, 1, -1]


@pytest.mark.parametrize("part", ["rule", "amplitude", "shift", "grid", "constants", "rounded"])
def test_a_rule_and_its_parts_do_not_change(part: str) -> None:
    rule, constants = RULES["paper"], RULES["paper"].constants(5)
    parts: dict[str, Any] = {
        "rule": rule,
        "amplitude": rule.amplitude,
        "shift": rule.shift,
        "grid": rule.grid,
        "constants": constants,
        "rounded": constants.rounded,
    }
    name = dataclasses.fields(parts[part])[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(parts[part], name, getattr(parts[part], name))


def test_a_number_of_levels_that_a_rule_does_not_know_is_refused_in_its_words() -> None:
    with pytest.raises(ValueError, match=r"^rule symmetric is not defined for L = 1; it needs L ≥ 2$"):
        RULES["symmetric"].constants(1)
