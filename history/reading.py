"""Reading a history back; what can be wrong with the file is what can be wrong with a record."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..reports import (
    BadLine,
    ClauseLine,
    EmptyReport,
    MissingHeader,
    NewerSchema,
    NotARecord,
    UnexpectedLine,
)
from ..reports import plain as safe
from ..reports.reading import raw_lines
from .assembling import history
from .lines import SCHEMA_VERSION, History, HistoryHeader, HistoryLine, ReleaseLine
from .ordering import key


class _Kind(msgspec.Struct):
    type: str
    schema: int = SCHEMA_VERSION


_KIND = msgspec.json.Decoder(_Kind)
_LINE: msgspec.json.Decoder[HistoryLine] = msgspec.json.Decoder(HistoryLine)
_AGAIN = "run the history again"


def read_history(path: str | Path) -> History:
    """The history in a file.

    A history that was interrupted may end in a line cut anywhere, which is dropped; releases that it did not reach are
    among `missing`. Everything else that is wrong raises a `BadReport` that names file, line and what to do.
    """
    path = Path(path)
    header: HistoryHeader | None = None
    clauses: list[ClauseLine] = []
    releases: dict[object, ReleaseLine] = {}
    for number, raw, whole in raw_lines(path):
        if header is None:
            header = _header(path, number, raw, whole)
            continue
        line = _decoded(path, number, raw, whole)
        match line:
            case None:
                break
            case ClauseLine():
                clauses.append(line)
            case ReleaseLine(version=version):
                if key(version) in releases:
                    told = f"release {safe.line(version, 60)} is told of twice"
                    raise UnexpectedLine(path, f"{told}; keep one history in one file", number)
                releases[key(version)] = line
            case HistoryHeader():
                raise UnexpectedLine(path, "a second header; keep one history in one file", number)
    if header is None:
        raise EmptyReport(path, f"the history is empty; {_AGAIN}")
    return history(header, clauses, releases.values())


def _header(path: Path, number: int, raw: bytes, whole: bool) -> HistoryHeader:
    try:
        kind = _KIND.decode(raw)
    except (ValueError, RecursionError) as error:
        if not whole and raw.startswith(b'{"type":"history"'):
            raise MissingHeader(path, f"killed before it had written its header; {_AGAIN}", number) from None
        raise NotARecord(path, "this is not a history; give the .jsonl file of `fsqcheck history`", number) from error
    if kind.type == "header":
        raise NotARecord(path, "this is the record of one run, not a history; see `fsqcheck render`", number)
    if kind.type != "history":
        raise MissingHeader(
            path,
            f"it starts with a {safe.line(kind.type, 40)!r} line, not with its header; give the whole file",
            number,
        )
    if kind.schema > SCHEMA_VERSION:
        newer = f"schema {kind.schema}, this one reads up to {SCHEMA_VERSION}"
        raise NewerSchema(path, f"written by a newer fsqcheck ({newer}); upgrade fsqcheck", number)
    line = _decoded(path, number, raw, True)
    assert isinstance(line, HistoryHeader)  # its type said so
    return line


def _decoded(path: Path, number: int, raw: bytes, whole: bool) -> HistoryLine | None:
    """The line; None for a last line that was cut."""
    try:
        return _LINE.decode(raw)
    except (ValueError, RecursionError) as error:
        if not whole and not isinstance(error, msgspec.ValidationError):
            return None
        problem = f"not a line of a history ({safe.line(str(error))}); {_AGAIN} or remove the line"
        raise BadLine(path, problem, number) from error
