"""The record of a sweep in a file: written as ranges end, read back, and gone on with after it was interrupted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from ..reports import BadReport, NotARecord, UnexpectedLine, UnwritableReport, plain
from ..reports.lined import Form, lines_of
from ..reports.writing import LineFile, encode_value
from .lines import SCHEMA_VERSION, RangeLine, SweepHeader, SweepLine, SweepResult, SweptTarget

_AGAIN = "run the sweep with --again"


def _stray(path: Path, kind: str, number: int) -> BadReport:
    return NotARecord(
        path, f"it starts with a {plain.line(kind, 40)!r} line: this is not the record of a sweep", number
    )


_FORM = Form(
    tag="sweep",
    noun="sweep",
    whole="the record",
    version=SCHEMA_VERSION,
    decoder=msgspec.json.Decoder(SweepLine),
    none_such="this is not the record of a sweep; name another file with --report",
    stray=_stray,
    again=_AGAIN,
)


@dataclass(frozen=True)
class SweepRecord:
    """A whole record; `ranges` by their first bit pattern, ascending. `result`: None where the sweep has not ended."""

    header: SweepHeader
    target: SweptTarget | None = None
    ranges: dict[int, RangeLine] = field(default_factory=dict)
    result: SweepResult | None = None


def read_sweep(path: str | Path) -> SweepRecord:
    """The record in a file.

    One that was killed may end in a line cut anywhere, which is dropped. Everything else that is wrong raises a `BadReport`
    that names file, line and what to do.
    """
    path = Path(path)
    lines = lines_of(path, _FORM)
    _, header = next(lines)
    assert isinstance(header, SweepHeader)  # its type said so
    target: SweptTarget | None = None
    found: SweepResult | None = None
    ranges: dict[int, RangeLine] = {}
    for number, line in lines:
        match line:
            case SweptTarget():
                target = line
            case RangeLine(first=first):
                if int(first, 16) in ranges:
                    raise UnexpectedLine(path, f"the range from {first} is told of twice; {_AGAIN}", number)
                ranges[int(first, 16)] = line
            case SweepResult():
                found = line
    return SweepRecord(header, target, dict(sorted(ranges.items())), found)


def is_sweep(path: str | Path) -> bool:
    """Whether a file starts as the record of a sweep does; one that cannot be read does not."""
    start = f'{{"type":"{_FORM.tag}"'.encode()
    try:
        with Path(path).open("rb") as file:
            return file.read(len(start)) == start
    except (OSError, ValueError):
        return False


def goes_on(old: SweepHeader, new: SweepHeader) -> bool:
    """Whether ranges of an old sweep need not be tried again for a new one: it asked the same."""
    fields = ("schema", "fsqcheck", "target", "rule", "levels", "dtype", "device", "mode", "first", "end", "ranges")
    return all(getattr(old, name) == getattr(new, name) for name in fields)


class SweepWriter:
    """A record that is being written. Every line is on the disk before its method returns.

    `kept`: an earlier record of the same question, which is gone on with. What lies at `path` is replaced in one step when
    header and kept lines are all written, and once more, in order, when the sweep ends: killing the process loses the ranges
    that it was trying, and nothing else. `UnwritableReport`.
    """

    def __init__(self, path: Path, header: SweepHeader, kept: SweepRecord | None = None) -> None:
        self.path = path
        self._header = header
        self._target = kept.target if kept else None
        self._ranges = dict(kept.ranges) if kept else {}
        self._lines = self._laid(None)

    def target(self, line: SweptTarget) -> None:
        """The target; `UnwritableReport` for another one than that of the ranges that were kept."""
        if self._target is None:
            self._target = line
            self._append(line)
        elif self._target != line:
            of = f"{plain.line(self._target.name, 100)} {plain.line(str(self._target.version), 60)}"
            raise UnwritableReport(self.path, f"its ranges are those of {of}, which is another one now; {_AGAIN}")

    def range(self, line: RangeLine) -> None:
        """A range that has ended."""
        self._ranges[int(line.first, 16)] = line
        self._append(line)

    def end(self, found: SweepResult) -> None:
        """All ranges in order, and the result."""
        self._lines.close()
        self._lines = self._laid(found)

    def close(self) -> None:
        """Close the file; closing twice does nothing."""
        self._lines.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _append(self, line: SweepLine) -> None:
        self._lines.append(encode_value(line))
        self._lines.sync()

    def _laid(self, found: SweepResult | None) -> LineFile:
        """A new file in the place of the old one."""
        ranges = (self._ranges[first] for first in sorted(self._ranges))
        lines: Iterable[SweepLine | None] = (self._header, self._target, *ranges, found)
        return LineFile.in_place_of(self.path, (encode_value(line) for line in lines if line is not None))
