"""How far a code may lie from the grid, and up to how many levels codes can be told apart: by arithmetic written again."""

from __future__ import annotations

from fractions import Fraction

import pytest

from fsqcheck.reference import RULES
from fsqcheck.reference.holding import MUST_HOLD, SHOULD_HOLD, grid_tolerance, legible

from . import oracle

#: eps = 2^(1-p), with p the bits of the significand, the hidden one among them.
BITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}
GRIDS = [(rule, L) for rule in RULES for L in range(2, 65) if RULES[rule].levels_allowed(L)]


def _eps(dtype: str) -> Fraction:
    return Fraction(1, 2 ** (BITS[dtype] - 1))


def _step(rule: str, L: int) -> Fraction:
    return oracle.code(rule, 1, L) - oracle.code(rule, 0, L)


@pytest.mark.parametrize("held", BITS)
@pytest.mark.parametrize("rule", RULES)
def test_a_code_may_lie_two_eps_of_the_largest_code_from_the_grid(rule: str, held: str) -> None:
    for L in (L for named, L in GRIDS if named == rule):
        largest = max(abs(oracle.code(rule, level, L)) for level in range(L))
        assert grid_tolerance(RULES[rule], L, held) == 2 * _eps(held) * largest


@pytest.mark.parametrize("dtype", BITS)
@pytest.mark.parametrize("held", BITS)
def test_codes_can_be_told_apart_while_two_and_a_half_eps_are_less_than_half_a_step(held: str, dtype: str) -> None:
    for rule, L in GRIDS:
        lies = Fraction(grid_tolerance(RULES[rule], L, held)) + _eps(dtype) / 2
        assert legible(RULES[rule], L, held, dtype) == (lies < _step(rule, L) / 2), (rule, L)


@pytest.mark.parametrize(("dtype", "most"), [("bfloat16", 52), ("float16", 410), ("float32", 3_355_444)])
def test_up_to_how_many_symmetric_levels_codes_can_be_told_apart(dtype: str, most: int) -> None:
    """L-1 < 1 / (2.5 eps): the codes run from -1 to 1."""
    rule = RULES["symmetric"]
    assert [legible(rule, L, dtype, dtype) for L in (2, most, most + 1, 8 * most)] == [True, True, False, False]


def test_what_a_must_and_a_should_hold_against_an_input() -> None:
    """A MUST never holds more bits against a target than its input has, a SHOULD never fewer."""
    assert MUST_HOLD.keys() == BITS.keys()
    assert {dtype: BITS[held] - BITS[dtype] for dtype, held in MUST_HOLD.items()} == {
        "float64": -29, "float32": 0, "float16": 0, "bfloat16": 0,
    }  # fmt: skip
    assert {dtype: BITS[held] - BITS[dtype] for dtype, held in SHOULD_HOLD.items()} == {
        "float64": 0, "float16": 13, "bfloat16": 16,
    }  # fmt: skip
