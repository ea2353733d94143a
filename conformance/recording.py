"""What the plugin writes: the lines of a record, from plans and from pytest's reports."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .. import __version__
from ..adapters import OneVectorError
from ..reports import plan_digest
from ..reports.record import ClauseLine, Environment, Header, Outcome, ResultLine, TargetLine
from .case import Case
from .clause import Clause, catalogue
from .findings import NonConformanceError, NotJudgedError, TargetRaisedError, UnsupportedError, WrongAnswerError
from .plan import Wanted, counted, judging_rules
from .session import Session

_PACKAGES = ("numpy", "ml_dtypes", "mpmath", "pytest", "pytest-xdist", "hypothesis", "torch", "jax")


def now() -> str:
    """The time in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def header(wanted: Wanted) -> Header:
    """The first line."""
    return Header(
        fsqcheck=__version__,
        started=now(),
        command=(Path(sys.argv[0]).name, *sys.argv[1:]),
        environment=environment(),
        tier=wanted.tier,
        seed=wanted.seed,
    )


def environment() -> Environment:
    """The machine and the packages of this process."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return Environment(
        python=platform.python_version(),
        platform=platform.platform(),
        processor=_processor(),
        cores=os.cpu_count() or 1,
        packages=found,
    )


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def target_lines(session: Session) -> Iterable[TargetLine]:
    """One line a target, loaded or not, in the order in which they were asked for."""
    adapters = session.adapters
    for target in dict.fromkeys(session.wanted.targets):
        adapter = adapters.get(target)
        if adapter is None:
            yield TargetLine(name=target, loaded=False, reason=session.unavailable[target])
            continue
        cases = session.cases(target)
        yield TargetLine(
            name=target,
            version=adapter.identity.version,
            origin=adapter.identity.origin,
            framework=adapter.identity.framework,
            rules=judging_rules(session.wanted, adapter),
            planned=counted(cases),
            plan_digest=plan_digest(case.id for case in cases),
        )


def clause_lines(session: Session) -> Iterable[ClauseLine]:
    """One line for each clause that is planned for any target."""
    planned = {case.clause for target in session.adapters for case in session.cases(target)}
    for clause in catalogue().values():
        if clause.id in planned:
            yield clause_line(clause)


def clause_line(clause: Clause) -> ClauseLine:
    """A clause as a line."""
    return ClauseLine(
        id=clause.id,
        severity=clause.severity,
        title=clause.title,
        sentence=clause.sentence,
        meaning=clause.meaning,
        source=clause.source,
        page=clause.page,
    )


def outcome_of(error: BaseException | None) -> Outcome | None:
    """The outcome that an exception stands for; None for one that is none of ours: the suite itself is at fault."""
    if error is None:
        return "pass"
    for kind, outcome in _OUTCOMES:
        if isinstance(error, kind):
            return outcome
    return None


_OUTCOMES: tuple[tuple[type[BaseException], Outcome], ...] = (
    (NonConformanceError, "fail"),
    (TargetRaisedError, "error"),
    (WrongAnswerError, "error"),
    (UnsupportedError, "unsupported"),
    (OneVectorError, "unsupported"),
    (NotJudgedError, "not-run"),
)


def bare_result(case: Case, outcome: Outcome, seconds: float, message: str | None) -> ResultLine:
    """A result without evidence."""
    return ResultLine(
        id=case.id,
        clause=case.clause,
        severity=catalogue()[case.clause].severity,
        target=case.target,
        rule=case.rule,
        levels=case.levels,
        dtype=case.dtype,
        device=case.device,
        mode=case.mode,
        variant=case.variant,
        outcome=outcome,
        seconds=round(seconds, 6),
        message=message,
    )
