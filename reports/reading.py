"""Reading a record back, and every way in which a file can fail to be one."""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Iterator, Mapping, Sequence, Sized
from itertools import islice
from pathlib import Path
from typing import overload

import msgspec

from . import plain
from .record import (
    SCHEMA_VERSION,
    BaselineLine,
    Chosen,
    ClauseLine,
    Footer,
    GradientLine,
    Header,
    Line,
    Measurement,
    Record,
    ResultLine,
    StaircaseLine,
    TargetLine,
)

#: A file with more bytes than this is streamed: its results are not held.
STREAMED_FROM = 32 * 2**20
#: The longest line that is looked at, in bytes. The lines of real records have some kilobytes.
LONGEST_LINE = 16 * 2**20
#: More targets, clauses or measurements than this are not believed.
MOST_NAMES = 10_000
MOST_MEASUREMENTS = 100_000


# Named for what is wrong, as its children are: `EmptyReport` says more than `EmptyReportError`.
class BadReport(Exception):  # noqa: N818
    """A file that was given as a report cannot be used as one."""

    def __init__(self, path: Path, problem: str, line: int | None = None) -> None:
        place = plain.line(str(path)) if line is None else f"{plain.line(str(path))}, line {line}"
        super().__init__(f"{place}: {problem}")
        self.path = path
        self.line = line


class UnreadableReport(BadReport):
    """The operating system does not let us read the file."""


class EmptyReport(BadReport):
    """The file has nothing in it."""


class NotARecord(BadReport):
    """The file is something else than a record."""


class MissingHeader(BadReport):
    """The file starts in the middle of a record."""


class NewerSchema(BadReport):
    """The record was written by a newer fsqcheck than this one."""


class BadLine(BadReport):
    """One line is not a line of a record."""


class UnexpectedLine(BadReport):
    """One line is well formed but has no place where it stands."""


class DuplicateCase(BadReport):
    """One case of one target has two results."""


class UnknownTarget(BadReport):
    """A result belongs to a target that the record does not introduce."""


class _Kind(msgspec.Struct):
    type: str


class _Version(msgspec.Struct):
    schema: int


_LINE: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
_KIND = msgspec.json.Decoder(_Kind)
_VERSION = msgspec.json.Decoder(_Version)
_KINDS = ("header", "target", "clause", "result", "staircase", "gradient", "baseline", "footer")


def read(path: str | Path) -> Record:
    """The record in a file, in memory.

    A run that was killed leaves a last line cut anywhere and no footer: that line is dropped, and `footer` is None.
    Everything else that is wrong raises a `BadReport` that names the file, the line and what to do.
    """
    path = Path(path)
    results: dict[tuple[str, str], ResultLine] = {}
    lines: dict[tuple[str, str], int] = {}
    frame = _Frame(path)
    for number, line in frame.results():
        case = line.target, line.id
        if case in results:
            raise DuplicateCase(path, _twice(line, lines[case]), number)
        results[case] = line
        lines[case] = number
    return frame.record(tuple(results.values()))


def stream(path: str | Path) -> Record:
    """The record in a file; that of a large file (above `STREAMED_FROM` bytes) holds no results in memory.

    They are read again from the file whenever they are gone through, so it must stay as it is. Raises as `read` does, and
    `UnreadableReport` if the file changes.
    """
    path = Path(path)
    with contextlib.suppress(OSError, ValueError):
        if path.stat().st_size > STREAMED_FROM:
            return _streamed(path)
    return read(path)


def _streamed(path: Path) -> Record:
    before = _stamp(path)
    frame = _Frame(path)
    hashes = array("q", (hash((line.target, line.id)) for _, line in frame.results()))
    _all_different(path, hashes)
    return frame.record(Stored(path, len(hashes), before))


