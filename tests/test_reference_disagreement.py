"""How often two rules give different level indices for z ~ N(0, 1): exact, from the thresholds and the normal CDF."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest

from fsqcheck.reference import RULES, staircase


def disagreement(first: str, second: str, L: int) -> float:
    """Percent of N(0, 1) on which two rules take different levels."""
    steps = [staircase(RULES[name], L, "float64").steps for name in (first, second)]
    edges = [-math.inf, *sorted(np.concatenate(steps).tolist()), math.inf]
    differs = [len({int(np.searchsorted(own, low, side="right")) for own in steps}) == 2 for low in edges[:-1]]
    mass = [NormalDist().cdf(high) - NormalDist().cdf(low) for low, high in pairwise(edges)]
    return 100 * sum(share for share, apart in zip(mass, differs, strict=True) if apart)


@pytest.mark.parametrize("L", range(4, 9))
def test_paper_and_widened_disagree_a_little(L: int) -> None:
    assert 0.14 <= disagreement("paper", "widened", L) <= 0.40


def test_paper_and_widened_disagree_more_with_two_levels() -> None:
    assert round(disagreement("paper", "widened", 2), 1) == 5.9


def test_the_erratum_of_the_papers_shift_moves_few_levels() -> None:
    assert round(max(disagreement("paper", "paper-atanh", L) for L in range(3, 65)), 2) == 0.03


@pytest.mark.parametrize("L", [4, 6, 8])
def test_widened_and_symmetric_disagree_on_a_third_of_even_levels(L: int) -> None:
    assert 30.9 <= disagreement("widened", "symmetric", L) <= 33.5


@pytest.mark.parametrize("L", range(10, 65, 2))
def test_widened_and_symmetric_disagree_on_three_tenths_of_many_even_levels(L: int) -> None:
    assert 30.3 <= disagreement("widened", "symmetric", L) <= 30.8


def test_widened_and_symmetric_disagree_on_half_of_two_levels() -> None:
    assert round(disagreement("widened", "symmetric", 2), 1) == 50.0


@pytest.mark.parametrize("L", [5, 7, 9])
def test_widened_and_symmetric_disagree_little_on_a_few_odd_levels(L: int) -> None:
    assert 0.1 <= disagreement("widened", "symmetric", L) <= 0.23


def test_widened_and_symmetric_drift_apart_with_many_odd_levels() -> None:
    percent = [disagreement("widened", "symmetric", L) for L in range(3, 65, 2)]
    assert percent == sorted(percent)
    assert (round(percent[0], 3), round(percent[-1], 2)) == (0.046, 1.74)


def test_a_rule_does_not_disagree_with_itself() -> None:
    assert disagreement("paper", "paper", 8) == 0.0
