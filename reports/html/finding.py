"""One finding as the page folds it out."""

from __future__ import annotations

from dataclasses import dataclass

from .. import plain
from ..facts import Fact, facts, rerun, script
from ..finding import Finding
from ..record import BAD, JUDGED, ResultLine, Severity
from .anchors import Part, linked, slug

#: More level lists than this are counted, not shown.
LIST_LIMIT = 24


@dataclass(frozen=True)
class Spread:
    """Where the failures of a clause lie: a row for each level list, a column for each rule and dtype.

    A cell is how many of how many cases do not conform, None where there was no case. `more` rows are left out.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[int, int] | None, ...]], ...]
    more: int


@dataclass(frozen=True)
class FindingView:
    """A clause that does not hold: what it says and means, and its best example."""

    anchor: str
    id: str
    severity: Severity
    symbol: str
    title: str
    count: str
    meaning: str
    sentence: str
    source: tuple[Part, ...]
    facts: tuple[Fact, ...]
    rerun: str | None
    script: str | None
    spread: Spread | None
    search: str
    clause_anchor: str
    page: str


#: The symbol of each severity, beside its name.
SYMBOLS: dict[Severity, str] = {"must": "✗", "should": "!", "may": "i"}


def finding_view(
    finding: Finding, results: tuple[ResultLine, ...], target: str, called: str, number: int
) -> FindingView:
    """`results` are all of the target; `target` is its section's id, `called` what the search finds it by.

    `number` is the clause's place in the page.
    """
    clause = finding.clause
    id, title = plain.line(clause.id, 40), plain.line(clause.title, 200)
    name = slug(clause.id, number)
    return FindingView(
        anchor=f"{target}-{name}",
        id=id,
        severity=finding.severity,
        symbol=SYMBOLS[finding.severity],
        title=title,
        count=finding.count,
        meaning=plain.line(clause.meaning),
        sentence=plain.line(clause.sentence),
        source=linked(clause.source),
        facts=facts(finding),
        rerun=rerun(finding),
        script=script(finding),
        spread=_spread([result for result in results if result.clause == clause.id and result.outcome in JUDGED]),
        search=f"{id} {title} {finding.severity} {plain.line(clause.meaning)} {called}".lower(),
        clause_anchor=f"clause-{name}",
        page=plain.line(clause.page or "", 60),
    )


def _spread(results: list[ResultLine]) -> Spread | None:
    columns = list(dict.fromkeys((result.rule, result.dtype, result.device) for result in results))
    lists = list(dict.fromkeys(result.levels for result in results if result.outcome in BAD))
    if len(columns) * len(lists) < 2:
        return None
    tried: dict[tuple[object, ...], list[int]] = {}
    for result in results:
        cell = tried.setdefault((result.levels, result.rule, result.dtype, result.device), [0, 0])
        cell[0] += result.outcome in BAD
        cell[1] += 1
    rows = []
    for levels in lists[:LIST_LIMIT]:
        cells = [tried.get((levels, *column)) for column in columns]
        rows.append((_levels(levels), tuple(None if cell is None else (cell[0], cell[1]) for cell in cells)))
    several = len({device for _, _, device in columns}) > 1
    names = [plain.line(" ".join(column if several else column[:2]), 60) for column in columns]
    return Spread(tuple(names), tuple(rows), max(0, len(lists) - LIST_LIMIT))


def _levels(levels: tuple[int, ...]) -> str:
    text = ", ".join(map(str, levels[:12])) + (", …" if len(levels) > 12 else "")
    return f"[{text}]" if levels else "drawn"