def _all_different(path: Path, hashes: array[int]) -> None:
    """`DuplicateCase` if two results are of one case: looked for where two hashes are the same."""
    import numpy as np

    ordered = np.sort(np.frombuffer(hashes, np.int64))
    same = set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())
    if not same:
        return
    first: dict[tuple[str, str], int] = {}
    for number, line in _Frame(path).results():
        case = line.target, line.id
        if hash(case) in same:
            if case in first:
                raise DuplicateCase(path, _twice(line, first[case]), number)
            first[case] = number


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    return found.st_size, found.st_mtime_ns


class Stored(Sequence[ResultLine]):
    """The results of a record too large to hold: they stay in its file."""

    def __init__(self, path: Path, count: int, stamp: tuple[int, int]) -> None:
        self._path = path
        self._count = count
        self._stamp = stamp

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ResultLine]:
        if _stamp(self._path) != self._stamp:
            raise UnreadableReport(self._path, "the report changed while it was read; wait until the run has ended")
        # A line that was cut can only be the last.
        for _, raw, _ in islice(raw_lines(self._path), 1, None):
            try:
                line = _LINE.decode(raw)
            except (ValueError, RecursionError):
                return
            if isinstance(line, ResultLine):
                yield line

    @overload
    def __getitem__(self, index: int) -> ResultLine: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ResultLine]: ...
    def __getitem__(self, index: int | slice) -> ResultLine | Sequence[ResultLine]:
        return Chosen(self, lambda _: True)[index]


