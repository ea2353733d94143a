"""The known failures of a run: the baseline as the session holds it, and what the run shows of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fnmatch import fnmatchcase

from ..reference import PRECISIONS, RULES
from ..reports.baseline import Entry
from ..reports.expecting import Tally, expected
from ..reports.record import BaselineLine, ResultLine
from .clause import catalogue
from .plan import DEVICES, TIERS, Wanted
from .results import is_own_fault
from .session import Session


def today() -> date:
    """The day, in UTC, so that a run says the same wherever it is made."""
    return datetime.now(UTC).date()


def as_known(session: Session, result: ResultLine) -> ResultLine:
    """The result as the run's baseline sees it; a fault of the suite itself is never a known failure."""
    if session.baseline is None or is_own_fault(result):
        return result
    return expected(session.baseline, result, session.version(result.target), today())


class KnownFailures:
    """Follows a run with a baseline, and says in the end what is no longer true of it."""

    def __init__(self, session: Session) -> None:
        assert session.baseline is not None
        self._session = session
        versions = {target: session.version(target) for target in session.adapters}
        self._tally = Tally(session.baseline, versions)

    def add(self, result: ResultLine) -> None:
        """A case has ended."""
        self._tally.add(result)

    def line(self) -> BaselineLine:
        """What is to be said of the baseline."""
        session = self._session
        planned = [case for target in session.adapters for case in session.cases(target)]
        return self._tally.line(planned, self._outside, today(), session.wanted.allow_stale)

    def _outside(self, entry: Entry) -> bool:
        """Whether an entry that matches no planned case is about cases which this run left out on purpose."""
        session, wanted = self._session, self._session.wanted
        assert session.baseline is not None
        if wanted.case is not None or _TIER.get(wanted.tier, 0) < _TIER.get(session.baseline.tier or "", 0):
            return True
        versions = {target: session.version(target) for target in session.adapters}
        dtypes, devices = entry.dtypes or ("",), entry.devices or ("",)
        conditions = any(
            entry.applies(target, version, dtype, device)
            for target, version in versions.items()
            for dtype in dtypes
            for device in devices
        )
        if not conditions or (entry.devices and not set(entry.devices) & set(wanted.devices or ("cpu",))):
            return True
        return all(_narrowed_away(pattern, wanted, session) for pattern in entry.cases)


_TIER = {tier: number for number, tier in enumerate(TIERS)}


def _narrowed_away(pattern: str, wanted: Wanted, session: Session) -> bool:
    """Whether a pattern matches something that exists, and nothing of what the run was narrowed to."""
    parts = [*pattern.removesuffix("/**").split("/"), *["*"] * 5]
    clause, rule, levels, dtype, device = parts[:5]
    clauses = tuple(id for id in catalogue() if _chosen(id, wanted))
    rules = wanted.rules or tuple(rule for adapter in session.adapters.values() for rule in adapter.rules)
    lists = tuple("x".join(map(str, one)) for one in wanted.levels)
    return (
        _missed(clause, tuple(catalogue()), clauses)
        or _missed(rule, tuple(RULES), rules)
        or _missed(dtype, tuple(PRECISIONS), wanted.dtypes or tuple(PRECISIONS))
        or _missed(device, DEVICES, (*(wanted.devices or ("cpu",)), "cuda"))
        or (bool(lists) and levels != "drawn" and not any(fnmatchcase(one, levels) for one in lists))
    )


def _chosen(id: str, wanted: Wanted) -> bool:
    return not wanted.clauses or id in wanted.clauses or id.partition("-")[0] in wanted.clauses


def _missed(part: str, known: tuple[str, ...], chosen: tuple[str, ...]) -> bool:
    return any(fnmatchcase(one, part) for one in known) and not any(fnmatchcase(one, part) for one in chosen)
