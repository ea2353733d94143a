"""The guard of one job: follows its child, ends it at a limit, and starts another for what it left."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ..conformance.evidence import rerun_command
from ..conformance.measuring import unmeasured
from ..conformance.names import case_in, measured_in
from ..conformance.recording import bare_result
from ..reports.record import (
    ClauseLine,
    Evidence,
    Footer,
    GradientLine,
    Measurement,
    Outcome,
    ResultLine,
    StaircaseLine,
    TargetLine,
)
from .channel import Planned, Started
from .child import Order
from .following import Followed, Stray
from .job import GIB, Job
from .keepers import Lease

#: What a job gives: the lines of a record but for its header, its baseline and its footer.
Found = TargetLine | ClauseLine | ResultLine | Measurement

#: How often in a row a child may die before any of its tests has ended.
_PATIENCE = 3
_NO_MEMORY = re.compile(r"MemoryError|bad_alloc|not enough memory|can(no|')t allocate memory", re.IGNORECASE)


class BrokenJobError(Exception):
    """The suite itself broke in a child; the message says how."""


class Guard:
    """Runs a job. `site`: the folder of packages that goes before all others; `lease`: gives keepers that live."""

    def __init__(self, job: Job, site: str | None, lease: Lease) -> None:
        self._job = job
        self._site = site
        self._lease = lease
        self._planned: tuple[str, ...] = ()
        self._finished: set[str] = set()
        self._running: str | None = None
        self._answered = False
        self._told: set[str] = set()
        self._complete = False
        self._end = float("inf")

    def lines(self) -> Iterator[Found]:
        """The record's lines of targets, clauses, results and measurements, as they come.

        `BrokenJobError` when the suite broke, `KeeperDiedError` when no keeper can be had.
        """
        self._end = time.monotonic() + (self._job.limits.run_s or float("inf"))
        barren = 0
        while True:
            before = len(self._finished)
            child = Followed(self._lease.keeper(), self._order(), self._deadline())
            yield from self._followed(child)
            if self._complete:
                return
            yield from self._died(child)
            barren = barren + 1 if len(self._finished) == before else 0
            if not self._loaded or (child.expired and time.monotonic() >= self._end):
                yield from self._left(f"the run's limit of {self._job.limits.run_s:g} s was reached before")
                return
            if barren == _PATIENCE:
                yield from self._left(f"the target's process died {barren} times before a case could start")
                return

    @property
    def _loaded(self) -> bool:
        return self._job.target in self._told

    def _order(self) -> Order:
        path, done = tuple(sys.path), frozenset(self._finished)
        return Order(self._job, path, str(Path.cwd()), self._site, done, self._lease.rules)

    def _deadline(self) -> float:
        return min(self._end, time.monotonic() + self._job.limits.case_s)

    def _followed(self, child: Followed) -> Iterator[Found]:
        """What one child says; it has ended afterwards."""
        self._running, self._answered = None, False
        for said in child.said():
            match said:
                case Planned():
                    self._planned = self._planned or said.names
                case Started():
                    self._over()
                    self._running, self._answered = said.name, False
                    child.deadline = self._deadline()
                case ResultLine():
                    self._answered = True
                    yield self._judged(said)
                case StaircaseLine() | GradientLine():
                    self._answered = True
                    yield said
                case TargetLine() | ClauseLine():
                    yield from self._once(said)
                case Footer():
                    if said.broke:
                        raise BrokenJobError(said.broke)
                    self._over()
                    self._complete = True
                case Stray():
                    raise BrokenJobError("the target wrote into the suite's own pipe")
                case _:
                    pass

    def _once(self, line: TargetLine | ClauseLine) -> Iterator[Found]:
        """Each child says again what it found; the first to say it is believed."""
        key = line.name if isinstance(line, TargetLine) else line.id
        if key not in self._told:
            self._told.add(key)
            if isinstance(line, TargetLine):
                self._lease.judged_by(line.rules)
            yield line

    def _over(self) -> None:
        if self._running is not None:
            self._finished.add(self._running)
            self._running = None

    def _judged(self, result: ResultLine) -> ResultLine:
        """A target that ran out of the memory it may have has crashed, whatever it raised."""
        if result.outcome != "error" or not _NO_MEMORY.search(result.message or ""):
            return result
        words = f"more than {self._job.limits.memory / GIB:g} GiB of memory were wanted: {result.message}"
        return msgspec.structs.replace(result, outcome="crash", message=words)

    def _died(self, child: Followed) -> Iterator[Found]:
        """What is to be said of a child that did not come to its end, and of what it was doing."""
        limit = f"gave no answer within {self._job.limits.case_s:g} s and was ended"
        how = f"the process {limit if child.expired else child.how()}"
        printed = child.last_output()
        if not self._loaded:
            reason = f"{self._job.target} cannot be loaded: {how}{child.last_words()}"
            yield TargetLine(name=self._job.target, loaded=False, reason=reason)
        elif self._running is not None and not (child.expired and time.monotonic() >= self._end):
            if not self._answered:
                yield from self._victim(self._running, "timeout" if child.expired else "crash", how, printed)
            self._over()

    def _victim(self, name: str, outcome: Outcome, how: str, printed: str) -> Iterator[Found]:
        if (case := case_in(name)) is not None:
            bare = bare_result(case, outcome, self._job.limits.case_s if outcome == "timeout" else 0.0, how)
            evidence = Evidence(
                observed=how,
                expected="an answer",
                rerun=f"{rerun_command(case, self._job.wanted.seed)}{'' if self._job.pin else ' --isolate'}",
                details={"last output": printed} if printed else {},
            )
            yield msgspec.structs.replace(bare, evidence=evidence)
        elif (measured := measured_in(name)) is not None:
            yield from unmeasured(measured[0], self._job.wanted, measured[1], how)

    def _left(self, why: str) -> Iterator[Found]:
        """Everything that was planned and has not ended."""
        for name in self._planned:
            if name not in self._finished and (case := case_in(name)) is not None:
                yield bare_result(case, "not-run", 0.0, why)
