"""The known failures of a run: the baseline as the session holds it, and what the run shows of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase

from ..reference import PRECISIONS, RESIDUAL_RULES, RULES
from ..reports.baseline import Baseline, Entry
from ..reports.expecting import PlannedCase, Tally, expected
from ..reports.record import BaselineLine, ResultLine, is_own_fault
from .clause import catalogue
from .plan import DEVICES, TIERS, Wanted
from .session import Claim, Session


def today() -> date:
    """The day, in UTC, so that a run says the same wherever it is made."""
    return datetime.now(UTC).date()


def as_known(session: Session, result: ResultLine) -> ResultLine:
    """The result as the run's baseline sees it; a fault of the suite itself is never a known failure."""
    return expected_of(session.baseline, session.claims, result)


def expected_of(baseline: Baseline | None, claims: Mapping[str, Claim], result: ResultLine) -> ResultLine:
    """The same for a run that has no session."""
    if baseline is None or is_own_fault(result):
        return result
    claim = claims.get(result.target)
    return expected(baseline, result, claim.version if claim else None, today())


class KnownFailures:
    """Follows a run with a baseline, and says in the end what is no longer true of it.

    `claims`: what each target says of itself; it may still grow while the run goes on.
    """

    def __init__(self, wanted: Wanted, baseline: Baseline, claims: Mapping[str, Claim]) -> None:
        self._wanted = wanted
        self._baseline = baseline
        self._claims = claims
        self._tally = Tally(baseline, self._version)

    def add(self, result: ResultLine) -> None:
        """A case has ended."""
        self._tally.add(result)

    def line(self, planned: Iterable[PlannedCase]) -> BaselineLine:
        """What is to be said of the baseline, when these cases were planned."""
        return self._tally.line(planned, self._outside, today(), self._wanted.allow_stale)

    def _version(self, target: str) -> str | None:
        claim = self._claims.get(target)
        return claim.version if claim else None

    def _outside(self, entry: Entry) -> bool:
        """Whether an entry that matches no planned case is about cases which this run left out on purpose."""
        wanted = self._wanted
        if wanted.case is not None or _TIER.get(wanted.tier, 0) < _TIER.get(self._baseline.tier or "", 0):
            return True
        dtypes, devices = entry.dtypes or ("",), entry.devices or ("",)
        conditions = any(
            entry.applies(target, claim.version, dtype, device)
            for target, claim in self._claims.items()
            for dtype in dtypes
            for device in devices
        )
        if not conditions or (entry.devices and not set(entry.devices) & set(wanted.devices or ("cpu",))):
            return True
        return all(_narrowed_away(pattern, wanted, self._claims) for pattern in entry.cases)


_TIER = {tier: number for number, tier in enumerate(TIERS)}


def _narrowed_away(pattern: str, wanted: Wanted, claims: Mapping[str, Claim]) -> bool:
    """Whether a pattern matches something that exists, and nothing of what the run was narrowed to."""
    parts = [*pattern.removesuffix("/**").split("/"), *["*"] * 5]
    clause, rule, levels, dtype, device = parts[:5]
    clauses = tuple(id for id in catalogue() if _chosen(id, wanted))
    rules = tuple(rule for claim in claims.values() for rule in claim.rules)
    lists = tuple("x".join(map(str, one)) for one in wanted.levels)
    return (
        _missed(clause, tuple(catalogue()), clauses)
        or _missed(rule, (*RULES, *RESIDUAL_RULES), rules)
        or _missed(dtype, tuple(PRECISIONS), wanted.dtypes or tuple(PRECISIONS))
        or _missed(device, DEVICES, (*(wanted.devices or ("cpu",)), "cuda"))
        or (bool(lists) and levels != "drawn" and not any(fnmatchcase(one, levels) for one in lists))
    )


def _chosen(id: str, wanted: Wanted) -> bool:
    return not wanted.clauses or id in wanted.clauses or id.partition("-")[0] in wanted.clauses


def _missed(part: str, known: tuple[str, ...], chosen: tuple[str, ...]) -> bool:
    return any(fnmatchcase(one, part) for one in known) and not any(fnmatchcase(one, part) for one in chosen)
