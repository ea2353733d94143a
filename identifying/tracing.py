"""One channel as a function from numbers to values, found by asking: every step that a grid shows, to the last float."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..reference import RULES, Array, Precision, from_ordinals, ordinals, staircase
from .blackbox import Ask

#: Where every channel is asked, beside the middles between the known rules' thresholds.
_GRID = np.concatenate([np.linspace(-8.0, 8.0, 1601), [0.0, -1000.0, -100.0, -20.0, -12.0, 12.0, 20.0, 100.0, 1000.0]])
#: A step found can uncover another one beside it: how often that is followed, and how many at a time.
_ROUNDS, _MOST = 4, 4096


@dataclass(frozen=True)
class Trace:
    """What a channel answered: (N,) rising floats of the dtype and (N,) values, +inf for NaN.

    zeros: the values at +0 and at -0. steady: whether the same question had the same answer twice.
    """

    levels: int
    seen: str
    precision: Precision
    z: Array
    values: Array
    zeros: Array
    steady: bool

    @cached_property
    def distinct(self) -> Array:
        """The values that were seen, rising."""
        return np.unique(self.values)

    @cached_property
    def steps(self) -> tuple[Array, Array]:
        """Where the value changes, and the values of the pieces: (n,) floats and (n+1,) values."""
        at = np.flatnonzero(self.values[1:] != self.values[:-1]) + 1
        return self.z[at].astype(np.float64), self.values[np.append(0, at)]


def trace(ask: Ask, levels: int, seen: str, precision: Precision) -> Trace:
    """Asks a channel on the grid, and bisects in the bit patterns wherever two neighbours differ."""

    def answered(numbers: Array) -> Array:
        values = ask(from_ordinals(numbers, precision))
        return np.where(np.isnan(values), np.inf, values)

    numbers = np.unique(ordinals(_points(levels).astype(precision.dtype), precision))
    values = answered(numbers)
    steady = bool(np.array_equal(values, answered(numbers)))
    for _ in range(_ROUNDS if steady else 0):
        open_ = np.flatnonzero((values[1:] != values[:-1]) & (np.diff(numbers) > 1))[:_MOST]
        if not len(open_):
            break
        low, high = numbers[open_], numbers[open_ + 1]
        below, above = values[open_], values[open_ + 1]
        while (high - low > 1).any():
            middle = low + (high - low) // 2
            found = answered(middle)
            same = found == below
            low, high, above = (
                np.where(same, middle, low),
                np.where(same, high, middle),
                np.where(same, above, found),
            )
        numbers, first = np.unique(np.concatenate([numbers, low, high]), return_index=True)
        values = np.concatenate([values, below, above])[first]
    zeros = ask(np.array([0.0, -0.0], dtype=precision.dtype))
    return Trace(levels, seen, precision, from_ordinals(numbers, precision), values, zeros, steady)


def _points(levels: int) -> Array:
    """The grid, and a number between any two thresholds of the known rules, so that no step hides behind another."""
    rules = [rule for rule in RULES.values() if rule.levels_allowed(levels)]
    places = np.concatenate([staircase(rule, levels, "float64").steps for rule in rules])
    places = np.unique(places[np.isfinite(places)])
    return np.concatenate([_GRID, (places[1:] + places[:-1]) / 2])
