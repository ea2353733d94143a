"""Writing a history, release by release, so that an interrupted one keeps every release that was done."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from ..reports import ClauseLine
from ..reports.writing import LineFile, encode_value
from .lines import History, HistoryHeader, ReleaseLine


class HistoryWriter:
    """A history that is being written: its header when it opens, then a line as each release ends.

    `kept` is an earlier history, whose lines on releases that this header names are taken over: how an interrupted
    history goes on. A file already at `path` is replaced in one step when header and kept lines are all written, so that
    killing the process loses nothing of it. Raises `UnwritableReport`.
    """

    def __init__(self, path: str | Path, header: HistoryHeader, kept: History | None = None) -> None:
        self.path = Path(path)
        self._clauses = {clause.id for clause in kept.clauses} if kept else set()
        lines: list[HistoryHeader | ClauseLine | ReleaseLine] = [header]
        if kept is not None:
            known = set(header.releases) - set(kept.missing)
            lines += [*kept.clauses, *(one for one in kept.releases if one.version in known)]
        self._lines = LineFile.in_place_of(self.path, (encode_value(line) for line in lines))

    def describe(self, clauses: tuple[ClauseLine, ...]) -> None:
        """The clauses of a run, each written once."""
        for clause in clauses:
            if clause.id not in self._clauses:
                self._clauses.add(clause.id)
                self._lines.append(encode_value(clause))

    def write(self, release: ReleaseLine) -> None:
        """One release that was done; `UnwritableReport` if that fails."""
        self._lines.append(encode_value(release))

    def close(self) -> None:
        """Close the file; closing twice does nothing."""
        self._lines.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def goes_on(old: HistoryHeader, new: HistoryHeader) -> bool:
    """Whether releases of an old history need not be run again for a new one: it asked the same in the same way."""
    return _question(old) == _question(new)


def _question(header: HistoryHeader) -> tuple[object, ...]:
    return header.schema, header.package, header.fsqcheck, header.tier, header.seed, header.rules, header.clauses
