"""Why cases were not judged: results that share an outcome and a message, counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .record import Outcome, ResultLine


@dataclass(frozen=True)
class Reason:
    """One message that several cases share, and the clauses that they belong to."""

    outcome: Outcome
    words: str
    cases: int
    clauses: tuple[str, ...]


def reasons(results: Iterable[ResultLine], outcome: Outcome) -> tuple[Reason, ...]:
    """The reasons that results with this outcome give, the one with most cases first."""
    groups: dict[str, list[str]] = {}
    for result in results:
        if result.outcome == outcome:
            groups.setdefault((result.message or "").strip() or "no reason was recorded", []).append(result.clause)
    found = [Reason(outcome, words, len(ids), tuple(sorted(set(ids), key=_natural))) for words, ids in groups.items()]
    return tuple(sorted(found, key=lambda reason: (-reason.cases, reason.words)))


def _natural(id: str) -> tuple[str, int, str]:
    """`BND-2` before `BND-10`."""
    family, _, number = id.partition("-")
    return family, int(number) if number.isdecimal() else 0, id
