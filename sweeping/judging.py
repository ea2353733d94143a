"""The proof: between two bands the staircase is constant, so that inputs that all give the same code are proven by two numbers.

A chunk whose smallest and largest bit pattern of the codes are one is settled by its first and its last input, as the allowed
levels rise with the input. Any other is halved, until it is so or so short that its inputs are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..adapters.streaming import Flow
from ..reference import PRECISIONS, Codebook
from .ladder import NONE, Ladder
from .lines import Fault, Sample, SweptChannel
from .places import Places, place_of, places, turn, value_at, values_at
from .question import Question
from .tally import Faults, Levels, sample

Array = NDArray[Any]
Integers = NDArray[np.int64]
Rows = NDArray[np.intp]

#: So many inputs are looked at one by one.
FEW = 2**12
#: So many different indices of NaN are decoded, and no more.
MOST_DECODED = 64


class Judge:
    """Judges answers by the exact staircases, and keeps what is to be said of them."""

    def __init__(self, asked: Question, ladders: tuple[Ladder, ...], decodes: Callable[[int], bool] | None) -> None:
        self._precision = asked.precision
        self._ladders = ladders
        self._judged = tuple((channel, ladder) for channel, ladder in enumerate(ladders) if ladder.judged)
        self._all_judged = len(self._judged) == len(ladders)
        self._codebook = Codebook(asked.levels)
        self._decodes = decodes
        self._decoded: dict[int, bool] = {}
        self._levels = tuple(Levels() for _ in ladders)
        self._faults = Faults(asked.precision)
        self._codes: str | None = None

    def channels(self) -> tuple[SweptChannel, ...]:
        """What was seen of each channel."""
        return tuple(
            SweptChannel(
                levels=ladder.levels,
                codes=self._codes,
                seen=() if self._codes is None else seen.lines(self._precision, PRECISIONS[self._codes]),
            )
            for ladder, seen in zip(self._ladders, self._levels, strict=True)
        )

    def faults(self) -> tuple[Fault, ...]:
        """What is wrong."""
        return self._faults.lines()

    def unanswered(self, kind: str, first: int, what: str, expected: str) -> None:
        """One number to which there is no answer that could be read."""
        place = place_of(first, self._precision)
        self._faults.add(kind, None, 1, sample(place, self._precision, what, expected))

    # Numbers

    def numbers(self, flow: Flow, count: int) -> None:
        """The answer to `count` numbers of one sign."""
        self._codes = self._codes or flow.dtype
        if flow.first in (0, turn(self._precision)):
            self._tie(flow)
        self._part(flow, 0, count, True)

    def _part(self, flow: Flow, start: int, end: int, whole: bool) -> None:
        ends = flow.extents(start, end, whole)
        if self._constant(flow, start, end, ends):
            return
        if end - start <= FEW:
            self._each(flow, start, end)
            return
        if self._even(flow, start, end, ends):
            return
        middle = start + (end - start) // 2
        self._part(flow, start, middle, False)
        self._part(flow, middle, end, False)

    def _constant(self, flow: Flow, start: int, end: int, ends: list[int]) -> bool:
        """Whether all these inputs have one code, one of the grid's, and the index that belongs to it; then it is kept."""
        d = len(self._ladders)
        levels = []
        for channel, ladder in self._judged:
            low = ends[channel]
            level = ladder.level_of(low, flow.dtype) if low == ends[d + channel] else None
            if level is None:
                return False
            levels.append(level)
        return self._settled(flow, start, end, levels, ends, ends[:d], ends[:d])

    def _even(self, flow: Flow, start: int, end: int, ends: list[int]) -> bool:
        """Whether all these inputs have codes that differ by rounding only, and one index; then it is kept."""
        levels: list[int] = []
        spans = flow.spans(start, end)
        for channel, ladder in self._judged:
            low, high = spans[channel]
            level = ladder.level_at(low)
            if level is None or ladder.level_at(high) != level:
                return False
            levels.append(level)
        spans = [(-0.0, 0.0) if low == high == 0.0 else (low, high) for low, high in spans]  # their bits are not one
        precision = PRECISIONS[flow.dtype]
        bits = np.array(spans).astype(precision.dtype).view(precision.integer)
        return self._settled(flow, start, end, levels, ends, bits[:, 0].tolist(), bits[:, 1].tolist())

    def _settled(
        self, flow: Flow, start: int, end: int, levels: list[int], ends: list[int], least: list[int], most: list[int]
    ) -> bool:
        """Keeps inputs of which each channel has one level, with codes from `least` to `most` as bits; False, and nothing is
        kept, where their indices are others."""
        if self._all_judged and flow.indices is not None and not ends[-1] == ends[-2] == self._packed(levels):
            return False
        first, last = self._places(flow, start, end)
        codes = PRECISIONS[flow.dtype]
        for (channel, ladder), level in zip(self._judged, levels, strict=True):
            low, high = (place_of(bits[channel] % (2 * turn(codes)), codes) for bits in (least, most))
            self._levels[channel].put(level, end - start, first, last, low, high)
            if not ladder.lowest(last) <= level <= ladder.highest(first):
                for one, other in ladder.wrong(level, first, last):
                    self._misplaced(channel, np.array([one, other]), level, other - one + 1)
        return True

    def _packed(self, levels: list[int]) -> int:
        return sum(level * int(weight) for level, weight in zip(levels, self._codebook.basis, strict=True))

    def _places(self, flow: Flow, start: int, end: int) -> tuple[int, int]:
        """The lowest and the highest place of these rows."""
        one, other = (place_of(flow.first + row, self._precision) for row in (start, end - 1))
        return min(one, other), max(one, other)

    def _misplaced(self, channel: int, where: Places, level: int, count: int) -> None:
        """Inputs that took a wrong level, by the first and the last place of them."""
        stair = self._ladders[channel].stair
        z, taken = values_at(where, self._precision), np.full(len(where), level)
        self._wrong_levels(channel, where, taken, stair.units(z, taken), stair.ulps(z, taken), count)

    def _wrong_levels(
        self, channel: int, where: Places, level: Integers, units: Array, ulps: Array, count: int
    ) -> None:
        """So many inputs that took wrong levels; the worst and the simplest of these are shown."""
        ladder = self._ladders[channel]

        def shown(row: int) -> Sample:
            place, taken = int(where[row]), int(level[row])
            lowest, highest = ladder.lowest(place), ladder.highest(place)
            expected = f"level {lowest}" if lowest == highest else f"level {lowest} or {highest}"
            observed = "no level" if taken == NONE else f"level {taken}"
            return sample(place, self._precision, observed, expected, float(units[row]), float(ulps[row]))

        self._faults.several("level", channel, count, shown, where, units, ulps)

    def _each(self, flow: Flow, start: int, end: int) -> None:
        """Inputs one by one, in NumPy."""
        codes, indices = flow.host(start, end)
        patterns = np.arange(flow.first + start, flow.first + end, dtype=np.uint64)
        unsigned = np.dtype(f"u{self._precision.integer.itemsize}")
        z = patterns.astype(unsigned).view(self._precision.dtype)
        where = places(z, self._precision)
        coded = places(codes, PRECISIONS[flow.dtype])
        columns, sound = [], np.ones(len(where), dtype=bool)
        for channel, ladder in self._judged:
            level, off = ladder.read(codes[:, channel])
            inside = (level >= 0) & (level < ladder.levels) & (off <= 1.0)
            sound &= inside
            columns.append(np.where(inside, level, 0))
            for one in np.unique(level[inside]):
                rows = np.flatnonzero(inside & (level == one))
                self._levels[channel].several(int(one), where[rows], coded[rows, channel])
            self._off_grid(channel, where, codes[:, channel], off, level)
            lowest, highest = ladder.allowed(where)
            self._several_misplaced(channel, z, where, level, (level < lowest) | (level > highest), off)
        if indices is not None and self._all_judged:
            self._indices(where, np.stack(columns, axis=-1), sound, indices)

    def _several_misplaced(
        self, channel: int, z: Array, where: Places, level: Integers, wrong: NDArray[np.bool_], off: Array
    ) -> None:
        rows = np.flatnonzero(wrong)
        if not len(rows):
            return
        stair = self._ladders[channel].stair
        known = np.isfinite(off[rows])
        units = np.where(known, stair.units(z[rows], level[rows]), np.inf)
        ulps = np.where(known, stair.ulps(z[rows], level[rows]), np.inf)
        self._wrong_levels(channel, where[rows], level[rows], units, ulps, len(rows))

    def _off_grid(self, channel: int, where: Places, codes: Array, off: Array, level: Integers) -> None:
        rows = np.flatnonzero(off > 1.0)
        ladder = self._ladders[channel]

        def shown(number: int) -> Sample:
            row = rows[number]
            near = float(ladder.grid[int(np.clip(level[row], 0, ladder.levels - 1))])
            expected = f"code {near!r} ± {ladder.tolerance:.2g}"
            return sample(int(where[row]), self._precision, f"code {float(codes[row])!r}", expected, float(off[row]))

        self._faults.several("grid", channel, len(rows), shown, where[rows], off[rows], off[rows])

    def _indices(self, where: Places, levels: Integers, sound: NDArray[np.bool_], indices: Array) -> None:
        """Indices where all codes are of the grid's; where they are not, the codes are at fault."""
        expected = self._codebook.pack(levels)
        rows = np.flatnonzero(sound & (indices.astype(np.int64) != expected))

        def shown(number: int) -> Sample:
            row = rows[number]
            observed, right = (f"index {int(found[row])}" for found in (indices, expected))
            return sample(int(where[row]), self._precision, observed, right)

        self._faults.several("index", None, len(rows), shown, where[rows])

    def _tie(self, flow: Flow) -> None:
        """Zero, where it is a tie: even L under a symmetric rule."""
        codes, _ = flow.host(0, 1)
        place = place_of(flow.first, self._precision)
        zero = np.array([value_at(place, self._precision)])
        for channel, ladder in self._judged:
            rule = ladder.stair.rule
            if not rule.is_mirrored(ladder.levels) or ladder.levels % 2:
                continue
            level, exact = int(ladder.read(codes[:, channel])[0][0]), int(rule.level(zero, ladder.levels)[0])
            if level != exact:
                found = sample(place, self._precision, f"level {level}", f"level {exact}")
                self._faults.add("tie", channel, 1, found)

    # NaN

    def nans(self, flow: Flow, count: int) -> None:
        """The answer to `count` NaNs."""
        self._nans(flow, 0, count, True)

    def _nans(self, flow: Flow, start: int, end: int, whole: bool) -> None:
        if self._alike(flow, start, end, whole):
            self._said_of_nans(flow, [start, end - 1], end - start)
        elif end - start > FEW:
            middle = start + (end - start) // 2
            self._nans(flow, start, middle, False)
            self._nans(flow, middle, end, False)
        else:
            self._said_of_nans(flow, range(start, end), None)

    def _alike(self, flow: Flow, start: int, end: int, whole: bool) -> bool:
        """Whether these NaNs have one index, and codes that are all NaN or all one: what holds of one holds of all."""
        d, ends = len(self._ladders), flow.extents(start, end, whole)
        if flow.indices is not None and ends[-1] != ends[-2]:
            return False
        return ends[:d] == ends[d : 2 * d] or flow.all_nan(start, end)

    def _said_of_nans(self, flow: Flow, rows: Sequence[int], alike: int | None) -> None:
        """What is wrong with the NaNs of these rows; `alike`: they stand for so many."""
        answers = [flow.host(rows[0], rows[-1] + 1)] if alike is None else [flow.host(row, row + 1) for row in rows]
        wide = np.concatenate([codes for codes, _ in answers]).astype(np.float64)
        indices = None if flow.indices is None else np.concatenate([found for _, found in answers])
        coded: NDArray[np.bool_] = np.asarray(~np.isnan(wide).all(axis=1))
        numbered = np.zeros(len(wide), dtype=np.bool_)
        if indices is not None:
            for index in np.unique(indices):
                numbered = numbered | ((indices == index) & self._valid(int(index)))
        where = np.array([place_of(flow.first + row, self._precision) for row in rows])
        for kind, wrong in (("nan code", np.flatnonzero(coded)), ("nan index", np.flatnonzero(numbered))):

            def shown(number: int, kind: str = kind, wrong: Rows = wrong) -> Sample:
                row = wrong[number]
                words = self._nan_words(kind, wide[row], None if indices is None else int(indices[row]))
                return sample(int(where[row]), self._precision, *words)

            self._faults.several(kind, None, alike or len(wrong), shown, where[wrong])

    def _nan_words(self, kind: str, codes: Array, index: int | None) -> tuple[str, str]:
        if kind == "nan code":
            return f"code {', '.join(f'{code!r}' for code in codes.tolist())}", "the code nan, or an exception"
        if index is not None and 0 <= index < self._codebook.size:
            return f"index {index}, a token of the codebook", "an index outside the codebook, or an exception"
        return f"index {index}, which decodes to a valid code", "an index that decoding refuses, or nan"

    def _valid(self, index: int) -> bool:
        """Whether an index stands for a code: it is one of the codebook's, or is decoded to one."""
        if 0 <= index < self._codebook.size:
            return True
        if self._decodes is None:
            return False
        if index not in self._decoded and len(self._decoded) < MOST_DECODED:
            self._decoded[index] = self._decodes(index)
        return self._decoded.get(index, False)
