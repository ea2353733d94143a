"""One channel's exact staircase, asked by places: which levels a float may take, and which level a code is."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..reference import PRECISIONS, Precision, Staircase
from ..reference.holding import grid_tolerance
from .places import BEYOND, Places, places

Array = NDArray[Any]
Integers = NDArray[np.int64]

#: The level of a code that is NaN or far from any level.
NONE = -1


class Ladder:
    """A channel of `stair.levels` levels; one that is not `judged` is fed, and no more."""

    def __init__(self, stair: Staircase, judged: bool) -> None:
        self.stair = stair
        self.judged = judged
        self.levels = stair.levels
        self.tolerance = grid_tolerance(stair.rule, stair.levels, stair.held.name)
        self.grid = stair.rule.grid.code(np.arange(stair.levels), stair.levels)
        self.lo, self.hi = (_borders(border, stair.dtype) for border in (stair.lo, stair.hi))
        self._lo, self._hi = np.array(self.lo, dtype=np.int64), np.array(self.hi, dtype=np.int64)
        self._known: dict[tuple[str, int], int | None] = {}

    def lowest(self, place: int) -> int:
        """The lowest level that the float at a place may take."""
        return bisect_right(self.hi, place)

    def highest(self, place: int) -> int:
        """The highest."""
        return bisect_right(self.lo, place)

    def allowed(self, where: Places) -> tuple[Integers, Integers]:
        """Both, of many places."""
        return np.searchsorted(self._hi, where, side="right"), np.searchsorted(self._lo, where, side="right")

    def wrong(self, level: int, first: int, last: int) -> list[tuple[int, int]]:
        """The parts of the places `first` … `last` that may not take this level, each by its own first and last."""
        found = []
        below = self.hi[level] if 0 <= level < self.levels - 1 else BEYOND  # from here on the level is too low
        above = self.lo[level - 1] if level >= 1 else -BEYOND  # up to here it is too high
        if above > first:
            found.append((first, min(last, above - 1)))
        if below <= last:
            found.append((max(first, below), last))
        return found

    def level_of(self, bits: int, dtype: str) -> int | None:
        """The level of a code with these bits, read as a signed integer; None where it is none of the grid's."""
        key = dtype, bits
        if key not in self._known:
            precision = PRECISIONS.get(dtype)
            if precision is None or len(self._known) > 4096:
                return None
            self._known[key] = self.level_at(float(np.array([bits]).astype(precision.integer).view(precision.dtype)[0]))
        return self._known[key]

    def level_at(self, code: float) -> int | None:
        """The level of a code; None where it is none of the grid's."""
        level, units = self.read(np.array([code]))
        return int(level[0]) if units[0] <= 1.0 else None

    def read(self, codes: Array) -> tuple[Integers, NDArray[np.float64]]:
        """The level that each code is nearest to, levels outside 0 … L-1 included, and `NONE` for what is no number; and
        how far each lies from the grid, in what its rounding may do: at most 1 is on the grid, infinity is no number."""
        wide = codes.astype(np.float64)
        near = np.rint(self.stair.rule.grid.coordinate(wide, self.levels))
        known = np.isfinite(near) & (np.abs(near) < 2**31)
        level = np.where(known, np.where(known, near, 0), NONE).astype(np.int64)
        inside = np.clip(level, 0, self.levels - 1)
        units = np.abs(np.where(known, wide, np.inf) - self.grid[inside]) / self.tolerance
        return level, units


def _borders(border: Array, precision: Precision) -> list[int]:
    """The place from which on a float is not below a border; both zeros are on or above 0."""
    wide = border.astype(np.float64)
    found = places(np.where(np.isnan(wide), 0.0, wide).astype(precision.dtype), precision)
    found = np.where(wide == 0.0, -1, found)
    return [int(one) for one in np.where(np.isnan(wide), BEYOND, found)]
