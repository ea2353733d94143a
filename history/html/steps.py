"""What changed, release by release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...reports import plain as safe
from ...reports.html.anchors import slug
from ...reports.words import listed
from .. import words
from ..changes import Step, Turn

#: The kinds of change that are for the worse.
_WORSE = ("regressed", "fails-differently", "removed")


@dataclass(frozen=True)
class Named:
    """A clause that is named: the link to it, and what it says now, where it fails."""

    id: str
    anchor: str
    title: str
    severity: str
    message: str


@dataclass(frozen=True)
class GroupView:
    """Clauses that turned alike."""

    title: str
    words: str
    apart: bool
    clauses: tuple[Named, ...]


@dataclass(frozen=True)
class StepView:
    """One release that changed something."""

    anchor: str
    version: str
    date: str
    tone: str
    counts: str
    note: str
    groups: tuple[GroupView, ...]


def step_view(step: Step, number: int, numbers: Mapping[str, int]) -> StepView:
    """A step; `numbers` are the places of the clauses."""
    release = step.release
    worse = any(turn.kind in _WORSE for turn in step.turns)
    better = any(turn.kind == "fixed" for turn in step.turns)
    note = f"Compared with {words.version(step.previous)}."
    if step.skipped:
        note += f" Not known: {listed([safe.line(one, 60) for one in step.skipped])}, so a change may be theirs."
    return StepView(
        anchor=f"release-{slug(release.version.replace('.', '-'), number)}",
        version=words.version(release),
        date=safe.line(release.date or "", 20),
        tone="must" if worse else "pass" if better else "plain",
        counts=words.step_counts(step),
        note=note,
        groups=tuple(
            GroupView(one.title, one.words, one.apart, tuple(_named(turn, numbers) for turn in one.turns))
            for one in words.together(step)
        ),
    )


def _named(turn: Turn, numbers: Mapping[str, int]) -> Named:
    clause, example = turn.clause, turn.example
    return Named(
        id=safe.line(clause.id, 40),
        anchor=f"clause-{slug(clause.id, numbers[clause.id])}",
        title=safe.line(clause.title, 120),
        severity=clause.severity,
        message=safe.line(example.message or "", 240) if example is not None else "",
    )
