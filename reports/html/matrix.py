"""The matrix: clauses, grouped by family and worst first, against targets or against the configurations of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .. import plain
from ..family import family_of
from ..record import BAD, SEVERITIES, ClauseLine, Outcome, ResultLine, Severity
from ..words import counted
from .anchors import slug

#: What the families are about; a family that is not here is shown by its name alone.
TITLES: Mapping[str, str] = {
    "BND": "boundaries",
    "SYM": "symmetry",
    "SHP": "shapes",
    "IDX": "indices",
    "GRD": "gradients",
    "NUM": "numerics",
    "TRN": "training",
    "DEV": "devices",
    "RES": "residual",
}


@dataclass(frozen=True)
class Kind:
    """What a cell can say: its CSS class, symbol and word; never by colour alone."""

    name: str
    symbol: str
    word: str
    meaning: str


KINDS: tuple[Kind, ...] = (
    Kind("must", "✗", "MUST", "a wrong result"),
    Kind("should", "!", "SHOULD", "a trap for users"),
    Kind("may", "i", "MAY", "for information"),
    Kind("known", "≈", "known", "fails, or passes, otherwise than in general: expected by a baseline"),
    Kind("lost", "?", "no result", "planned, but the run did not get there"),
    Kind("pass", "✓", "pass", "every case that was judged conforms"),
    Kind("idle", "○", "not run", "could not be judged here"),
    Kind("unsup", "–", "unsup.", "unsupported: the target does not claim it"),
    Kind("none", "·", "", "the clause has no case here"),
)
_BY_NAME = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True)
class Cell:
    """One clause in one column; `href` leads to its finding."""

    kind: Kind
    title: str = ""
    href: str | None = None


@dataclass(frozen=True)
class Column:
    """A column: its heading, the group that it stands in, and its full name where the heading is short.

    `search` is what the page's search looks through if the column is a target.
    """

    label: str
    group: str = ""
    title: str = ""
    search: str = ""


@dataclass(frozen=True)
class Row:
    """One clause: `kind` is the worst of its cells, `search` what the page's search looks through."""

    id: str
    anchor: str
    title: str
    severity: Severity
    kind: str
    search: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Group:
    """The rows of one family."""

    name: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Matrix:
    """The table; `spans` are the column groups with their widths, empty where columns are not grouped."""

    corner: str
    columns: tuple[Column, ...]
    spans: tuple[tuple[str, int], ...]
    groups: tuple[Group, ...]


#: The results of one clause in one column, and how many were planned there if that is known.
Cases = tuple[Sequence[ResultLine], int | None]


def matrix(
    corner: str,
    columns: Sequence[Column],
    clauses: Sequence[ClauseLine],
    cases: Callable[[str, int], Cases],
    href: Callable[[str, int], str | None],
    target: str = "",
) -> Matrix:
    """The table of these clauses: `cases` and `href` answer for a clause id and the number of a column.

    `target` is what the search finds every row by, if all columns are of one target.
    """
    families: dict[str, list[Row]] = {}
    for number, clause in enumerate(clauses):
        cells = tuple(
            _cell(clause.severity, *cases(clause.id, column), href(clause.id, column)) for column in range(len(columns))
        )
        if all(cell.kind.name == "none" for cell in cells):
            continue
        families.setdefault(family_of(clause.id), []).append(_row(clause, number, cells, target))
    groups = [
        Group(plain.line(name, 40), TITLES.get(name, ""), tuple(sorted(rows, key=_rank)))
        for name, rows in families.items()
    ]
    groups.sort(key=lambda group: min(map(_rank, group.rows)))
    spans: list[tuple[str, int]] = []
    for column in columns if any(column.group for column in columns) else ():
        if spans and spans[-1][0] == column.group:
            spans[-1] = (column.group, spans[-1][1] + 1)
        else:
            spans.append((column.group, 1))
    return Matrix(corner, tuple(columns), tuple(spans), tuple(groups))


def _row(clause: ClauseLine, number: int, cells: tuple[Cell, ...], target: str) -> Row:
    kind = min((cell.kind for cell in cells), key=KINDS.index)
    title, id = plain.line(clause.title, 120), plain.line(clause.id, 40)
    return Row(
        id=id,
        anchor=f"clause-{slug(clause.id, number)}",
        title=title,
        severity=clause.severity,
        kind=kind.name,
        search=f"{id} {title} {clause.severity} {TITLES.get(family_of(clause.id), '')} {target}".lower(),
        cells=cells,
    )


def _rank(row: Row) -> int:
    return [kind.name for kind in KINDS].index(row.kind)


def _cell(severity: Severity, results: Sequence[ResultLine], planned: int | None, href: str | None) -> Cell:
    outcomes: dict[Outcome, int] = {}
    for result in results:
        outcomes[result.outcome] = outcomes.get(result.outcome, 0) + 1
    bad = sum(number for outcome, number in outcomes.items() if outcome in BAD)
    if bad:
        worst = min((result.severity for result in results if result.outcome in BAD), key=SEVERITIES.index)
        return Cell(_BY_NAME[worst], f"{bad:,} of {counted(len(results), 'case')} do not conform", href)
    if planned is not None and planned > len(results):
        return Cell(_BY_NAME["lost"], f"{planned - len(results):,} of {counted(planned, 'case')} have no result")
    if {"xfail", "xpass"} & outcomes.keys():
        return Cell(_BY_NAME["known"], f"of {severity.upper()}; {_told(outcomes)}")
    if "pass" in outcomes:
        return Cell(_BY_NAME["pass"], "" if len(outcomes) == 1 else _told(outcomes))
    if not outcomes:
        return Cell(_BY_NAME["none"])
    return Cell(_BY_NAME["idle" if "not-run" in outcomes else "unsup"], _reason(results))


def _told(outcomes: Mapping[Outcome, int]) -> str:
    return ", ".join(f"{number:,} {outcome}" for outcome, number in outcomes.items())


def _reason(results: Iterable[ResultLine]) -> str:
    return plain.line(next((result.message for result in results if result.message), "") or "", 120)
