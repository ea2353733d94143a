"""One range after another through a target: what a process does of a sweep."""

from __future__ import annotations

import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import numpy as np

from ..adapters import Adapter, Capability
from ..adapters.streaming import Flow, Stream, WrongShapeError, region, stream
from ..reference import staircase
from .judging import Judge
from .ladder import Ladder
from .lines import RangeLine, SweptTarget
from .memory import peak
from .places import hexadecimal
from .question import Question, Span, pieces

#: What is done with an answer to so many inputs.
Look = Callable[[Flow, int], None]
#: What is asked instead of a chunk from a bit pattern on, so many long, for which the target raised.
Otherwise = Callable[[int, int, BaseException, deque[tuple[Flow, int]]], Iterator[None]]


class UnanswerableError(Exception):
    """The target cannot be built for this sweep; the message is one line."""


class _StoppedError(Exception):
    """The target raised for a number, which is told: the rest of the range is left out."""


def swept_target(asked: Question, adapter: Adapter) -> SweptTarget:
    """What the target says of itself."""
    identity = adapter.identity
    return SweptTarget(
        name=asked.target, version=identity.version, origin=identity.origin, framework=identity.framework
    )


def sweep(asked: Question, adapter: Adapter, ranges: Sequence[Span]) -> Iterator[RangeLine]:
    """Tries every bit pattern of these ranges, and says of each range what came of it, as it ends.

    `BadQuestion` and `UnanswerableError` before the first.
    """
    setup = asked.setup(adapter)
    ladders = tuple(
        Ladder(staircase(asked.judged_by, level, asked.dtype, asked.held), judged)
        for level, judged in zip(asked.levels, asked.judged, strict=True)
    )
    with ExitStack() as stack:
        stack.enter_context(adapter.guard())
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # the target's are its own affair
        stack.enter_context(np.errstate(all="ignore"))
        stack.enter_context(region(adapter, asked.mode))
        try:
            asking = stream(adapter, setup, asked.mode)
        except (Exception, SystemExit) as error:
            raise UnanswerableError(f"{asked.target} cannot be built: {_what(error)}") from error
        decodes = asking.decodes if Capability.DECODE in adapter.capabilities else None
        for span in ranges:
            yield _Range(asked, asking, Judge(asked, ladders, decodes)).line(span)


class _Range:
    """A range that is being tried."""

    def __init__(self, asked: Question, asking: Stream, judge: Judge) -> None:
        self._asked = asked
        self._asking = asking
        self._judge = judge
        self._tried = self._nans = self._refused = 0
        self._indexed = False

    def line(self, span: Span) -> RangeLine:
        """Tries it."""
        started = time.perf_counter()
        precision = self._asked.precision
        try:
            for part, nan in pieces(span, precision):
                self._through(
                    part, *((self._look_at_nans, self._refused_whole) if nan else (self._look_at, self._in_halves))
                )
        except _StoppedError:
            pass
        return RangeLine(
            first=hexadecimal(span.first, precision),
            end=hexadecimal(span.end, precision),
            tried=self._tried,
            nans=self._nans,
            refused=self._refused,
            indices=self._indexed,
            channels=self._judge.channels(),
            faults=self._judge.faults(),
            seconds=round(time.perf_counter() - started, 3),
            peak_mib=peak() >> 20,
            device_mib=self._asking.arrays.held() >> 20,
        )

    def _through(self, part: Span, look: Look, otherwise: Otherwise) -> None:
        """All chunks of a part; on an accelerator the next is asked before the last is looked at."""
        # No answer is held while the next is made: its memory is the next one's, and is in the cache.
        waiting: deque[tuple[Flow, int]] = deque()
        for first in range(part.first, part.end, self._asking.chunk):
            count = min(self._asking.chunk, part.end - first)
            for _ in self._answers(first, count, otherwise, waiting):
                if len(waiting) > self._asking.arrays.ahead:
                    look(*waiting.popleft())
        while waiting:
            look(*waiting.popleft())

    def _answers(
        self, first: int, count: int, otherwise: Otherwise, waiting: deque[tuple[Flow, int]]
    ) -> Iterator[None]:
        """Puts the answer to a chunk among those that wait, or, where the target raises, those to parts of it one by one."""
        try:
            waiting.append((self._asking.forward(first, count), count))
        except (Exception, SystemExit) as error:
            yield from otherwise(first, count, error, waiting)
            return
        yield

    def _in_halves(
        self, first: int, count: int, error: BaseException, waiting: deque[tuple[Flow, int]]
    ) -> Iterator[None]:
        """A chunk of numbers for which the target raised, in halves down to one number: it is told, and the range ends."""
        wrong = isinstance(error, WrongShapeError)
        if wrong or count == 1:
            self._judge.unanswered(
                "shape" if wrong else "raised", first, _what(error), "codes and indices of the input"
            )
            raise _StoppedError
        half = count // 2
        yield from self._answers(first, half, self._in_halves, waiting)
        yield from self._answers(first + half, count - half, self._in_halves, waiting)

    def _refused_whole(
        self,
        first: int,  # noqa: ARG002
        count: int,
        error: BaseException,  # noqa: ARG002
        waiting: deque[tuple[Flow, int]],  # noqa: ARG002
    ) -> Iterator[None]:
        """A target may refuse NaN."""
        self._tried += count
        self._nans += count
        self._refused += count
        return iter(())

    def _look_at(self, flow: Flow, count: int) -> None:
        self._judge.numbers(flow, count)
        self._tried += count
        self._indexed = self._indexed or (flow.indices is not None and all(self._asked.judged))

    def _look_at_nans(self, flow: Flow, count: int) -> None:
        self._judge.nans(flow, count)
        self._tried += count
        self._nans += count


def _what(error: BaseException) -> str:
    if isinstance(error, WrongShapeError):
        return str(error)
    said = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
