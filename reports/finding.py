"""The heart of a readable report: all failing cases of one clause are one finding."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from . import plain
from .record import BAD, JUDGED, SEVERITIES, ClauseLine, Outcome, Record, ResultLine, Severity
from .words import counted, listed

#: Bad outcomes, the one that says most about the target first.
WORST: tuple[Outcome, ...] = ("fail", "error", "crash", "timeout")

#: More messages, level lists or variants of one clause than this are not told apart: a record may hold millions.
_MOST = 2_000

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

    `failing` are its failing cases, `outcomes` how many ended how, `judged` how many cases of the clause the target
    answered at all, `best` the simplest of the failing cases that shows something. `where` says in which rules, dtypes,
    devices, modes and level lists the failures lie. `causes` splits the failing cases, most frequent first. `same_as` is
    the clause of an earlier finding that broke with the same error message, so that a report need not say it twice.
    """

    clause: ClauseLine
    severity: Severity
    failing: Sequence[ResultLine]
    outcomes: Mapping[Outcome, int]
    judged: int
    best: ResultLine
    where: str
    causes: tuple[Cause, ...]
    same_as: str | None = None

    @property
    def count(self) -> str:
        """How many of how many cases fail, and how: `200 of 240 cases: 190 fail, 10 raise an error`."""
        outcomes = self.outcomes
        bad = sum(outcomes.values())
        ways = [_verb(outcome, outcomes[outcome]) for outcome in WORST if outcomes.get(outcome)]
        if self.judged == 1:
            cases = "the only case"
        elif bad == self.judged:
            cases = "both cases" if bad == 2 else f"all {bad:,} cases"
        else:
            cases = f"{bad:,} of {self.judged:,} cases"
        if len(ways) == 1:
            return f"{cases} {ways[0]}"
        parts = [
            f"{outcomes[outcome]:,} {_verb(outcome, outcomes[outcome])}" for outcome in WORST if outcomes.get(outcome)
        ]
        return f"{cases} do not conform: {listed(parts)}"


def findings(record: Record, target: str) -> tuple[Finding, ...]:
    """The clauses that the target does not keep, worst first.

    MUST comes before SHOULD before MAY; then what failed before what only raised, crashed or timed out; then the order
    of the clauses in the record. The record is gone through once, and of its results only the failing ones are kept; none
    if the record was streamed.
    """
    known = {clause.id: clause for clause in record.clauses}
    gathered = {id: _Gathered() for id in known}
    kept = isinstance(record.results, tuple)
    for result in record.of(target):
        if result.outcome in JUDGED:
            if result.clause not in gathered:
                gathered[result.clause] = _Gathered()
            gathered[result.clause].add(result, kept)

    def failing(id: str) -> Sequence[ResultLine]:
        # Processes end their cases in any order; the report of a run must not depend on it.
        if kept:
            return tuple(sorted(gathered[id].kept, key=lambda result: result.id))
        return record.those(lambda one: one.target == target and one.clause == id and one.outcome in BAD)

    found = [_finding(known.get(id), one, failing(id)) for id, one in gathered.items() if one.outcomes]
    ordered = sorted(found, key=lambda one: (SEVERITIES.index(one.severity), _worst(one.outcomes)))
    return tuple(_said_once(ordered))


class _Gathered:
    """What is known of one clause while its judged results go by."""

    def __init__(self) -> None:
        self.judged = 0
        self.outcomes: Counter[Outcome] = Counter()
        self.kept: list[ResultLine] = []
        self.best: tuple[Any, ResultLine] | None = None
        self.causes: dict[tuple[Outcome, str | None], tuple[int, str]] = {}
        #: For each dimension the values that were tried, and those that failed, with the first case of each.
        self.tried: dict[str, set[Hashable]] = {noun: set() for noun in _DIMENSIONS}
        self.bad: dict[str, dict[str, str]] = {noun: {} for noun in _DIMENSIONS}

    def add(self, result: ResultLine, keep: bool) -> None:
        """Takes in one result that was judged."""
        self.judged += 1
        failed = result.outcome in BAD
        for noun, (value, words) in _DIMENSIONS.items():
            said = value(result)
            tried = self.tried[noun]
            if said not in tried and len(tried) < _MOST:
                tried.add(said)
            if failed:
                _first(self.bad[noun], words(said), result.id)
        if not failed:
            return
        self.outcomes[result.outcome] += 1
        if keep:
            self.kept.append(result)
        simplicity = (*simplicity_of(result), result.id)
        if self.best is None or simplicity < self.best[0]:
            self.best = simplicity, result
        # A wrong answer's message holds its values, so it differs in every case; an error's names the defect.
        cause = result.outcome, None if result.outcome == "fail" else error_key(result.message)
        if cause not in self.causes and len(self.causes) >= _MOST:
            cause = result.outcome, f"another message than the first {_MOST:,}"
        cases, first = self.causes.get(cause, (0, result.id))
        self.causes[cause] = cases + 1, min(first, result.id)


