"""What is kept of the inputs that were tried: by level, and by kind of fault. Two tallies make one, in any order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..reference import Precision
from .lines import Fault, Sample, SeenLevel
from .places import Places, bits_at, ordinal, place_in, value_at

Array = NDArray[Any]


@dataclass
class Levels:
    """The levels that were seen of one channel: count, lowest and highest place, least and greatest place of the code."""

    seen: dict[int, list[int]] = field(default_factory=dict)

    def several(self, level: int, where: Places, codes: Places) -> None:
        """Inputs one by one: their places, and those of their codes."""
        self.put(level, len(where), int(where.min()), int(where.max()), int(codes.min()), int(codes.max()))

    def put(self, level: int, count: int, lowest: int, highest: int, low: int, high: int) -> None:
        """Some inputs between two places, whose codes lie between two."""
        old = self.seen.setdefault(level, [0, lowest, highest, low, high])
        old[0] += count
        old[1] = min(old[1], lowest)
        old[2] = max(old[2], highest)
        old[3] = min(old[3], low)
        old[4] = max(old[4], high)

    def lines(self, inputs: Precision, codes: Precision) -> tuple[SeenLevel, ...]:
        """As a record holds them."""
        return tuple(
            SeenLevel(
                level=level,
                count=count,
                lowest=bits_at(lowest, inputs),
                highest=bits_at(highest, inputs),
                codes=(bits_at(low, codes), bits_at(high, codes)),
            )
            for level, (count, lowest, highest, low, high) in sorted(self.seen.items())
        )

    def read(self, lines: Iterable[SeenLevel], inputs: Precision, codes: Precision) -> None:
        """Those of a record besides."""
        for line in lines:
            self.put(
                line.level,
                line.count,
                *(place_in(bits, inputs) for bits in (line.lowest, line.highest)),
                *(place_in(bits, codes) for bits in line.codes),
            )


def sample(
    place: int, precision: Precision, observed: str, expected: str, units: float = math.nan, ulps: float = math.nan
) -> Sample:
    """One input for a record; what is not finite is left out."""
    return Sample(
        bits=bits_at(place, precision),
        decimal=repr(value_at(place, precision)),
        observed=observed,
        expected=expected,
        units=float(f"{units:.6g}") if math.isfinite(units) else None,
        ulps=int(ulps) if math.isfinite(ulps) else None,
    )


@dataclass
class _Kept:
    count: int
    worst: Sample
    simplest: Sample


class Faults:
    """What is wrong, by kind and channel: how many inputs, the worst and the simplest of them.

    The worst is the one that is most units, then most ulps away from what is right; the simplest the one nearest to zero.
    """

    def __init__(self, precision: Precision) -> None:
        self._precision = precision
        self._kept: dict[tuple[str, int | None], _Kept] = {}

    def add(self, kind: str, channel: int | None, count: int, one: Sample, other: Sample | None = None) -> None:
        """So many inputs; the worst of them is `one`, the simplest `other` or the same."""
        other = other or one
        kept = self._kept.setdefault((kind, channel), _Kept(0, one, other))
        kept.count += count
        kept.worst = max(kept.worst, one, key=self._badness)
        kept.simplest = min(kept.simplest, other, key=self._size)

    def several(
        self,
        kind: str,
        channel: int | None,
        count: int,
        shown: Callable[[int], Sample],
        where: Places,
        units: Array | None = None,
        ulps: Array | None = None,
    ) -> None:
        """So many inputs, of which those at these places are looked at; `shown` makes a sample of one of them."""
        if not len(where):
            return
        nothing = np.zeros(len(where))
        keys = (where, nothing if ulps is None else ulps, nothing if units is None else units)
        worst = int(np.lexsort(keys)[-1])
        simplest = int(np.lexsort((-where, np.abs(np.where(where >= 0, where, where + 1))))[0])
        self.add(kind, channel, count, shown(worst), shown(simplest))

    def read(self, lines: Iterable[Fault]) -> None:
        """Those of a record besides."""
        for line in lines:
            self.add(line.kind, line.channel, line.count, line.worst, line.simplest)

    def lines(self) -> tuple[Fault, ...]:
        """As a record holds them, in an order of their own."""
        ordered = sorted(self._kept.items(), key=lambda item: (item[0][0], -1 if item[0][1] is None else item[0][1]))
        return tuple(
            Fault(kind=kind, channel=channel, count=kept.count, worst=kept.worst, simplest=kept.simplest)
            for (kind, channel), kept in ordered
        )

    def _badness(self, one: Sample) -> tuple[float, float, int]:
        units, ulps = (math.inf if number is None else number for number in (one.units, one.ulps))
        return units, ulps, place_in(one.bits, self._precision)

    def _size(self, one: Sample) -> tuple[int, int]:
        place = place_in(one.bits, self._precision)
        return abs(ordinal(place)), -place
