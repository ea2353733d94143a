"""The heart of a readable report: all failing cases of one clause are one finding."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from . import plain
from .record import BAD, JUDGED, SEVERITIES, ClauseLine, Outcome, Record, ResultLine, Severity
from .words import counted, listed

#: Bad outcomes, the one that says most about the target first.
WORST: tuple[Outcome, ...] = ("fail", "error", "crash", "timeout")

_ADDRESS = re.compile(r"0x[0-9a-f]{9,16}\b")


@dataclass(frozen=True)
class Cause:
    """Failing cases of one clause that ended alike: all that failed, or those that share an error message."""

    outcome: Outcome
    message: str | None
    cases: int


@dataclass(frozen=True)
class Finding:
    """One clause that one target does not keep.

    `failing` are its failing cases, `judged` how many cases of the clause the target answered at all, `best` the
    simplest of the failing cases that shows something. `where` says in which rules, dtypes, devices, modes and level
    lists the failures lie. `causes` splits the failing cases, most frequent first. `same_as` is the clause of an
    earlier finding that broke with the same error message, so that a report need not say it twice.
    """

    clause: ClauseLine
    severity: Severity
    failing: tuple[ResultLine, ...]
    judged: int
    best: ResultLine
    where: str
    causes: tuple[Cause, ...]
    same_as: str | None = None

    @property
    def count(self) -> str:
        """How many of how many cases fail, and how: `200 of 240 cases: 190 fail, 10 raise an error`."""
        bad = len(self.failing)
        outcomes = Counter(result.outcome for result in self.failing)
        ways = [_verb(outcome, outcomes[outcome]) for outcome in WORST if outcomes[outcome]]
        if self.judged == 1:
            cases = "the only case"
        elif bad == self.judged:
            cases = f"all {bad:,} cases"
        else:
            cases = f"{bad:,} of {self.judged:,} cases"
        if len(ways) == 1:
            return f"{cases} {ways[0]}"
        parts = [f"{outcomes[outcome]:,} {_verb(outcome, outcomes[outcome])}" for outcome in WORST if outcomes[outcome]]
        return f"{cases} do not conform: {listed(parts)}"


def findings(record: Record, target: str) -> tuple[Finding, ...]:
    """The clauses that the target does not keep, worst first.

    MUST comes before SHOULD before MAY; then what failed before what only raised, crashed or timed out; then the order
    of the clauses in the record.
    """
    known = {clause.id: clause for clause in record.clauses}
    cases: dict[str, list[ResultLine]] = {id: [] for id in known}
    # Processes end their cases in any order; the report of a run must not depend on it.
    for result in sorted(record.of(target), key=lambda result: result.id):
        cases.setdefault(result.clause, []).append(result)
    found = [_finding(known.get(id), tuple(results)) for id, results in cases.items() if _bad(results)]
    ordered = sorted(found, key=lambda one: (SEVERITIES.index(one.severity), _worst(one.failing)))
    return tuple(_said_once(ordered))


def error_key(message: str | None) -> str:
    """An error message without the memory addresses that differ from case to case."""
    return _ADDRESS.sub("0x…", (message or "").strip())


def _finding(clause: ClauseLine | None, results: tuple[ResultLine, ...]) -> Finding:
    failing = _bad(results)
    judged = tuple(result for result in results if result.outcome in JUDGED)
    best = min(failing, key=_simplicity)
    return Finding(
        clause=clause or _undescribed(best),
        severity=best.severity,
        failing=failing,
        judged=len(judged),
        best=best,
        where=_where(failing, judged),
        causes=_causes(failing),
    )


def _bad(results: Iterable[ResultLine]) -> tuple[ResultLine, ...]:
    return tuple(result for result in results if result.outcome in BAD)


def _worst(results: Iterable[ResultLine]) -> int:
    return min(WORST.index(result.outcome) for result in results)


def _simplicity(result: ResultLine) -> tuple[bool, int, bool, int, int, tuple[int, ...], int, int]:
    """Smaller is a better example: it shows evidence, it is a wrong answer, and it has few channels with few levels."""
    evidence = result.evidence
    return (
        evidence is None,
        WORST.index(result.outcome),
        evidence is None or evidence.script is None,
        len(result.levels),
        math.prod(result.levels),
        result.levels,
        len(evidence.input) if evidence is not None else 0,
        len(result.id),  # the plainest rule, mode and variant have the shortest names
    )


def _causes(failing: tuple[ResultLine, ...]) -> tuple[Cause, ...]:
    # A wrong answer's message holds its values, so it differs in every case; an error's names the defect.
    groups = Counter(
        (result.outcome, None if result.outcome == "fail" else error_key(result.message)) for result in failing
    )
    causes = [Cause(outcome, message or None, cases) for (outcome, message), cases in groups.items()]
    return tuple(sorted(causes, key=lambda cause: -cause.cases))


def _said_once(ordered: Iterable[Finding]) -> Iterable[Finding]:
    first: dict[tuple[Outcome, str], str] = {}
    for one in ordered:
        key = (one.best.outcome, error_key(one.best.message))
        if one.best.outcome == "fail" or not key[1]:
            yield one
            continue
        earlier = first.setdefault(key, one.clause.id)
        same = None if earlier == one.clause.id else earlier
        yield Finding(one.clause, one.severity, one.failing, one.judged, one.best, one.where, one.causes, same_as=same)


def _levels(result: ResultLine) -> str:
    return "[" + ", ".join(map(str, result.levels)) + "]"


_DIMENSIONS: Mapping[str, Callable[[ResultLine], str]] = {
    "rule": lambda result: result.rule,
    "dtype": lambda result: result.dtype,
    "device": lambda result: result.device,
    "mode": lambda result: result.mode,
    "variant": lambda result: result.variant or "none",
    "level list": _levels,
}


def _where(failing: tuple[ResultLine, ...], judged: tuple[ResultLine, ...]) -> str:
    """Which values of each dimension fail, of those judged; silent about a dimension that has one value."""
    narrow: list[str] = []
    wide: list[str] = []
    for noun, value in _DIMENSIONS.items():
        tried, bad = dict.fromkeys(map(value, judged)), dict.fromkeys(map(value, failing))
        if len(tried) == 1:
            continue
        if len(bad) == len(tried):
            wide.append(f"both {noun}s" if len(tried) == 2 else f"all {len(tried):,} {noun}s")
        elif len(bad) == 1:
            narrow.append(f"{plain.line(next(iter(bad)), 60)} only")
        elif len(bad) <= 3:
            narrow.append(f"{listed([plain.line(one, 60) for one in bad])} of {counted(len(tried), noun)}")
        else:
            narrow.append(f"{len(bad):,} of {counted(len(tried), noun)}")
    return "; ".join([*narrow, *wide])


def _verb(outcome: Outcome, number: int) -> str:
    singular, plural = {
        "fail": ("fails", "fail"),
        "error": ("raises an error", "raise an error"),
        "crash": ("crashes the process", "crash the process"),
        "timeout": ("does not end in time", "do not end in time"),
    }[outcome]
    return singular if number == 1 else plural


def _undescribed(result: ResultLine) -> ClauseLine:
    return ClauseLine(
        id=result.clause,
        severity=result.severity,
        title="(the record does not describe this clause)",
        sentence="",
        meaning="",
        source="",
    )
