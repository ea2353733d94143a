"""Why cases were not judged: results that share an outcome and a message, counted."""

from __future__ import annotations

from collections import Counter
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


#: Outcomes of cases that nobody needs to act on, so that their reasons are counted and no case is shown.
IDLE: tuple[Outcome, ...] = ("not-run", "unsupported", "xfail", "xpass")
#: More reasons than this are counted together, so that a record of millions is never held.
_MOST = 10_000


class Idle:
    """The reasons of the results that are added, of those outcomes that have reasons, counted."""

    def __init__(self) -> None:
        self._cases: Counter[tuple[Outcome, str]] = Counter()
        self._clauses: dict[tuple[Outcome, str], set[str]] = {}

    def add(self, result: ResultLine) -> None:
        """Counts one result."""
        if result.outcome not in IDLE:
            return
        words = (result.known or result.message or "").strip() or "no reason was recorded"
        key = (result.outcome, words)
        if key not in self._cases and len(self._cases) >= _MOST:
            key = (result.outcome, f"other reasons than the first {_MOST:,}")
        self._cases[key] += 1
        self._clauses.setdefault(key, set()).add(result.clause)

    def reasons(self, outcome: Outcome) -> tuple[Reason, ...]:
        """The reasons of one outcome, the one with most cases first."""
        found = [
            Reason(outcome, words, cases, tuple(sorted(self._clauses[one, words], key=_natural)))
            for (one, words), cases in self._cases.items()
            if one == outcome
        ]
        return tuple(sorted(found, key=lambda reason: (-reason.cases, reason.words)))


def idle(results: Iterable[ResultLine]) -> Idle:
    """The reasons of all outcomes that have some, in one go through the results."""
    gathered = Idle()
    for result in results:
        gathered.add(result)
    return gathered


def reasons(results: Iterable[ResultLine], outcome: Outcome) -> tuple[Reason, ...]:
    """The reasons that results with this outcome give, the one with most cases first."""
    return idle(results).reasons(outcome)


def _natural(id: str) -> tuple[str, int, str]:
    """`BND-2` before `BND-10`."""
    family, _, number = id.partition("-")
    return family, int(number) if number.isdecimal() else 0, id