def _first(seen: dict[str, str], value: str, id: str) -> None:
    """Keeps the first case id of a value; of more values than anybody counts, no more."""
    before = seen.get(value)
    if before is None:
        if len(seen) < _MOST:
            seen[value] = id
    elif id < before:
        seen[value] = id


def error_key(message: str | None) -> str:
    """An error message without the memory addresses that differ from case to case."""
    return _ADDRESS.sub("0x…", (message or "").strip())


def _finding(clause: ClauseLine | None, gathered: _Gathered, failing: Sequence[ResultLine]) -> Finding:
    assert gathered.best is not None  # something failed
    best = gathered.best[1]
    return Finding(
        clause=clause or _undescribed(best),
        severity=best.severity,
        failing=failing,
        outcomes=gathered.outcomes,
        judged=gathered.judged,
        best=best,
        where=_where(gathered),
        causes=_causes(gathered),
    )


def _worst(outcomes: Iterable[Outcome]) -> int:
    return min(WORST.index(outcome) for outcome in outcomes)


def simplicity_of(result: ResultLine) -> tuple[bool, int, bool, int, int, tuple[int, ...], int, int]:
    """Of a case that does not conform; smaller is a better example.

    It shows evidence, it is a wrong answer, and it has few channels with few levels.
    """
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


def _causes(gathered: _Gathered) -> tuple[Cause, ...]:
    ordered = sorted(gathered.causes.items(), key=lambda item: (-item[1][0], item[1][1]))
    return tuple(Cause(outcome, message or None, cases) for (outcome, message), (cases, _) in ordered)


def _said_once(ordered: Iterable[Finding]) -> Iterable[Finding]:
    first: dict[tuple[Outcome, str], str] = {}
    for one in ordered:
        key = (one.best.outcome, error_key(one.best.message))
        if one.best.outcome == "fail" or not key[1]:
            yield one
            continue
        earlier = first.setdefault(key, one.clause.id)
        same = None if earlier == one.clause.id else earlier
        yield replace(one, same_as=same)


def _levels(levels: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, levels))}]" if levels else "drawn"


#: In what the cases of a clause differ: the value, and how it is said.
_DIMENSIONS: Mapping[str, tuple[Callable[[ResultLine], Any], Callable[[Any], str]]] = {
    "rule": (attrgetter("rule"), str),
    "dtype": (attrgetter("dtype"), str),
    "device": (attrgetter("device"), str),
    "mode": (attrgetter("mode"), str),
    "variant": (attrgetter("variant"), lambda variant: variant or "none"),
    "level list": (attrgetter("levels"), _levels),
}


def _where(gathered: _Gathered) -> str:
    """Which values of each dimension fail, of those judged; silent about a dimension that has one value."""
    narrow: list[str] = []
    wide: list[str] = []
    for noun in _DIMENSIONS:
        tried, seen = gathered.tried[noun], gathered.bad[noun]
        bad = sorted(seen, key=seen.__getitem__)
        if len(tried) == 1:
            continue
        if len(tried) >= _MOST:
            narrow.append(f"{'many' if len(bad) > 3 else 'few'} of {_MOST:,} or more {noun}s")
            continue
        if len(bad) == len(tried):
            wide.append(f"both {noun}s" if len(tried) == 2 else f"all {len(tried):,} {noun}s")
        elif len(bad) == 1:
            narrow.append(f"{plain.line(bad[0], 60)} only")
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
