"""The matrix, mutant × clause: the whole quick suite over every mutant, and what is wrong with the outcome.

`make mutants` runs it and writes docs/detection.md; the test suite runs it as a gate.
"""

from __future__ import annotations

import multiprocessing
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import fsqcheck
from fsqcheck.conformance.clause import catalogue
from fsqcheck.conformance.plan import TIERS
from fsqcheck.reports import BAD, Record

from .table import OFFENDERS, Offender


@dataclass(frozen=True)
class Catch:
    """What the cases of one clause said of a mutant: where they judged it, and where it raised or gave no answer."""

    failed: tuple[str, ...] = ()
    raised: tuple[str, ...] = ()


#: What each mutant was caught by, in the order of the catalogue: mutant → clause → catch.
Matrix = Mapping[Offender, Mapping[str, Catch]]


#: How many mutants share a run: enough to share the staircases, few enough that no process waits long for the last.
_TOGETHER = 12


def matrix(offenders: Iterable[Offender] = OFFENDERS, clauses: Iterable[str] = (), processes: int = 1) -> Matrix:
    """Runs the suite, or some of its clauses, over mutants: a run for a handful of them that share a tier.

    With `processes` above 1, whole runs go side by side: a worker of pytest-xdist would collect the cases of them all.
    """
    wanted = tuple(offenders)
    runs = [(part, _chosen(part, clauses)) for part in _parts(wanted)]
    if processes == 1:
        answers = [_run(*one) for one in runs]
    else:
        with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
            answers = list(pool.map(_run, *zip(*runs, strict=True)))
    found = {one: answer for part in answers for one, answer in part.items()}
    return {one: found[one] for one in wanted}


def _parts(offenders: Sequence[Offender]) -> Iterator[tuple[Offender, ...]]:
    # The slow tiers first: what starts last must not keep one process busy alone.
    for tier in sorted({one.tier for one in offenders}, key=TIERS.index, reverse=True):
        here = tuple(one for one in offenders if one.tier == tier)
        yield from (here[start : start + _TOGETHER] for start in range(0, len(here), _TOGETHER))


def _chosen(part: Sequence[Offender], clauses: Iterable[str]) -> tuple[str, ...]:
    """A clause that only another tier tries is tried there alone: the rest of that tier says nothing new."""
    return tuple(clauses) if part[0].tier == "quick" else tuple({one.clause for one in part})


def _run(part: Sequence[Offender], clauses: tuple[str, ...]) -> dict[Offender, Mapping[str, Catch]]:
    record = fsqcheck.check(*dict.fromkeys(one.target for one in part), tier=part[0].tier, clauses=clauses)
    return {one: caught(record, one.target) for one in part}


def caught(record: Record, target: str) -> Mapping[str, Catch]:
    """The clauses that a target fails, in the order of the catalogue, with the messages of their cases."""
    failed: dict[str, list[str]] = defaultdict(list)
    raised: dict[str, list[str]] = defaultdict(list)
    for result in record.of(target):
        if result.outcome in BAD:
            (failed if result.outcome == "fail" else raised)[result.clause].append(result.message or "")
    bad = [clause for clause in catalogue() if clause in failed or clause in raised]
    return {clause: Catch(tuple(failed[clause]), tuple(raised[clause])) for clause in bad}


def first(clauses: Mapping[str, Catch]) -> str | None:
    """The first clause whose judgement a mutant fails, else the first that gets no answer; None when it escapes."""
    judged = [clause for clause, catch in clauses.items() if catch.failed]
    return next(iter([*judged, *clauses]), None)


@dataclass(frozen=True)
class Objection:
    """One thing that is wrong with a matrix, and the clause that it is about."""

    clause: str
    words: str


def objections(found: Matrix, over: Iterable[str] | None = None) -> Iterator[Objection]:
    """Mutants that escape, clauses that fire on what is none of their business, clauses that nothing needs.

    `over`: the clauses of which the matrix should show that they are needed; all when it is not said.
    """
    for offender, clauses in found.items():
        catch = clauses.get(offender.clause, Catch())
        messages = catch.failed + catch.raised
        if not messages:
            others = ", ".join(clauses) or "nothing"
            yield Objection(offender.clause, f"{offender.name} escapes {offender.clause}; caught by {others}")
        elif not any(offender.says in message for message in messages):
            yield Objection(offender.clause, f"{offender.name}: {offender.clause} says {messages[0]!r}")
        for clause, blame in clauses.items():
            if clause in offender.silent and blame.failed:
                yield Objection(clause, f"{clause} fires on {offender.name}, which spoils {offender.spoils} only")
    firsts = {first(clauses) for clauses in found.values()}
    claimed = {offender.clause for offender in found}
    for clause in catalogue() if over is None else over:
        if clause not in claimed:
            yield Objection(clause, f"{clause} has no offender")
        elif clause not in firsts:
            yield Objection(clause, f"{clause} is the first to catch no mutant: it adds nothing to those before it")