class _Frame:
    """All lines of a file but the results, which it hands out one by one as they come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._header: Header | None = None
        self._targets: dict[str, TargetLine] = {}
        self._clauses: dict[str, ClauseLine] = {}
        self._measured: dict[tuple[str, ...], Measurement] = {}
        self._baseline: BaselineLine | None = None
        self._footer: Footer | None = None
        self._first: dict[str, int] = {}

    def results(self) -> Iterator[tuple[int, ResultLine]]:
        """Each result and the number of its line; all else is checked and kept."""
        path = self._path
        for number, raw, whole in raw_lines(path):
            if self._header is None:
                self._header = _header(path, number, raw, whole)
                continue
            line = _decoded(path, number, raw, whole)
            if line is None:
                break
            if self._footer is not None:
                raise UnexpectedLine(path, f"a {_kind(line)} after the footer; keep one run in one file", number)
            if isinstance(line, ResultLine):
                if line.target not in self._first:
                    self._bounded(self._first, number)
                    self._first[line.target] = number
                yield number, line
            else:
                self._keep(number, line)
        if self._header is None:
            raise EmptyReport(path, "the report is empty; run again, and see whether the run could start")
        for target, number in self._first.items():
            if target not in self._targets:
                raise UnknownTarget(path, f"no target line introduces {plain.line(target)}; run again", number)

    def record(self, results: Sequence[ResultLine]) -> Record:
        """The record, when the results have all been handed out."""
        assert self._header is not None
        return Record(
            header=self._header,
            targets=tuple(self._targets.values()),
            clauses=tuple(self._clauses.values()),
            results=results,
            staircases=tuple(line for line in self._measured.values() if isinstance(line, StaircaseLine)),
            gradients=tuple(line for line in self._measured.values() if isinstance(line, GradientLine)),
            baseline=self._baseline,
            footer=self._footer,
        )

    def _keep(self, number: int, line: Line) -> None:
        match line:
            case TargetLine(name=name):
                self._once("target", name, self._targets, number)
                self._targets[name] = line
            case ClauseLine(id=id):
                self._once("clause", id, self._clauses, number)
                self._clauses[id] = line
            case StaircaseLine() | GradientLine():
                if (key := _measured(line)) in self._measured:
                    what = f"the {_kind(line)} of {plain.line(' '.join(key[1:]))}"
                    raise UnexpectedLine(self._path, f"{what} is there twice", number)
                self._bounded(self._measured, number, MOST_MEASUREMENTS)
                self._measured[key] = line
                self._first.setdefault(line.target, number)
            case BaselineLine():
                if self._baseline is not None:
                    raise UnexpectedLine(self._path, "a second baseline line; keep one run in one file", number)
                self._baseline = line
            case Footer():
                self._footer = line
            case Header():
                raise UnexpectedLine(self._path, "a second header; keep one run in one file", number)

    def _once(self, what: str, name: str, known: Mapping[str, object], number: int) -> None:
        if name in known:
            raise UnexpectedLine(self._path, f"the {what} {plain.line(name)} is introduced twice; run again", number)
        self._bounded(known, number)

    def _bounded(self, known: Sized, number: int, most: int = MOST_NAMES) -> None:
        if len(known) >= most:
            raise UnexpectedLine(
                self._path,
                f"more than {most:,} targets, clauses or measurements; this is no run of fsqcheck",
                number,
            )


def raw_lines(path: Path) -> Iterator[tuple[int, bytes, bool]]:
    """Number, bytes and whether a newline ends it, of each line that is not blank."""
    try:
        with path.open("rb") as file:
            number = 0
            while raw := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(raw) > LONGEST_LINE:
                    kind = NotARecord if number == 1 else BadLine
                    raise kind(
                        path, f"longer than {LONGEST_LINE:,} bytes, which no line of an fsqcheck report is", number
                    )
                if not raw.isspace():
                    yield number, raw, raw.endswith(b"\n")
    except OSError as error:
        raise _unreadable(path, error) from error
    except ValueError as error:  # a NUL in the name
        raise UnreadableReport(path, f"cannot read the report: {error}; check the path") from error


def _unreadable(path: Path, error: OSError) -> UnreadableReport:
    why = (error.strerror or type(error).__name__).lower()
    return UnreadableReport(path, f"cannot read the report: {why}; check the path")


def _header(path: Path, number: int, raw: bytes, whole: bool) -> Header:
    try:
        kind = _KIND.decode(raw).type
    except (ValueError, RecursionError) as error:
        if not whole and raw.startswith(b'{"type":"header"'):
            raise MissingHeader(
                path, "the run was killed before it had written its header; run again", number
            ) from None
        raise NotARecord(
            path, "this is not an fsqcheck report; give the .jsonl file that `fsqcheck run --report` wrote", number
        ) from error
    if kind not in _KINDS:
        raise NotARecord(path, f"no fsqcheck report starts with a {plain.line(kind, 40)!r} line", number)
    if kind != "header":
        raise MissingHeader(
            path, f"the report starts with a {kind} line, not with its header; give the whole file", number
        )
    try:
        schema = _VERSION.decode(raw).schema
    except ValueError as error:
        raise _bad(path, number, error) from error
    if schema > SCHEMA_VERSION:
        raise NewerSchema(
            path,
            f"written by a newer fsqcheck (schema {schema}, this one reads up to {SCHEMA_VERSION}); upgrade fsqcheck",
            number,
        )
    line = _decoded(path, number, raw, True)
    assert isinstance(line, Header)  # its type said so
    return line


def _decoded(path: Path, number: int, raw: bytes, whole: bool) -> Line | None:
    """The line; None for a last line that was cut."""
    try:
        return _LINE.decode(raw)
    except msgspec.ValidationError as error:
        raise _bad(path, number, error) from error
    except (ValueError, RecursionError) as error:
        if not whole:
            return None
        raise _bad(path, number, error) from error


def _bad(path: Path, number: int, error: Exception) -> BadLine:
    return BadLine(path, f"not a line of a record ({plain.line(str(error))}); run again or remove the line", number)


def _kind(line: Line) -> str:
    return type(line).__name__.removesuffix("Line").lower()


def _measured(line: Measurement) -> tuple[str, ...]:
    """What a measurement is of: no record has two of one."""
    return _kind(line), line.target, line.rule, f"L = {line.levels}", line.dtype


def _twice(line: ResultLine, first: int) -> str:
    case, target = plain.line(line.id), plain.line(line.target)
    return f"case {case} of {target} already has a result on line {first}; keep one run in one file"
