"""What a sweep asks: which target, judged by which rule, over which bit patterns; and the ranges that it is done in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from ..adapters import Adapter, Setup, main_layout
from ..adapters.streaming import MODES, refusal
from ..reference import PRECISIONS, RULES, Codebook, Precision, Rule, rule_named, staircase
from ..reference.holding import MUST_HOLD, legible
from .places import infinity, pattern_of, place_of, places, turn

#: How many bit patterns are one range: what is lost when a sweep is killed, and a second or some of work.
RANGES = {"float32": 2**26, "float16": 2**14, "bfloat16": 2**14, "float64": 2**18}
#: Floats to each side of every border of a band, and at every end of the line, where a format has too many for all of them.
WINDOW = 2**15


# Named like the ways in which a report can be bad, in reports/reading.py.
class BadQuestion(Exception):  # noqa: N818
    """What was asked makes no sense; the message is one line that says what was given and what was expected."""


@dataclass(frozen=True)
class Span:
    """The bit patterns `first` … `end - 1`, read as unsigned integers."""

    first: int
    end: int

    def __len__(self) -> int:
        return self.end - self.first


@dataclass(frozen=True)
class Question:
    """A sweep. `first`, `end`: only the bit patterns from `first` to below `end`; None for the format's own ends."""

    target: str
    rule: str
    levels: tuple[int, ...]
    dtype: str = "float32"
    device: str = "cpu"
    mode: str = "eval"
    first: int | None = None
    end: int | None = None

    def checked(self) -> Question:
        """Itself; `BadQuestion` for unknown names, impossible levels, and where nothing could be judged."""
        _known("rule", self.rule, tuple(RULES))
        _known("dtype", self.dtype, tuple(PRECISIONS))
        _known("mode", self.mode, tuple(MODES))
        rule = rule_named(self.rule)
        try:
            Codebook(self.levels)
        except ValueError as error:
            raise BadQuestion(f"levels {list(self.levels)}: {error}") from None
        for level in self.levels:
            if not rule.levels_allowed(level):
                raise BadQuestion(f"levels hold {level}, but the rule {self.rule} needs {rule.levels_words}")
        if not any(self.judged):
            raise BadQuestion(
                f"at {self.dtype} nothing can be judged of levels {list(self.levels)}: the band covers every input, or codes "
                "of neighbouring levels are one; take fewer levels or another dtype"
            )
        if not self.span.first < self.span.end <= 2 * turn(self.precision):
            raise BadQuestion(
                f"bit patterns from {self.span.first:#x} to below {self.span.end:#x}: expected two ascending ones, up to "
                f"{2 * turn(self.precision):#x}"
            )
        return self

    @cached_property
    def judged(self) -> tuple[bool, ...]:
        """Which channels can be judged: their bands leave something, and levels can be read off codes."""
        return tuple(
            staircase(self.judged_by, level, self.dtype, self.held).judges
            and legible(self.judged_by, level, self.held, self.dtype)
            for level in self.levels
        )

    @cached_property
    def judged_by(self) -> Rule:
        """The rule."""
        return rule_named(self.rule)

    @property
    def precision(self) -> Precision:
        """The format of the inputs."""
        return PRECISIONS[self.dtype]

    @property
    def held(self) -> str:
        """The dtype whose band is held against the target."""
        return MUST_HOLD[self.dtype]

    @property
    def span(self) -> Span:
        """All that lies between its ends."""
        return Span(self.first or 0, 2 * turn(self.precision) if self.end is None else self.end)

    @property
    def every(self) -> bool:
        """Whether every bit pattern between its ends is tried, and not only windows."""
        return self.precision.integer.itemsize <= 4

    @cached_property
    def ranges(self) -> tuple[Span, ...]:
        """The ranges that the sweep is done in, ascending, each of which is kept when it has ended."""
        whole = [self.span] if self.every else list(self._windows())
        return tuple(part for span in whole for part in _cut(span, RANGES[self.dtype]))

    @property
    def inputs(self) -> int:
        """How many bit patterns are tried."""
        return sum(map(len, self.ranges))

    def setup(self, adapter: Adapter) -> Setup:
        """What is built, in the layout in which the target is asked for values; `BadQuestion` where it cannot be."""
        setup = Setup(self.levels, self.rule, self.dtype, self.device, main_layout(adapter.layouts))
        if reason := refusal(adapter, setup, self.mode):
            raise BadQuestion(f"{self.target} cannot be asked this: {reason}")
        return setup

    def _windows(self) -> Iterator[Span]:
        """The surroundings of every border of every band, and of the ends: zeros, infinities, the first and last NaNs."""
        precision, top = self.precision, infinity(self.precision)
        centres = {
            0,
            -1,
            top,
            -1 - top,
            place_of(turn(precision) - 1, precision),
            place_of(2 * turn(precision) - 1, precision),
        }
        for level in self.levels:
            stair = staircase(self.judged_by, level, self.dtype, self.held)
            for border in (stair.lo, stair.steps, stair.hi):
                known = border[~np.isnan(border.astype(np.float64))]
                centres |= set(places(known, precision).tolist())
        found: list[Span] = []
        for first, end in sorted(_around(centre, precision) for centre in centres):
            first, end = max(first, self.span.first), min(end, self.span.end)
            if found and first <= found[-1].end:
                found[-1] = Span(found[-1].first, max(found[-1].end, end))
            elif first < end:
                found.append(Span(first, end))
        return iter(found)


def _around(place: int, precision: Precision) -> tuple[int, int]:
    """The patterns near a place, on its own side of zero."""
    centre = pattern_of(place, precision)
    start = 0 if place >= 0 else turn(precision)
    return max(centre - WINDOW, start), min(centre + WINDOW, start + turn(precision))


def _cut(span: Span, size: int) -> Iterator[Span]:
    """A span, cut at every multiple of `size`."""
    first = span.first
    while first < span.end:
        end = min((first // size + 1) * size, span.end)
        yield Span(first, end)
        first = end


def pieces(span: Span, precision: Precision) -> Iterator[tuple[Span, bool]]:
    """A span in parts of one sign that hold numbers only or NaNs only, and which of both."""
    top, half = infinity(precision), turn(precision)
    borders = (0, top + 1, half, half + top + 1, 2 * half)
    for number, (first, end) in enumerate(pairwise(borders)):
        first, end = max(first, span.first), min(end, span.end)
        if first < end:
            yield Span(first, end), number % 2 == 1


def _known(what: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise BadQuestion(f"unknown {what} {given!r}; expected one of {', '.join(known)}")
