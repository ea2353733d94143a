"""The matrix, mutant × clause: the quick suite over every mutant, and what is wrong with the outcome.

`make mutants` runs it and writes docs/detection.md; the test suite runs it as a gate. A clause is asked about a mutant until it
has said what there is to say: that it fails, in the words that the mutant's row has for the clause that claims it. The clause
that claims a mutant may put all its cases; one that may catch it too puts one in `SHARE_OF_MAY`; one that must stay silent
one in `SHARE`: to it most mutants are right quantizers. For each mutant they are others, so that each case meets many.
`make mutants SHARE=1` puts all.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import pytest

from fsqcheck.conformance.clause import catalogue
from fsqcheck.conformance.names import case_in
from fsqcheck.conformance.plan import TIERS, Wanted
from fsqcheck.conformance.plugin import result_in
from fsqcheck.conformance.run import Ending, Unwatched, run_suite
from fsqcheck.conformance.session import Session
from fsqcheck.reports import BAD, Record, read

from .offender import Offender
from .table import OFFENDERS


@dataclass(frozen=True)
class Catch:
    """What the cases of one clause said of a mutant: where they judged it, and where it raised or gave no answer."""

    failed: tuple[str, ...] = ()
    raised: tuple[str, ...] = ()


#: What each mutant was caught by, in the order of the catalogue: mutant → clause → catch.
Matrix = Mapping[Offender, Mapping[str, Catch]]


#: How many mutants share a run: enough to share the staircases, few enough that no process waits long for the last.
_TOGETHER = 12
#: Of the cases of a clause that must stay silent one in so many is run.
SHARE = 16
#: Of the cases of a clause that may catch a mutant which another claims.
SHARE_OF_MAY = 5


def matrix(
    offenders: Iterable[Offender] = OFFENDERS,
    clauses: Iterable[str] = (),
    processes: int = 1,
    share: int = SHARE,
    device: str = "cpu",
) -> Matrix:
    """Runs the suite, or some of its clauses, over mutants: a run for a handful of them that share a tier.

    share: one in so many cases of clauses that must stay silent; 1 for all. With `processes` above 1, whole runs go side by
    side: a worker of pytest-xdist would collect the cases of them all.
    """
    wanted = tuple(offenders)
    runs = [(part, _chosen(part, clauses)) for part in _parts(wanted)]
    if processes == 1:
        answers = [_run(*one, share, device) for one in runs]
    else:
        with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
            answers = list(pool.map(_run, *zip(*runs, strict=True), repeat(share), repeat(device)))
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


def _run(
    part: Sequence[Offender], clauses: tuple[str, ...], share: int, device: str
) -> dict[Offender, Mapping[str, Catch]]:
    targets = tuple(dict.fromkeys(one.target for one in part))
    session = Session(Wanted(targets, part[0].tier, clauses=clauses, devices=(device,)))
    with tempfile.TemporaryDirectory(prefix="fsqcheck-") as folder:
        report = Path(folder, "mutants.jsonl")
        ending = run_suite(session, report, 1, Unwatched(), (Sampled(part, share),), within=True)
        record = read(report)
    assert not session.unavailable, session.unavailable
    assert ending == Ending()
    return {one: caught(record, one.target) for one in part}


class Sampled:
    """Leaves out of a run what says nothing more of its mutants, and a part of what need not say anything."""

    def __init__(self, part: Sequence[Offender], share: int) -> None:
        self._mutants = {one.target: one for one in part}
        self._turn = {one.target: OFFENDERS.index(one) for one in part}
        self._silent = {one.target: one.silent for one in part}
        self._share = share
        self._settled: set[tuple[str, str]] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Iterator[None]:
        """Measurements are left out, and a part of the cases of clauses that do not claim the mutant."""
        yield  # the suite puts measurements last
        items[:] = [
            one for one in items if (case := case_in(one.nodeid)) and self.wanted(case.target, case.clause, case.id)
        ]

    def wanted(self, target: str, clause: str, case_id: str) -> bool:
        """Whether a case of a clause is put to a mutant."""
        if clause == self._mutants[target].clause:
            return True
        share = self._share if clause in self._silent[target] else min(self._share, SHARE_OF_MAY)
        # By turns, not by chance: so no case is left to few mutants.
        return (zlib.crc32(case_id.encode()) + self._turn[target]) % share == 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remembers what a clause has said of a mutant; one that must not say anything may go on."""
        result = result_in(report)
        if result is None or result.outcome != "fail" or result.clause in self._silent[result.target]:
            return
        mutant = self._mutants[result.target]
        if result.clause != mutant.clause or mutant.says in (result.message or ""):
            self._settled.add((result.target, result.clause))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """A case whose clause has said all is left out."""
        case = case_in(item.nodeid)
        if case is None or (case.target, case.clause) not in self._settled:
            return None
        item.session._setupstate.teardown_exact(
            nextitem
        )  # what ended before was not the last of its module, and now is
        return True


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
