"""The record of a sweep in a file: written as ranges end, read back, and gone on with after it was interrupted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from ..reports import (
    BadLine,
    EmptyReport,
    MissingHeader,
    NewerSchema,
    NotARecord,
    UnexpectedLine,
    UnwritableReport,
    plain,
)
from ..reports.reading import raw_lines
from ..reports.writing import LineFile, encode_value, why
from .lines import SCHEMA_VERSION, RangeLine, SweepHeader, SweepLine, SweepResult, SweptTarget

_LINE: msgspec.json.Decoder[SweepLine] = msgspec.json.Decoder(SweepLine)
_AGAIN = "run the sweep with --again"


class _Kind(msgspec.Struct):
    type: str
    schema: int = SCHEMA_VERSION


_KIND = msgspec.json.Decoder(_Kind)


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
    header: SweepHeader | None = None
    target: SweptTarget | None = None
    found: SweepResult | None = None
    ranges: dict[int, RangeLine] = {}
    for number, raw, whole in raw_lines(path):
        if header is None:
            header = _header(path, number, raw, whole)
            continue
        line = _decoded(path, number, raw, whole)
        match line:
            case None:
                break
            case SweptTarget():
                target = line
            case RangeLine(first=first):
                if int(first, 16) in ranges:
                    raise UnexpectedLine(path, f"the range from {first} is told of twice; {_AGAIN}", number)
                ranges[int(first, 16)] = line
            case SweepResult():
                found = line
            case SweepHeader():
                raise UnexpectedLine(path, "a second header; keep one sweep in one file", number)
    if header is None:
        raise EmptyReport(path, f"the record is empty; {_AGAIN}")
    return SweepRecord(header, target, dict(sorted(ranges.items())), found)


def _header(path: Path, number: int, raw: bytes, whole: bool) -> SweepHeader:
    try:
        kind = _KIND.decode(raw)
    except (ValueError, RecursionError) as error:
        if not whole and raw.startswith(b'{"type":"sweep"'):
            raise MissingHeader(path, f"killed before it had written its header; {_AGAIN}", number) from None
        raise NotARecord(path, "this is not the record of a sweep; name another file with --report", number) from error
    if kind.type != "sweep":
        raise NotARecord(
            path, f"it starts with a {plain.line(kind.type, 40)!r} line: this is not the record of a sweep", number
        )
    if kind.schema > SCHEMA_VERSION:
        newer = f"schema {kind.schema}, this one reads up to {SCHEMA_VERSION}"
        raise NewerSchema(path, f"written by a newer fsqcheck ({newer}); upgrade fsqcheck", number)
    line = _decoded(path, number, raw, True)
    assert isinstance(line, SweepHeader)  # its type said so
    return line


def _decoded(path: Path, number: int, raw: bytes, whole: bool) -> SweepLine | None:
    """The line; None for a last line that was cut."""
    try:
        return _LINE.decode(raw)
    except (ValueError, RecursionError) as error:
        if not whole and not isinstance(error, msgspec.ValidationError):
            return None
        problem = f"not a line of a sweep ({plain.line(str(error))}); {_AGAIN} or remove the line"
        raise BadLine(path, problem, number) from error


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
        if path.exists() and not path.is_file():  # a device or a folder is not to be replaced
            raise UnwritableReport(path, "it is there and is no file; name a file")
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
        part = self.path.with_name(f"{self.path.name}.part")
        made = LineFile(part)
        try:
            for line in lines:
                if line is not None:
                    made.append(encode_value(line))
            made.sync()
            try:
                part.replace(self.path)
            except OSError as error:
                raise UnwritableReport(self.path, why(error)) from error
        except BaseException:
            made.close()
            part.unlink(missing_ok=True)
            raise
        return made
