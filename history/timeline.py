"""The timeline: each clause over all releases, runs of equal standing merged into bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ..reports import ClauseLine
from .lines import History
from .standing import BROKEN, KEPT, Standing, standing


@dataclass(frozen=True)
class Bar:
    """Neighbouring releases in which a clause stands alike: positions in `History.releases`, both ends included."""

    first: int
    last: int
    standing: Standing

    @property
    def length(self) -> int:
        """How many releases it covers."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class Row:
    """One clause, under one rule or (None) under all together; its bars cover all releases."""

    clause: ClauseLine
    rule: str | None
    bars: tuple[Bar, ...]

    @property
    def known(self) -> tuple[Bar, ...]:
        """The bars that say something of the clause."""
        return tuple(bar for bar in self.bars if bar.standing not in ("absent", "unknown"))

    @property
    def changes(self) -> bool:
        """Whether it stands otherwise in some releases than in others."""
        return len({bar.standing for bar in self.known}) > 1

    @property
    def newest(self) -> Standing:
        """How it stands in the newest release of which something is known."""
        return next((bar.standing for bar in reversed(self.bars) if bar.standing != "unknown"), "unknown")


def timeline(history: History, rule: str | None = None) -> tuple[Row, ...]:
    """A row for each clause that has a case under the rule in any release, in the order of the clauses."""
    rows = (Row(clause, rule, _bars(history, clause.id, rule)) for clause in history.clauses)
    return tuple(row for row in rows if row.known)


def _bars(history: History, clause: str, rule: str | None) -> tuple[Bar, ...]:
    standings = enumerate(standing(release, clause, rule) for release in history.releases)
    bars = []
    for stands, run in groupby(standings, key=lambda item: item[1]):
        places = [place for place, _ in run]
        bars.append(Bar(places[0], places[-1], stands))
    return tuple(bars)


@dataclass(frozen=True)
class Milestones:
    """When a clause first did not hold, when it first held, and since when it has held up to the newest release.

    None: never. `from_the_start`: it did not hold in the first release that has it.
    """

    clause: ClauseLine
    rule: str | None
    first_bad: str | None
    first_good: str | None
    good_since: str | None
    from_the_start: bool


def milestones(history: History, rows: Sequence[Row]) -> tuple[Milestones, ...]:
    """The milestones of each row."""
    return tuple(_milestones(history, row) for row in rows)


def _milestones(history: History, row: Row) -> Milestones:
    bad = [bar for bar in row.known if bar.standing in BROKEN]
    good = [bar for bar in row.known if bar.standing in KEPT]
    last_bad = bad[-1].last if bad else -1
    since = next((bar for bar in good if bar.first > last_bad), None)

    def version(bar: Bar | None) -> str | None:
        return history.releases[bar.first].version if bar is not None else None

    return Milestones(
        clause=row.clause,
        rule=row.rule,
        first_bad=version(bad[0] if bad else None),
        first_good=version(good[0] if good else None),
        good_since=version(since if row.newest in KEPT else None),
        from_the_start=bool(bad) and row.known[0] is bad[0],
    )
