"""What is counted of two targets, chunk by chunk: tokens, levels, where they change, and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..reference import Staircase
from .party import Party, Tokens
from .results import Channel, Region

Array = NDArray[Any]


class PairTally:
    """The counts of one pair; `first` is the one whose rule names the thresholds."""

    def __init__(self, first: Party, second: Party) -> None:
        self.tokens = self.renumbered = self.borderline = 0
        levels = first.subject.levels
        self._places = [
            _Places(first.subject.stair(i), second.subject.stair(i)) if first.has_thresholds else _Nowhere()
            for i in range(len(levels))
        ]
        self._levels = levels
        self._slopes = _Slopes(len(levels))

    def add(self, vectors: Array, first: Tokens, second: Tokens) -> None:
        """Counts what two targets made of (N, d) vectors."""
        moved = first.level != second.level
        other = (first.index != second.index).reshape(len(vectors), -1).any(axis=1)
        excused = np.ones_like(moved)
        for channel, places in enumerate(self._places):
            rows = np.flatnonzero(moved[:, channel])
            excused[rows, channel] = places.add(vectors[rows, channel])
        self.tokens += int(other.sum())
        self.renumbered += int((other & ~moved.any(axis=1)).sum())
        self.borderline += int((other & moved.any(axis=1) & excused.all(axis=1)).sum())

    def add_slopes(self, first: Array | None, second: Array | None) -> None:
        """Counts how far two gradients (N, d) differ."""
        if first is not None and second is not None:
            self._slopes.add(np.abs(first - second))

    def channels(self) -> tuple[Channel, ...]:
        """The counts of each channel."""
        return tuple(
            Channel(channel, levels, places.changed, places.regions(), *self._slopes.of(slice(channel, channel + 1)))
            for channel, (levels, places) in enumerate(zip(self._levels, self._places, strict=True))
        )

    def slopes(self) -> tuple[float | None, float | None]:
        """The largest and the mean difference of the slopes of all channels."""
        return self._slopes.of(slice(None))


class _Slopes:
    """The differences of the slopes of each channel."""

    def __init__(self, channels: int) -> None:
        self._count = 0
        self._largest, self._sum = np.zeros(channels), np.zeros(channels)

    def add(self, differences: Array) -> None:
        self._count += len(differences)
        self._largest = np.maximum(self._largest, differences.max(axis=0))
        self._sum += differences.sum(axis=0)

    def of(self, channels: slice) -> tuple[float | None, float | None]:
        if self._count == 0 or not np.isfinite(self._largest[channels]).all():
            return None, None
        return float(self._largest[channels].max()), float(self._sum[channels].mean()) / self._count


class _Nowhere:
    """The inputs of a channel whose level changes, where no thresholds say around which."""

    def __init__(self) -> None:
        self.changed = 0

    def add(self, z: Array) -> NDArray[np.bool_]:
        """Counts inputs; none is excused."""
        self.changed += len(z)
        return np.zeros(z.shape, dtype=np.bool_)

    def regions(self) -> tuple[Region, ...]:
        """None."""
        return ()


class _Places:
    """The inputs of one channel whose level changes, by the nearest threshold of the first rule."""

    def __init__(self, first: Staircase, second: Staircase) -> None:
        self._stairs = (first, second)
        steps = first.steps.astype(np.float64)
        self._numbers = np.flatnonzero(np.isfinite(steps)) + 1
        self._steps = steps[np.isfinite(steps)]
        self._middles = (self._steps[1:] + self._steps[:-1]) / 2
        self.changed = 0
        size = len(self._steps)
        self._counts, self._borderline = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self._lowest, self._highest = np.full(size, np.inf), np.full(size, -np.inf)

    def add(self, z: Array) -> NDArray[np.bool_]:
        """Counts inputs; says of each whether it lies within rounding error of a step of either rule."""
        bands = (stair.allowed(z) for stair in self._stairs)
        near = np.zeros(z.shape, dtype=np.bool_)
        for lowest, highest in bands:
            near |= lowest < highest
        self.changed += len(z)
        if len(self._steps):
            nearest = np.searchsorted(self._middles, z.astype(np.float64))
            self._counts += np.bincount(nearest, minlength=len(self._steps))
            self._borderline += np.bincount(nearest[near], minlength=len(self._steps))
            np.minimum.at(self._lowest, nearest, z)
            np.maximum.at(self._highest, nearest, z)
        return near

    def regions(self) -> tuple[Region, ...]:
        """The thresholds around which levels change, the most frequent first."""
        order = sorted(np.flatnonzero(self._counts), key=lambda k: (-self._counts[k], k))
        return tuple(self._region(int(k)) for k in order)

    def _region(self, k: int) -> Region:
        step, lowest, highest = (float(values[k]) for values in (self._steps, self._lowest, self._highest))
        return Region(
            step=int(self._numbers[k]),
            threshold=step,
            changed=int(self._counts[k]),
            borderline=int(self._borderline[k]),
            lowest=lowest,
            highest=highest,
            farthest=max(abs(lowest - step), abs(highest - step)),
        )
