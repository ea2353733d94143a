"""What the page shows, as values: the template only lays them out, and all text in them is safe to show."""

from __future__ import annotations

from dataclasses import dataclass

from ...reports import plain as safe
from ...reports.family import family_of
from ...reports.html.anchors import slug
from ...reports.html.matrix import TITLES
from ...reports.words import counted, listed
from .. import words
from ..changes import changes
from ..lines import History
from ..standing import BROKEN
from ..timeline import Row, timeline
from .chart import BAR_KINDS, BarView, Kind, Tick, Turned, bar_views, kind_of, series_ticks, turned, year_ticks
from .clauses import ClauseView, clause_view
from .ranges import RangeTable, range_table
from .steps import StepView, step_view


@dataclass(frozen=True)
class RowView:
    """One clause in the timeline, under all rules together (`rule` 0) or one; `tags` are what the filter asks for."""

    rule: int
    id: str
    anchor: str
    title: str
    now: Kind
    bars: tuple[BarView, ...]
    tags: str
    search: str


@dataclass(frozen=True)
class FamilyView:
    """The rows of one family, those of all rules together first."""

    name: str
    title: str
    rows: tuple[RowView, ...]


@dataclass(frozen=True)
class PageView:
    """The page."""

    title: str
    heading: str
    facts: tuple[str, ...]
    gap: str | None
    tone: str
    symbol: str
    headline: str
    safe_for: str
    unsafe_for: str
    ranges: RangeTable
    releases: int
    rules: tuple[str, ...]
    years: tuple[Tick, ...]
    series: tuple[Tick, ...]
    families: tuple[FamilyView, ...]
    kinds: tuple[Kind, ...]
    steps: tuple[StepView, ...]
    quiet: str
    clauses: tuple[ClauseView, ...]
    unknown: tuple[tuple[str, str], ...]
    yanked: str


def page_view(history: History) -> PageView:
    """Everything that the page shows."""
    numbers = {clause.id: number for number, clause in enumerate(history.clauses)}
    rows = {rule: timeline(history, rule) for rule in (None, *history.rules)}
    newest = history.newest
    good, against = words.purposes(history)
    bad = newest is not None and any(row.newest in BROKEN and row.clause.severity == "must" for row in rows[None])
    made = changes(history)
    steps = tuple(step_view(step, number, numbers) for number, step in enumerate(reversed(made)))
    return PageView(
        title=f"{words.title(history)}: {words.headline(history)} · fsqcheck",
        heading=safe.line(history.header.package, 100),
        facts=(counted(len(history.releases), "release"), *words.facts(history)),
        gap=words.gap(history),
        tone="should" if newest is None else "must" if bad else "pass",
        symbol="?" if newest is None else "✗" if bad else "✓",
        headline=words.headline(history),
        safe_for=listed(good),
        unsafe_for=listed(against),
        ranges=range_table(history),
        releases=len(history.releases),
        rules=tuple(safe.line(rule, 60) for rule in history.rules),
        years=year_ticks(history),
        series=series_ticks(history),
        families=_families(history, rows, numbers, turned(history, made)),
        kinds=BAR_KINDS,
        steps=steps,
        quiet=_quiet(history, len(steps)),
        clauses=tuple(clause_view(history, row.clause, numbers[row.clause.id], rows) for row in rows[None]),
        unknown=tuple((reason, ", ".join(versions)) for reason, versions in words.unknown(history)),
        yanked=", ".join(words.yanked(history)),
    )


def _families(
    history: History, rows: dict[str | None, tuple[Row, ...]], numbers: dict[str, int], turns: Turned
) -> tuple[FamilyView, ...]:
    found: dict[str, list[RowView]] = {}
    for number, of_rule in enumerate(rows.values()):
        for row in of_rule:
            found.setdefault(family_of(row.clause.id), []).append(
                _row(history, row, number, numbers[row.clause.id], turns)
            )
    order = list(dict.fromkeys(family_of(clause.id) for clause in history.clauses))
    return tuple(
        FamilyView(safe.line(name, 40), TITLES.get(name, ""), tuple(found[name])) for name in order if name in found
    )


def _row(history: History, row: Row, rule: int, number: int, turns: Turned) -> RowView:
    clause = row.clause
    id, title = safe.line(clause.id, 40), safe.line(clause.title, 120)
    tags: list[str] = [clause.severity]
    tags += ["changed"] if row.changes else []
    tags += ["now"] if row.newest in BROKEN else []
    return RowView(
        rule=rule,
        id=id,
        anchor=f"clause-{slug(clause.id, number)}",
        title=title,
        now=kind_of(row.newest, clause.severity),
        bars=bar_views(history, row, turns),
        tags=" ".join(tags),
        search=f"{id} {title} {clause.severity} {TITLES.get(family_of(clause.id), '')}".lower(),
    )


def _quiet(history: History, steps: int) -> str:
    """How many releases changed nothing."""
    same = len(history.known) - steps - 1
    return f"{counted(same, 'release')} changed nothing that the suite sees." if same > 0 else ""
