"""Reading a history back; what can be wrong with the file is what can be wrong with a record."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..reports import BadReport, ClauseLine, MissingHeader, NotARecord, UnexpectedLine
from ..reports import plain as safe
from ..reports.lined import Form, lines_of
from .assembling import history
from .lines import SCHEMA_VERSION, History, HistoryHeader, HistoryLine, ReleaseLine
from .ordering import key


def _stray(path: Path, kind: str, number: int) -> BadReport:
    if kind == "header":
        return NotARecord(path, "this is the record of one run, not a history; see `fsqcheck render`", number)
    starts = f"it starts with a {safe.line(kind, 40)!r} line, not with its header"
    return MissingHeader(path, f"{starts}; give the whole file", number)


_FORM = Form(
    tag="history",
    noun="history",
    whole="the history",
    version=SCHEMA_VERSION,
    decoder=msgspec.json.Decoder(HistoryLine),
    none_such="this is not a history; give the .jsonl file of `fsqcheck history`",
    stray=_stray,
    again="run the history again",
)


def read_history(path: str | Path) -> History:
    """The history in a file.

    A history that was interrupted may end in a line cut anywhere, which is dropped; releases that it did not reach are
    among `missing`. Everything else that is wrong raises a `BadReport` that names file, line and what to do.
    """
    path = Path(path)
    lines = lines_of(path, _FORM)
    _, header = next(lines)
    assert isinstance(header, HistoryHeader)  # its type said so
    clauses: list[ClauseLine] = []
    releases: dict[object, ReleaseLine] = {}
    for number, line in lines:
        match line:
            case ClauseLine():
                clauses.append(line)
            case ReleaseLine(version=version):
                if key(version) in releases:
                    told = f"release {safe.line(version, 60)} is told of twice"
                    raise UnexpectedLine(path, f"{told}; keep one history in one file", number)
                releases[key(version)] = line
    return history(header, clauses, releases.values())
