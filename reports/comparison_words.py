"""The sentences of a comparison: the terminal, Markdown and HTML say the same."""

from __future__ import annotations

from .comparison import KINDS, Change, Comparison, Group, Kind, Pair, Side
from .words import counted

#: The name of each kind, as a heading.
TITLES: dict[Kind, str] = {
    "regressed": "Regressed",
    "clause-changed": "Clause changed",
    "environment-changed": "Environment changed",
    "removed": "Removed",
    "fails-differently": "Fails differently",
    "values-changed": "Values changed",
    "new": "New",
    "withdrawn": "Withdrawn",
    "fixed": "Fixed",
    "unchanged": "Unchanged",
}


def side(one: Side) -> str:
    """A target with its release: `vector-quantize-pytorch 1.22.2`."""
    if one.version is None or one.target.endswith(one.version):
        return one.target
    return f"{one.target} {one.version}"


def heading(pair: Pair) -> str:
    """Which two are compared."""
    return f"{side(pair.old)} → {side(pair.new)}"


def counts(pair: Pair) -> tuple[tuple[str, int, str], ...]:
    """For each kind that occurs its name, how many cases, and what it means."""
    return tuple((TITLES[kind], pair.counts[kind], KINDS[kind]) for kind in KINDS if pair.counts.get(kind))


def became(change: Change) -> str:
    """`pass → fail`."""
    return f"{change.old or 'absent'} → {change.new or 'absent'}"


def reach(group: Group) -> str:
    """How many cases of a group, and what became of its first: `24 cases, pass → fail`."""
    return f"{counted(group.cases, 'case')}, {became(group.example)}"


def timing(pair: Pair) -> str | None:
    """The seconds of both runs on one machine; information, never a judgement."""
    if pair.timing is None or not (pair.timing.old and pair.timing.new):
        return None
    old, new = pair.timing.old, pair.timing.new
    return f"the cases that pass both times took {old:.3g} s and now {new:.3g} s (on one machine; information only)"


def caution(comparison: Comparison) -> str | None:
    """What to know about changed values when the two runs were not made alike."""
    changed = any(pair.counts.get("values-changed") for pair in comparison.pairs)
    if changed and comparison.environment:
        return "The runs were not made alike (see Environment), so changed values need not be the target's doing."
    return None
