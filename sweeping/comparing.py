"""Two sweeps beside each other: on which inputs do levels differ, of all that there are?

Where no larger input takes a lower level, the steps that were seen are all that there is to know of the levels, so that two
records tell exactly how many inputs take other levels: those between one's step and the other's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..reports import BadReport, plain
from .lines import SeenStep, SweepHeader
from .places import infinity, mirrored, place_in
from .question import Question
from .record import SweepRecord, read_sweep


class NotComparable(BadReport):
    """Two sweeps that cannot be set beside each other; the message says why."""


@dataclass(frozen=True)
class MovedStep:
    """A step that lies elsewhere: at the place `old` and at `new`, that of -inf where every input is on it, that behind +inf
    where none is.

    `outside`: the parts between them that lie outside the band, each from a place to below another.
    """

    step: SeenStep
    old: int
    new: int
    outside: tuple[tuple[int, int], ...]

    @property
    def first(self) -> int:
        """The lowest place between the two."""
        return min(self.old, self.new)

    @property
    def end(self) -> int:
        """The place above the highest."""
        return max(self.old, self.new)


@dataclass(frozen=True)
class SweepComparison:
    """`differ`: how many inputs take other levels, in any channel. `outside`: how many of them outside every band."""

    old: SweepRecord
    new: SweepRecord
    asked: Question
    moved: tuple[MovedStep, ...]
    differ: int
    outside: int


def _asked_in(header: SweepHeader) -> Question:
    """What a record asked."""
    bits = (int(header.first, 16), int(header.end, 16))
    return Question(header.target, header.rule, header.levels, header.dtype, header.device, header.mode, *bits)


def compare_sweeps(old: str | Path, new: str | Path) -> SweepComparison:
    """Two records of the same rule, levels and dtype, target, release, device and mode aside.

    `NotComparable` for others, for sweeps that have not ended or not tried every input, and where a larger input takes a
    lower level: then steps do not tell the level of each. `BadReport` for files that are no such records.
    """
    records = [read_sweep(path) for path in (old, new)]
    for path, record in zip((old, new), records, strict=True):
        _whole(Path(path), record)
    one, other = records
    for what in ("rule", "levels", "dtype"):
        was, now = (getattr(record.header, what) for record in records)
        if was != now:
            words = [plain.line(str(value), 200) for value in (was, now)]
            raise NotComparable(Path(new), f"{what} {words[1]}, the other's {words[0]}; sweep both alike")
    asked = _asked_in(other.header)
    moved = tuple(_moved(one, other, asked))
    differ = _union((step.first, step.end) for step in moved)
    return SweepComparison(one, other, asked, moved, differ, _union(span for step in moved for span in step.outside))


def _whole(path: Path, record: SweepRecord) -> None:
    if record.result is None:
        raise NotComparable(path, "the sweep has not ended; the same command goes on with it")
    if not all(record.header.judged):
        raise NotComparable(path, "levels of some channels cannot be told apart at this dtype; sweep the others alone")
    if record.result.monotone is None:
        raise NotComparable(path, "not every input was tried; sweep all of a dtype of 16 or 32 bits")
    if not record.result.monotone:
        raise NotComparable(
            path, "a larger input takes a lower level, so that the steps do not tell each input's level"
        )
    if any(fault.kind in ("grid", "raised", "shape") for fault in record.result.faults):
        raise NotComparable(path, "some codes are none of the grid's, or did not come; mend that first")


def _moved(old: SweepRecord, new: SweepRecord, asked: Question) -> Iterator[MovedStep]:
    beyond = infinity(asked.precision) + 1
    assert old.result is not None
    assert new.result is not None
    for was, now in zip(old.result.steps, new.result.steps, strict=True):
        before, after = _lies(was, old, asked), _lies(now, new, asked)
        first, end = min(before, after), max(before, after)
        lo, hi = (beyond if bits is None else place_in(bits, asked.precision) for bits in (now.lo, now.hi))
        parts = ((first, min(end, lo)), (max(first, hi), end))
        if first < end:
            yield MovedStep(now, before, after, tuple(span for span in parts if span[0] < span[1]))


def _lies(step: SeenStep, record: SweepRecord, asked: Question) -> int:
    """The place of the lowest input on a step."""
    if step.observed is not None:
        return place_in(step.observed, asked.precision)
    seen = (one.level for line in record.ranges.values() for one in line.channels[step.channel].seen)
    top = infinity(asked.precision)
    return mirrored(top) if any(level >= step.step for level in seen) else top + 1


def _union(spans: Iterable[tuple[int, int]]) -> int:
    """How many places lie in one of the spans at least."""
    found, reached = 0, None
    for first, end in sorted(spans):
        start = first if reached is None else max(first, reached)
        found += max(0, end - start)
        reached = end if reached is None else max(reached, end)
    return found
