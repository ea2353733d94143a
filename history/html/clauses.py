"""Each clause by itself: what it says, its bars in words, and its newest failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...reports import ClauseLine
from ...reports import plain as safe
from ...reports.facts import Fact
from ...reports.html.anchors import Part, linked, slug
from .. import words
from ..lines import Example, History
from ..timeline import Row, milestones
from .chart import Kind, kind_of


@dataclass(frozen=True)
class ClauseView:
    """One clause; `told` are its bars in words, each with the rules that it reads the same under."""

    anchor: str
    id: str
    severity: str
    now: Kind
    title: str
    sentence: str
    meaning: str
    source: tuple[Part, ...]
    told: tuple[tuple[str, tuple[tuple[Kind, str], ...]], ...]
    milestones: str
    seen_in: str
    facts: tuple[Fact, ...]
    script: str


def clause_view(
    history: History, clause: ClauseLine, number: int, rows: Mapping[str | None, Sequence[Row]]
) -> ClauseView:
    """A clause; `rows` is the timeline by rule."""
    own = {rule: row for rule, of_rule in rows.items() for row in of_rule if row.clause is clause}
    newest = _newest_failure(history, clause.id)
    seen_in, example = newest if newest is not None else ("", None)
    return ClauseView(
        anchor=f"clause-{slug(clause.id, number)}",
        id=safe.line(clause.id, 40),
        severity=clause.severity,
        now=kind_of(own[None].newest, clause.severity),
        title=safe.line(clause.title, 200),
        sentence=safe.line(clause.sentence),
        meaning=safe.line(clause.meaning),
        source=linked(clause.source),
        told=tuple(
            (
                ", ".join(one.rules),
                tuple((kind_of(bar.standing, clause.severity), words.stretch(history, bar)) for bar in one.bars),
            )
            for one in words.told([row for rule, row in own.items() if rule is not None])
        ),
        milestones=words.milestone_words(milestones(history, [own[None]])[0]),
        seen_in=seen_in,
        facts=_facts(example),
        script=safe.source(example.script) if example is not None and example.script else "",
    )


def _newest_failure(history: History, clause: str) -> tuple[str, Example] | None:
    for release in reversed(history.known):
        for clauses in release.clauses.values():
            held = clauses.get(clause)
            if held is not None and held.example is not None:
                return words.version(release), held.example
    return None


def _facts(example: Example | None) -> tuple[Fact, ...]:
    if example is None:
        return ()
    rows = (
        ("found", example.message),
        ("observed", example.observed),
        ("expected", example.expected),
        ("case", example.id),
    )
    return tuple(Fact(label, safe.block(text, 400, 6)) for label, text in rows if text)
