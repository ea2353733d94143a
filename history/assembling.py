"""A history from its lines."""

from __future__ import annotations

from collections.abc import Iterable

from ..reports import ClauseLine
from .lines import History, HistoryHeader, ReleaseLine
from .ordering import key

#: What is said of a release that the header names and no line tells of.
NOT_REACHED = "was not run yet"


def history(header: HistoryHeader, clauses: Iterable[ClauseLine], releases: Iterable[ReleaseLine]) -> History:
    """The history of these releases, sorted; of two lines on one release the later counts."""
    told = {key(release.version): release for release in releases}
    missing = tuple(version for version in header.releases if key(version) not in told)
    told |= {key(version): ReleaseLine(version=version, reason=NOT_REACHED) for version in missing}
    return History(
        header=header,
        clauses=tuple({clause.id: clause for clause in clauses}.values()),
        releases=tuple(told[one] for one in sorted(told)),
        missing=missing,
    )
