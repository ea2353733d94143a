"""Two records side by side: what became of every case from an old run to a new one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

from . import plain
from .comparison import KINDS, Change, Comparison, Group, Kind, Pair, Side, Timing
from .environments import differences, same_machine
from .facts import remedy
from .fingerprint import fingerprint
from .record import BAD, JUDGED, SEVERITIES, ClauseLine, Outcome, Record, ResultLine, Severity, TargetLine
from .sorting import in_order
from .verdict import Status, Verdict, judge
from .words import counted, listed

#: More changed cases than this are counted and not listed.
CHANGE_LIMIT = 5_000
#: The longest message that a change carries, in characters.
_MESSAGE = 400

_State = Literal["passed", "failed", "unsupported", "not-run"]

#: How an outcome is compared: a known failure is a failure, and an unexpected pass is a pass.
_STATES: Mapping[Outcome, _State] = {
    "pass": "passed",
    "xpass": "passed",
    "xfail": "failed",
    **dict.fromkeys(BAD, "failed"),
    "unsupported": "unsupported",
    "not-run": "not-run",
}

#: What a case that both runs have has become, by its states before and after; beside those that stayed in one state.
_BECAME: Mapping[tuple[_State, _State], Kind] = {
    ("passed", "failed"): "regressed",
    ("passed", "unsupported"): "regressed",
    ("unsupported", "failed"): "regressed",
    ("failed", "passed"): "fixed",
    ("unsupported", "passed"): "fixed",
    ("failed", "unsupported"): "withdrawn",
}

_MUST_BE_RUN_AGAIN = "run the old target again with this fsqcheck"


def became(old: Outcome, new: Outcome) -> Kind | None:
    """What has become of something with one outcome before and another after; None if it stayed in one state."""
    one, two = _STATES[old], _STATES[new]
    return None if one == two else _BECAME.get((one, two), "environment-changed")


class _Case(msgspec.Struct, frozen=True, array_like=True):
    """What a comparison needs to know of a result; rows are sorted by the id."""

    id: str
    clause: str
    severity: Severity
    outcome: Outcome
    seconds: float
    digest: str | None
    drawn: bool
    fingerprint: str | None
    message: str | None
    rerun: str | None

    @property
    def state(self) -> _State:
        """How the case is compared."""
        return _STATES[self.outcome]


def compare(old: Record, new: Record) -> Comparison:
    """What changed from `old` to `new`, case by case.

    Targets are paired by name, then by name without a release (`package==1.2`); one target each is a pair whatever their
    names. A case is the same case if its id is. Both records may be streamed: what is held does not grow with them.
    """
    pairs = tuple(_pair(old, new, *names) for names in _paired(old, new))
    only_old = _without(old, {pair.old.target for pair in pairs})
    only_new = _without(new, {pair.new.target for pair in pairs})
    status: Status = max((pair.status for pair in pairs), default=2)
    if pairs and only_old:
        status = 3
    return Comparison(
        status=status,
        words=_overall(pairs, only_old, status),
        pairs=pairs,
        only_old=only_old,
        only_new=only_new,
        environment=differences(old.header, new.header),
    )


def _without(record: Record, names: set[str]) -> tuple[str, ...]:
    return tuple(line.name for line in record.targets if line.name not in names)


def _paired(old: Record, new: Record) -> Iterator[tuple[str, str]]:
    olds, news = [line.name for line in old.targets], [line.name for line in new.targets]
    if len(olds) == len(news) == 1:
        yield olds[0], news[0]
        return
    alike = {name: [one for one in news if _bare(one) == _bare(name) and one not in olds] for name in olds}
    for name in olds:
        if name in news:
            yield name, name
        elif len(alike[name]) == 1 and sum(_bare(one) == _bare(name) and one not in news for one in olds) == 1:
            yield name, alike[name][0]


def _bare(target: str) -> str:
    return target.partition("==")[0]


def _pair(old: Record, new: Record, old_name: str, new_name: str) -> Pair:
    was, now = judge(old, old_name), judge(new, new_name)
    ledger = _Ledger(
        _changed_clauses(old, new), (old.header.seed, old.header.tier) == (new.header.seed, new.header.tier)
    )
    for one, two in _aligned(_rows(old, old_name), _rows(new, new_name)):
        ledger.enter(one, two)
    reasons = (*_not_comparable(was, now, ledger), *_incomplete(was, now, ledger))
    status: Status = max([status for status, _ in reasons], default=1 if ledger.regressions else 0)
    clauses = {clause.id: clause for clause in (*old.clauses, *new.clauses)}
    before, after = ledger.seconds
    return Pair(
        old=_side(old, old_name, was),
        new=_side(new, new_name, now),
        status=status,
        words=_words(ledger, [words for _, words in reasons]),
        counts={kind: ledger.counts[kind] for kind in KINDS if ledger.counts[kind]},
        groups=tuple(sorted(ledger.grouped(clauses), key=lambda one: (*_urgency(one.kind, one.severity), one.clause))),
        changes=tuple(sorted(ledger.changes, key=lambda one: (*_urgency(one.kind, one.severity), one.id))),
        left_out=ledger.changed - len(ledger.changes),
        timing=Timing(old=round(before, 3), new=round(after, 3)) if same_machine(old.header, new.header) else None,
    )


def _rows(record: Record, target: str) -> Iterator[_Case]:
    """The cases of a target in the order of their ids."""
    rows = enumerate(map(_case, record.of(target)))
    for _, _, *row in in_order((case.id, number, *msgspec.structs.astuple(case)) for number, case in rows):
        yield _Case(*row)


def _case(result: ResultLine) -> _Case:
    failed = _STATES[result.outcome] == "failed"
    return _Case(
        id=plain.encodable(result.id),
        clause=result.clause,
        severity=result.severity,
        outcome=result.outcome,
        seconds=result.seconds,
        digest=result.digest,
        drawn=not result.levels,
        fingerprint=fingerprint(result) if failed else None,
        message=None if result.message is None or result.outcome == "pass" else result.message[:_MESSAGE],
        rerun=result.evidence.rerun if failed and result.evidence is not None else None,
    )


def _aligned(old: Iterator[_Case], new: Iterator[_Case]) -> Iterator[tuple[_Case | None, _Case | None]]:
    """The cases of both sides, those with one id together."""
    one, two = next(old, None), next(new, None)
    while one is not None or two is not None:
        if two is None or (one is not None and one.id < two.id):
            yield one, None
            one = next(old, None)
        elif one is None or two.id < one.id:
            yield None, two
            two = next(new, None)
        else:
            yield one, two
            one, two = next(old, None), next(new, None)


class _Ledger:
    """What is known of a pair while its cases go by."""

    def __init__(self, changed_clauses: frozenset[str], drawn_alike: bool) -> None:
        self.changed_clauses = changed_clauses
        self._drawn_alike = drawn_alike
        self.counts: Counter[Kind] = Counter()
        self.changes: list[Change] = []
        self.lost = 0
        self.common = 0
        self.regressions: Counter[Severity] = Counter()
        self.seconds = (0.0, 0.0)
        self._groups: dict[tuple[Kind, str], tuple[int, Change]] = {}

    def enter(self, one: _Case | None, two: _Case | None) -> None:
        """Takes in one case, as it was and as it is."""
        case = two or one
        assert case is not None  # one of the two has it
        kind = self._kind(one, two)
        self.counts[kind] += 1
        self.common += one is not None and two is not None and {one.outcome, two.outcome} <= JUDGED
        self.lost += one is not None and one.outcome in JUDGED and (two is None or two.state == "not-run")
        if kind == "regressed" and case.severity != "may":  # a MAY is information
            self.regressions[case.severity] += 1
        if one is not None and two is not None and one.state == two.state == "passed":
            self.seconds = self.seconds[0] + one.seconds, self.seconds[1] + two.seconds
        if kind == "unchanged":
            return
        change = Change(
            kind=kind,
            id=case.id,
            clause=case.clause,
            severity=case.severity,
            old=one.outcome if one is not None else None,
            new=two.outcome if two is not None else None,
            message=two.message if two is not None else None,
            rerun=two.rerun if two is not None else None,
        )
        cases, first = self._groups.get((kind, case.clause), (0, change))
        self._groups[kind, case.clause] = cases + 1, first
        # What matters is listed however much else has changed before it.
        if len(self.changes) < CHANGE_LIMIT or (kind == "regressed" and self.counts[kind] <= CHANGE_LIMIT):
            self.changes.append(change)

    @property
    def changed(self) -> int:
        """How many cases are not as they were."""
        return self.counts.total() - self.counts["unchanged"]

    def grouped(self, clauses: Mapping[str, ClauseLine]) -> Iterator[Group]:
        """The changes by kind and clause."""
        for (kind, clause), (cases, first) in self._groups.items():
            described = clauses.get(clause)
            yield Group(
                kind=kind,
                clause=clause,
                severity=first.severity,
                title=described.title if described is not None else "",
                cases=cases,
                example=first,
                remedy=remedy(clause, described.page) if described is not None and first.new in BAD else None,
            )

    def _kind(self, one: _Case | None, two: _Case | None) -> Kind:
        if one is None:
            return "new"
        if two is None:
            return "removed"
        if one.clause in self.changed_clauses:
            return "clause-changed"
        if (changed := became(one.outcome, two.outcome)) is not None:
            return changed
        if one.state == "failed" and one.fingerprint != two.fingerprint:
            return "fails-differently"
        comparable = self._drawn_alike or not one.drawn
        if one.state == "passed" and comparable and None is not one.digest != two.digest is not None:
            return "values-changed"
        return "unchanged"


def _changed_clauses(old: Record, new: Record) -> frozenset[str]:
    """The clauses that both records describe, and that demand something else in the new one."""
    before = {clause.id: (clause.sentence, clause.severity) for clause in old.clauses}
    return frozenset(
        one.id
        for one in new.clauses
        if before.get(one.id, (one.sentence, one.severity)) != (one.sentence, one.severity)
    )


def _not_comparable(was: Verdict, now: Verdict, ledger: _Ledger) -> Iterator[tuple[Status, str]]:
    for side, verdict in (("old", was), ("new", now)):
        if not verdict.loaded:
            yield 2, f"the {side} target {plain.line(verdict.words)}"
    if not (was.loaded and now.loaded):
        return
    if number := ledger.counts["clause-changed"]:
        clauses = sorted(ledger.changed_clauses)
        named = listed([plain.line(id, 40) for id in clauses[:3]]) + (" …" if len(clauses) > 3 else "")
        yield 2, f"{counted(number, 'case')} of clauses that changed ({named}): {_MUST_BE_RUN_AGAIN}"
    if not ledger.common and was.complete and now.complete:
        yield 2, "no case was judged in both runs: compare runs of the same rules, levels and clauses"


def _incomplete(was: Verdict, now: Verdict, ledger: _Ledger) -> Iterator[tuple[Status, str]]:
    for side, verdict in (("old", was), ("new", now)):
        if verdict.loaded and verdict.gap is not None:
            yield 3, f"the {side} run is incomplete: {verdict.gap}"
    if ledger.lost and now.loaded:
        yield (
            3,
            f"{counted(ledger.lost, 'case')} that {'was' if ledger.lost == 1 else 'were'} judged before had no answer now",
        )


def _words(ledger: _Ledger, reasons: Iterable[str]) -> str:
    parts = list(reasons)
    number = ledger.counts["regressed"]
    if number:
        severities = [f"{ledger.regressions[one]:,} {one.upper()}" for one in SEVERITIES if ledger.regressions[one]]
        parts.append(f"{counted(number, 'case')} regressed" + (f" ({listed(severities)})" if severities else " (MAY)"))
    elif not parts:
        parts.append("no regression")
    told: tuple[tuple[Kind, str], ...] = (
        ("fixed", "fixed"),
        ("fails-differently", "failing in another way"),
        ("values-changed", "with other values that still pass"),
        ("new", "new"),
    )
    parts += [f"{ledger.counts[kind]:,} {words}" for kind, words in told if ledger.counts[kind]]
    if not ledger.changed:
        parts.append("nothing changed")
    return "; ".join(parts)


def _overall(pairs: tuple[Pair, ...], only_old: tuple[str, ...], status: Status) -> str:
    if not pairs:
        return "not comparable: the records have no target in common"
    parts = []
    if only_old:
        are = "is" if len(only_old) == 1 else "are"
        parts.append(f"{counted(len(only_old), 'target')} of the old run {are} not in the new one")
    if len(pairs) == 1:
        parts.append(pairs[0].words)
    else:
        deciding = [pair for pair in pairs if pair.status == status]
        parts += [f"{plain.line(pair.new.target, 100)}: {pair.words}" for pair in deciding[:3]]
        if len(deciding) > 3:
            parts.append(f"and so with {counted(len(deciding) - 3, 'more target')}")
    return f"{_VERDICTS[status]}: {'; '.join(parts)}"


_VERDICTS: Mapping[Status, str] = {0: "the same or better", 1: "worse", 2: "not comparable", 3: "incomplete"}


def _urgency(kind: Kind, severity: Severity) -> tuple[int, int]:
    return list(KINDS).index(kind), SEVERITIES.index(severity)


def _side(record: Record, name: str, verdict: Verdict) -> Side:
    line: TargetLine = next(line for line in record.targets if line.name == name)
    return Side(
        target=name,
        version=line.version,
        started=record.header.started,
        fsqcheck=record.header.fsqcheck,
        tier=record.header.tier,
        seed=record.header.seed,
        verdict=verdict.words,
        judged=verdict.judged,
    )
