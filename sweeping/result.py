"""What the ranges of a sweep say together: a pure function of their lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..reference import PRECISIONS, Staircase, staircase
from ..reports import Severity
from .lines import Fault, RangeLine, SeenStep, SweepResult
from .places import BEYOND, bits_at, mirrored, ordinal, places
from .question import Question
from .tally import Faults, Levels


@dataclass(frozen=True)
class Kind:
    """A way to be wrong: the clause that says so, how severe that is, and in words what so many inputs do."""

    clause: str
    severity: Severity
    words: str


KINDS: dict[str, Kind] = {
    "level": Kind("BND-3", "must", "take a level that the exact staircase does not allow"),
    "grid": Kind("BND-1", "must", "get a code that is none of the grid's"),
    "tie": Kind("SYM-3", "must", "tie at zero, and go the wrong way"),
    "index": Kind("IDX-4", "must", "get an index that does not belong to their codes"),
    "raised": Kind("NUM-8", "must", "make the target raise"),
    "shape": Kind("SHP-2", "must", "get an answer that cannot be read"),
    "nan code": Kind("NUM-5", "should", "are NaN and get a code that is a number"),
    "nan index": Kind("NUM-5", "should", "are NaN and get an index that stands for a code"),
}

CONFORMS, FAILS = "conforms", "does not conform"


@dataclass(frozen=True)
class _Channel:
    """One channel over all ranges."""

    number: int
    stair: Staircase
    levels: Levels

    @property
    def _sorted(self) -> list[tuple[int, list[int]]]:
        return sorted(self.levels.seen.items())

    @property
    def uneven(self) -> int:
        return sum(low != high for _, (_, _, _, low, high) in self._sorted)

    def first_on(self, step: int) -> int | None:
        """The lowest place at which a level of at least `step` was seen."""
        return min((seen[1] for level, seen in self._sorted if level >= step), default=None)

    def last_below(self, step: int) -> int | None:
        """The highest place at which a lower one was seen."""
        return max((seen[2] for level, seen in self._sorted if level < step), default=None)

    def steps(self) -> Iterator[SeenStep]:
        """Its steps, from below."""
        precision, L = self.stair.dtype, self.stair.levels
        first = [self.first_on(k) for k in range(1, L)]
        last = [self.last_below(k) for k in range(1, L)]
        seen = [one is not None and other is not None for one, other in zip(first, last, strict=True)]
        observed = np.array([ordinal(one or 0) for one in first], dtype=np.int64)
        ulps, units = self.stair.missed(observed)
        known = np.isfinite(self.stair.steps.astype(np.float64))
        borders = [_hex(border, self.stair) for border in (self.stair.steps, self.stair.lo, self.stair.hi)]
        for row, (one, other) in enumerate(zip(first, last, strict=True)):
            exact, lo, hi = (border[row] for border in borders)
            bare = SeenStep(channel=self.number, step=row + 1, exact=exact, lo=lo, hi=hi)
            if one is None or other is None:
                yield bare
                continue
            yield SeenStep(
                channel=self.number,
                step=row + 1,
                exact=exact,
                lo=lo,
                hi=hi,
                observed=bits_at(one, precision),
                units=float(f"{units[row]:.4g}") + 0.0 if known[row] and seen[row] else None,
                ulps=int(ulps[row]) if known[row] and seen[row] else None,
                overlap=max(0, other - one + 1),
            )

    def unmirrored(self) -> int:
        """How many inputs between the steps that were seen and their mirror images: they break the symmetry."""
        L = self.stair.levels
        found = 0
        for k in range(1, L):
            first, last = self.first_on(k), self.last_below(L - k)
            if first is not None and last is not None:
                found += abs(mirrored(first) - last)
        return found


def result(asked: Question, ranges: Sequence[RangeLine], finished: str, seconds: float) -> SweepResult:
    """The last line of a sweep whose ranges have all ended. `seconds`: how long all of them took together."""
    channels, faults = _merged(asked, ranges)
    found = faults.lines()
    whole = asked.every and len(asked.span) == 1 << (8 * asked.precision.integer.itemsize)
    steps = tuple(step for channel in channels for step in channel.steps())
    mirrored_ones = [one for one in channels if asked.judged_by.is_mirrored(one.stair.levels)]
    return SweepResult(
        finished=finished,
        verdict=FAILS if any(KINDS[fault.kind].severity == "must" for fault in found) else CONFORMS,
        tried=sum(line.tried for line in ranges),
        nans=sum(line.nans for line in ranges),
        refused=sum(line.refused for line in ranges),
        misclassified=sum(fault.count for fault in found if fault.kind == "level"),
        monotone=all(not step.overlap for step in steps) if whole else None,
        unmirrored=sum(one.unmirrored() for one in mirrored_ones) if whole and mirrored_ones else None,
        indices=any(line.indices for line in ranges),
        uneven=sum(one.uneven for one in channels),
        steps=steps,
        faults=found,
        seconds=round(seconds, 3),
        peak_mib=max((line.peak_mib for line in ranges), default=0),
        device_mib=max((line.device_mib for line in ranges), default=0),
    )


def _merged(asked: Question, ranges: Sequence[RangeLine]) -> tuple[tuple[_Channel, ...], Faults]:
    faults = Faults(asked.precision)
    channels = tuple(
        _Channel(number, staircase(asked.judged_by, level, asked.dtype, asked.held), Levels())
        for number, level in enumerate(asked.levels)
    )
    for line in ranges:
        faults.read(line.faults)
        for channel, swept in zip(channels, line.channels, strict=True):
            if swept.codes is not None:
                channel.levels.read(swept.seen, asked.precision, PRECISIONS[swept.codes])
    return channels, faults


def _hex(border: np.ndarray, stair: Staircase) -> list[str | None]:
    """Floats as their bits; None for one that no float reaches."""
    wide = border.astype(np.float64)
    known = np.where(np.isnan(wide), 0.0, wide).astype(stair.dtype.dtype)
    found = np.where(np.isnan(wide), BEYOND, places(known, stair.dtype))
    return [None if place == BEYOND else bits_at(int(place), stair.dtype) for place in found]


def described(fault: Fault, asked: Question) -> str:
    """One sentence: how many inputs do what, in which channel."""
    kind = KINDS[fault.kind]
    where = "" if fault.channel is None or len(asked.levels) == 1 else f" in channel {fault.channel}"
    return f"{fault.count:,} inputs{where} {kind.words}"
