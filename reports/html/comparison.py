"""The comparison page: what changed from one run to another, the worst first, as values that its template lays out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .. import plain
from ..comparison import KINDS, Change, Comparison, Group, Kind, Pair, Side
from ..comparison_words import TITLES, became, caution, heading, reach, timing
from ..facts import Fact
from ..words import counted
from .finding import SYMBOLS
from .layout import rendered_page, text_of
from .words import STATUS

#: More cases of one clause than this are counted, not listed.
CASE_LIMIT = 100


@dataclass(frozen=True)
class Mark:
    """How a kind of change is shown: its symbol and CSS class, always beside its name."""

    symbol: str
    tone: str


MARKS: Mapping[Kind, Mark] = {
    "regressed": Mark("✗", "must"),
    "clause-changed": Mark("≠", "should"),
    "environment-changed": Mark("○", "idle"),
    "removed": Mark("?", "lost"),
    "fails-differently": Mark("≈", "known"),
    "values-changed": Mark("!", "known"),
    "new": Mark("+", "may"),
    "withdrawn": Mark("–", "unsup"),
    "fixed": Mark("✓", "pass"),
    "unchanged": Mark("=", "none"),
}


@dataclass(frozen=True)
class CountView:
    """How many cases changed in one way."""

    mark: Mark
    title: str
    cases: int
    meaning: str


@dataclass(frozen=True)
class ClauseChange:
    """The cases of one clause that changed in one way; `cases` are rows of id, outcomes and message."""

    kind: Kind
    severity: str
    symbol: str
    id: str
    title: str
    count: str
    facts: tuple[Fact, ...]
    rerun: str
    cases: tuple[tuple[str, str, str], ...]
    more: int
    search: str


@dataclass(frozen=True)
class KindView:
    """All changes of one kind."""

    mark: Mark
    title: str
    meaning: str
    clauses: tuple[ClauseChange, ...]


@dataclass(frozen=True)
class PairView:
    """One target in both runs."""

    id: str
    heading: str
    symbol: str
    tone: str
    words: str
    sides: tuple[Fact, ...]
    counts: tuple[CountView, ...]
    kinds: tuple[KindView, ...]


@dataclass(frozen=True)
class ComparisonView:
    """The page."""

    heading: str
    symbol: str
    tone: str
    words: str
    missing: tuple[Fact, ...]
    pairs: tuple[PairView, ...]
    environment: tuple[str, ...]
    caution: str


def rendered(comparison: Comparison) -> str:
    """The page as text."""
    view = _view(comparison)
    return rendered_page(
        __package__,
        "comparison.html.j2",
        title=f"{view.heading}: {view.words} · fsqcheck",
        script=text_of(__package__, "page.js"),
        page=view,
    )


def _view(comparison: Comparison) -> ComparisonView:
    symbol, tone = STATUS[comparison.status]
    pairs = comparison.pairs
    one = plain.line(heading(pairs[0]), 300) if len(pairs) == 1 else f"{counted(len(pairs), 'target')} compared"
    missing = (("only in the old run", comparison.only_old), ("only in the new run", comparison.only_new))
    return ComparisonView(
        heading=one,
        symbol=symbol,
        tone=tone,
        words=plain.line(comparison.words, 2_000),
        missing=tuple(
            Fact(label, "\n".join(plain.line(name, 100) for name in names)) for label, names in missing if names
        ),
        pairs=tuple(_pair(pair, f"p{number}") for number, pair in enumerate(pairs, start=1)),
        environment=tuple(plain.line(difference) for difference in comparison.environment),
        caution=caution(comparison) or "",
    )


def _pair(pair: Pair, id: str) -> PairView:
    symbol, tone = STATUS[pair.status]
    sides = [Fact("old", _side(pair.old)), Fact("new", _side(pair.new))]
    if (took := timing(pair)) is not None:
        sides.append(Fact("time", took))
    listed: dict[tuple[Kind, str], list[Change]] = {}
    for change in pair.changes:
        listed.setdefault((change.kind, change.clause), []).append(change)
    name = plain.line(heading(pair), 300)
    kinds = []
    for kind in KINDS:
        clauses = tuple(
            _clause(group, listed.get((kind, group.clause), []), name) for group in pair.groups if group.kind == kind
        )
        if clauses:
            kinds.append(KindView(MARKS[kind], TITLES[kind], KINDS[kind], clauses))
    return PairView(
        id=id,
        heading=name,
        symbol=symbol,
        tone=tone,
        words=plain.line(pair.words, 2_000),
        sides=tuple(sides),
        counts=tuple(
            CountView(MARKS[kind], TITLES[kind], pair.counts[kind], KINDS[kind])
            for kind in KINDS
            if pair.counts.get(kind)
        ),
        kinds=tuple(kinds),
    )


def _side(side: Side) -> str:
    made = f"{side.started[:10]}, fsqcheck {side.fsqcheck}, tier {side.tier}, seed {side.seed}"
    return f"{plain.line(side.verdict, 1_000)}\n{plain.line(made, 200)}, {counted(side.judged, 'case')} judged"


def _clause(group: Group, changes: list[Change], target: str) -> ClauseChange:
    example = group.example
    id, title = plain.line(group.clause, 40), plain.line(group.title, 200)
    rows = (("found", plain.block(example.message or "")), ("case", plain.line(example.id)), ("remedy", group.remedy))
    shown = changes[:CASE_LIMIT] if group.cases > 1 else []
    return ClauseChange(
        kind=group.kind,
        severity=group.severity,
        symbol=SYMBOLS[group.severity],
        id=id,
        title=title,
        count=reach(group),
        facts=tuple(Fact(label, text) for label, text in rows if text),
        rerun=plain.line(example.rerun or "", 4_000),
        cases=tuple((plain.line(one.id), became(one), plain.line(one.message or "", 300)) for one in shown),
        more=group.cases - len(shown) if group.cases > 1 else 0,
        search=f"{id} {title} {group.severity} {TITLES[group.kind]} {target}".lower(),
    )
