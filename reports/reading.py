"""Reading a record back, and every way in which a file can fail to be one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from . import plain
from .record import (
    SCHEMA_VERSION,
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
_KINDS = ("header", "target", "clause", "result", "staircase", "gradient", "footer")


def read(path: str | Path) -> Record:
    """The record in a file.

    A run that was killed leaves a last line cut anywhere and no footer: that line is dropped, and `footer` is None.
    Everything else that is wrong raises a `BadReport` that names the file, the line and what to do.
    """
    path = Path(path)
    header: Header | None = None
    targets: dict[str, TargetLine] = {}
    clauses: dict[str, ClauseLine] = {}
    results: dict[tuple[str, str], ResultLine] = {}
    measured: dict[tuple[str, ...], Measurement] = {}
    seen: dict[tuple[str, str], int] = {}
    footer: Footer | None = None
    for number, raw, whole in _lines(path):
        if header is None:
            header = _header(path, number, raw, whole)
            continue
        line = _decoded(path, number, raw, whole)
        if line is None:
            break
        if footer is not None:
            raise UnexpectedLine(path, f"a {_kind(line)} after the footer; keep one run in one file", number)
        match line:
            case ResultLine(id=id, target=target):
                if (target, id) in results:
                    raise DuplicateCase(path, _twice(line, seen[target, id]), number)
                results[target, id] = line
                seen[target, id] = number
            case StaircaseLine() | GradientLine():
                if (key := _measured(line)) in measured:
                    raise UnexpectedLine(
                        path, f"the {_kind(line)} of {plain.line(' '.join(key[1:]))} is there twice", number
                    )
                measured[key] = line
                seen.setdefault((line.target, ""), number)
            case TargetLine(name=name):
                if name in targets:
                    raise UnexpectedLine(path, f"the target {plain.line(name)} is introduced twice; run again", number)
                targets[name] = line
            case ClauseLine(id=id):
                if id in clauses:
                    raise UnexpectedLine(path, f"the clause {plain.line(id)} is introduced twice; run again", number)
                clauses[id] = line
            case Footer():
                footer = line
            case Header():
                raise UnexpectedLine(path, "a second header; keep one run in one file", number)
    if header is None:
        raise EmptyReport(path, "the report is empty; run again, and see whether the run could start")
    for (target, _), number in seen.items():
        if target not in targets:
            raise UnknownTarget(path, f"no target line introduces {plain.line(target)}; run again", number)
    return Record(
        header=header,
        targets=tuple(targets.values()),
        clauses=tuple(clauses.values()),
        results=tuple(results.values()),
        staircases=tuple(line for line in measured.values() if isinstance(line, StaircaseLine)),
        gradients=tuple(line for line in measured.values() if isinstance(line, GradientLine)),
        footer=footer,
    )


def _lines(path: Path) -> Iterator[tuple[int, bytes, bool]]:
    """Number, bytes and whether a newline ends it, of each line that is not blank."""
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                if raw.strip():
                    yield number, raw, raw.endswith(b"\n")
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise UnreadableReport(path, f"cannot read the report: {why}; check the path") from error
    except ValueError as error:  # a NUL in the name
        raise UnreadableReport(path, f"cannot read the report: {error}; check the path") from error


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
