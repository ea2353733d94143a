"""The rates at which rules disagree, measured by interop on N(0, 1), are those of the exact thresholds."""

from __future__ import annotations

import math
from functools import lru_cache

import pytest

from fsqcheck.interop import Interop, Pair, inputs, measure
from fsqcheck.reference import rule_named, staircase

from .test_reference_disagreement import disagreement

N = 400_000
#: A right measurement is farther off than this many standard deviations once in a million.
SIGMAS = 5.0

RULES = ("paper", "paper-atanh", "widened", "symmetric")
LEVELS = (4, 5, 6, 7, 8)
#: paper-atanh is not defined for two levels.
TWO_LEVELS = ("paper", "widened", "symmetric")


@lru_cache(maxsize=2)
def measured(rules: tuple[str, ...], levels: tuple[int, ...]) -> Interop:
    targets = [f"reference@{rule}" for rule in rules]
    return measure(targets, levels, inputs("normal", len(levels), N))


def between(rules: tuple[str, ...], levels: tuple[int, ...], first: str, second: str) -> Pair:
    return measured(rules, levels).between(rules.index(first), rules.index(second))


def close(count: int, share: float) -> bool:
    """Whether a count of N is within binomial error of a share; one more, where N·share is far below 1."""
    return abs(count - N * share) <= SIGMAS * math.sqrt(N * share * (1 - share)) + 1


PAIRS = [(a, b) for a in RULES for b in RULES if a < b]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_share_of_each_channel_is_that_of_the_thresholds(first: str, second: str) -> None:
    for channel in between(RULES, LEVELS, first, second).channels:
        share = disagreement(first, second, channel.levels) / 100
        assert close(channel.changed, share), channel
        assert sum(region.changed for region in channel.regions) == channel.changed


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_share_of_tokens_is_that_of_independent_channels(first: str, second: str) -> None:
    same = math.prod(1 - disagreement(first, second, L) / 100 for L in LEVELS)
    assert close(between(RULES, LEVELS, first, second).tokens, 1 - same)


@pytest.mark.parametrize(
    ("first", "second", "least", "most"),
    [
        ("paper", "widened", 0.14, 0.40),
        ("paper", "paper-atanh", 0.0, 0.03),
    ],
)
def test_the_shares_of_the_table_of_rules(first: str, second: str, least: float, most: float) -> None:
    for channel in between(RULES, LEVELS, first, second).channels:
        error = 100 * SIGMAS * math.sqrt(most / 100 / N)
        assert least - error <= 100 * channel.changed / N <= most + error


def test_widened_and_symmetric_disagree_on_a_third_of_even_levels_and_rarely_on_odd_ones() -> None:
    for channel in between(RULES, LEVELS, "widened", "symmetric").channels:
        percent = 100 * channel.changed / N
        assert 30.5 <= percent <= 33.9 if channel.levels % 2 == 0 else 0.1 <= percent <= 0.25


@pytest.mark.parametrize(("first", "second", "percent"), [("paper", "widened", 5.9), ("widened", "symmetric", 50.0)])
def test_two_levels(first: str, second: str, percent: float) -> None:
    (channel,) = between(TWO_LEVELS, (2,), first, second).channels
    assert close(channel.changed, disagreement(first, second, 2) / 100)
    assert round(100 * channel.changed / N) == round(percent)


def test_levels_change_between_the_thresholds_of_the_two_rules() -> None:
    for channel in between(RULES, LEVELS, "paper", "widened").channels:
        for region in channel.regions:
            assert region.threshold == staircase(rule_named("paper"), channel.levels, "float32").steps[region.step - 1]
            assert region.lowest <= region.highest
            assert region.farthest < 0.02
            assert abs(region.lowest - region.threshold) <= region.farthest
