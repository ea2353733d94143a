"""The table of a report: what became of the cases of each family of clauses."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from .record import Outcome, Record


@dataclass(frozen=True)
class Family:
    """The cases of the clauses whose ids share a prefix: how many were planned, and how many ended how.

    `error` counts crashes and timeouts too. `missing` cases were planned and have no result.
    """

    name: str
    planned: int
    passed: int
    failed: int
    error: int
    unsupported: int
    not_run: int
    xfail: int
    xpass: int
    missing: int


@dataclass(frozen=True)
class Column:
    """A column of the table: its title, its number in a row, and whether it is there even if nothing is in it."""

    title: str
    value: Callable[[Family], int]
    always: bool = True


COLUMNS = (
    Column("cases", lambda row: row.planned),
    Column("pass", lambda row: row.passed),
    Column("fail", lambda row: row.failed),
    Column("error", lambda row: row.error),
    Column("unsupported", lambda row: row.unsupported),
    Column("not run", lambda row: row.not_run),
    Column("xfail", lambda row: row.xfail, always=False),
    Column("xpass", lambda row: row.xpass, always=False),
    Column("no result", lambda row: row.missing, always=False),
)


def columns(rows: tuple[Family, ...]) -> tuple[Column, ...]:
    """The columns that a table of these rows needs."""
    return tuple(column for column in COLUMNS if column.always or any(map(column.value, rows)))


def family_of(clause: str) -> str:
    """The family of a clause id: `BND` for `BND-3`."""
    return clause.split("-", 1)[0]


def families(record: Record, target: str) -> tuple[Family, ...]:
    """One row a family, in the order of the record's clauses; `KeyError` for a target that it does not introduce."""
    planned = {line.name: line.planned for line in record.targets}[target]
    outcomes: defaultdict[str, Counter[Outcome]] = defaultdict(Counter)
    for result in record.of(target):
        outcomes[result.clause][result.outcome] += 1
    had = Counter({id: ended.total() for id, ended in outcomes.items()})
    order = [clause.id for clause in record.clauses if planned.get(clause.id) or clause.id in had]
    clauses: dict[str, list[str]] = {}
    for id in dict.fromkeys([*order, *(id for id, number in planned.items() if number), *had]):
        clauses.setdefault(family_of(id), []).append(id)
    tallies: dict[str, Counter[Outcome]] = {
        name: sum((outcomes.get(id, Counter()) for id in ids), Counter[Outcome]()) for name, ids in clauses.items()
    }
    return tuple(
        Family(
            name=name,
            planned=sum(planned.get(id, 0) for id in ids),
            passed=tallies[name]["pass"],
            failed=tallies[name]["fail"],
            error=tallies[name]["error"] + tallies[name]["crash"] + tallies[name]["timeout"],
            unsupported=tallies[name]["unsupported"],
            not_run=tallies[name]["not-run"],
            xfail=tallies[name]["xfail"],
            xpass=tallies[name]["xpass"],
            missing=sum(max(0, planned.get(id, 0) - had[id]) for id in ids),
        )
        for name, ids in clauses.items()
    )


def total(rows: tuple[Family, ...]) -> Family:
    """The rows summed up into one, named `total`."""
    return Family(
        name="total",
        planned=sum(row.planned for row in rows),
        passed=sum(row.passed for row in rows),
        failed=sum(row.failed for row in rows),
        error=sum(row.error for row in rows),
        unsupported=sum(row.unsupported for row in rows),
        not_run=sum(row.not_run for row in rows),
        xfail=sum(row.xfail for row in rows),
        xpass=sum(row.xpass for row in rows),
        missing=sum(row.missing for row in rows),
    )
