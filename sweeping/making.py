"""Making a sweep: the ranges that are not in its file yet are tried, and each is kept as it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from .. import __version__
from ..reports import Environment, UnwritableReport
from .lines import RangeLine, SweepHeader, SweptTarget
from .places import hexadecimal
from .question import Question, Span
from .record import SweepRecord, SweepWriter, goes_on, read_sweep
from .result import result

#: Tries ranges, wherever that is, and says of each what came of it, and of the target before or between.
Try = Callable[[Sequence[Span]], Iterator[SweptTarget | RangeLine]]


class TargetNotLoadedError(Exception):
    """The target cannot be loaded or asked this; the message is one line."""


class Watcher(Protocol):
    """Somebody who wants to know how far a sweep is."""

    def planned(self, inputs: int, done: int) -> None:
        """So many inputs, of which so many were tried before."""
        ...

    def tried(self, inputs: int, faults: int) -> None:
        """So many more, in a range with so many kinds of faults."""
        ...


def header_of(asked: Question, environment: Environment, started: str, command: tuple[str, ...]) -> SweepHeader:
    """The first line of the sweep that asks this."""
    return SweepHeader(
        fsqcheck=__version__,
        started=started,
        command=command,
        environment=environment,
        target=asked.target,
        rule=asked.rule,
        levels=asked.levels,
        judged=asked.judged,
        dtype=asked.dtype,
        held=asked.held,
        device=asked.device,
        mode=asked.mode,
        first=hexadecimal(asked.span.first, asked.precision),
        end=hexadecimal(asked.span.end, asked.precision),
        every=asked.every,
        inputs=asked.inputs,
        ranges=len(asked.ranges),
    )


def make(
    asked: Question,
    header: SweepHeader,
    path: Path,
    attempt: Try,
    watcher: Watcher,
    now: Callable[[], str],
    *,
    again: bool = False,
) -> SweepRecord:
    """The sweep in `path`, with every range tried that it does not hold; `again`: all of them.

    A file that asked something else is not overwritten: `UnwritableReport`. Raises `TargetNotLoadedError`, and what
    `read_sweep` does. Left by an exception, the file holds all ranges that have ended.
    """
    kept = None if again else _kept(path, header)
    had = kept.ranges if kept else {}
    left = [span for span in asked.ranges if span.first not in had]
    with SweepWriter(path, kept.header if kept else header, kept) as writer:
        watcher.planned(asked.inputs, asked.inputs - sum(map(len, left)))
        for line in attempt(left) if left else ():
            match line:
                case SweptTarget(loaded=True):
                    writer.target(line)
                case SweptTarget():
                    raise TargetNotLoadedError(line.reason)
                case RangeLine():
                    writer.range(line)
                    watcher.tried(int(line.end, 16) - int(line.first, 16), len(line.faults))
        ranges = list(read_sweep(path).ranges.values())
        writer.end(result(asked, ranges, now(), sum(line.seconds for line in ranges)))
    return read_sweep(path)


def _kept(path: Path, header: SweepHeader) -> SweepRecord | None:
    if not path.exists() or path.stat().st_size == 0:
        return None
    old = read_sweep(path)
    if not goes_on(old.header, header):
        asked = old.header
        said = f"{asked.target}, rule {asked.rule}, levels {list(asked.levels)}, {asked.dtype}, {asked.device}, {asked.mode}"
        raise UnwritableReport(
            path,
            f"it holds a sweep by another question ({said}, from {asked.first} to {asked.end}, fsqcheck {asked.fsqcheck}); "
            "name another file with --report, or say --again",
        )
    return old
