"""What a run says about each target, in one value, one sentence and one exit status."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

from . import plain
from .reason import Idle
from .record import (
    BAD,
    JUDGED,
    MUTE,
    SEVERITIES,
    BaselineLine,
    Outcome,
    Record,
    ResultLine,
    Severity,
    TargetLine,
    is_own_fault,
)
from .sorting import in_order
from .words import counted, listed

Status = Literal[0, 1, 2, 3]


@dataclass(frozen=True)
class Verdict:
    """What a record says about one target.

    `gap` says what is missing from the record, None if it is complete. A clause fails if any of its cases is BAD, and
    passes if a case passes and none is BAD, xfail or xpass; a clause with no case in JUDGED is `unjudged`. `cases`
    counts the results of each outcome, `planned` the cases there should be. `words` is the verdict as a person says it.
    """

    target: str
    loaded: bool
    gap: str | None
    failing: Mapping[Severity, int]
    passing: int
    unjudged: int
    cases: Mapping[Outcome, int]
    planned: int
    words: str

    @property
    def complete(self) -> bool:
        """Whether every planned case has its result and the run came to its end."""
        return self.gap is None

    @property
    def judged(self) -> int:
        """How many cases ran and were judged."""
        return sum(number for outcome, number in self.cases.items() if outcome in JUDGED)

    @property
    def status(self) -> Status:
        """The exit status that this target alone earns."""
        if not self.loaded:
            return 2
        if self.gap is not None or not self.judged:
            return 3
        return 1 if self.failing["must"] else 0


def judge(record: Record, target: str) -> Verdict:
    """The verdict on one target; `KeyError` if the record does not introduce it."""
    for line in record.targets:
        if line.name == target:
            return _judged(record, line)
    raise KeyError(target)


def verdicts(record: Record) -> tuple[Verdict, ...]:
    """The verdict on every target, in the order of the record; a record that was streamed is judged once."""
    if isinstance(record.results, tuple):
        return tuple(_judged(record, line) for line in record.targets)
    if record.results not in _STREAMED:
        _STREAMED[record.results] = tuple(_judged(record, line) for line in record.targets)
    return _STREAMED[record.results]


_STREAMED: WeakKeyDictionary[Sequence[ResultLine], tuple[Verdict, ...]] = WeakKeyDictionary()


def exit_status(record: Record) -> Status:
    """The exit status of the run: the highest that applies, so that what is unknown is never hidden by what is known.

    - 3: the record is incomplete, the run broke, the suite failed on a target, no target was tried, or nothing was judged
      for a loaded target.
    - 2: a target could not be loaded.
    - 1: a MUST clause has a case that failed, raised, crashed or timed out; or the baseline has problems that nobody
      allowed.
    - 0: everything that was judged conforms, SHOULD and MAY clauses apart.

    `unsupported` and `not-run` never count as a pass: a target with nothing else is 3, even if another one fails.
    """
    if not record.targets or _run_gap(record) is not None:
        return 3
    return max(*(verdict.status for verdict in verdicts(record)), _baseline_status(record.baseline))


def _baseline_status(baseline: BaselineLine | None) -> Status:
    return 1 if baseline is not None and baseline.problems and not baseline.allow_stale else 0


def gap(record: Record) -> str | None:
    """What is missing from a record: of the run as a whole, or else of the first target that is not complete."""
    return _run_gap(record) or next((verdict.gap for verdict in verdicts(record) if verdict.gap is not None), None)


def plan_digest(ids: Iterable[str]) -> str:
    """The SHA-256, in hex, of the case ids that were planned for a target: sorted, one a line."""
    found = hashlib.sha256()
    between = b""
    for (id,) in in_order((plain.encodable(id),) for id in ids):
        found.update(between + id.encode())
        between = b"\n"
    return found.hexdigest()


def _judged(record: Record, target: TargetLine) -> Verdict:
    clauses: defaultdict[str, Counter[Outcome]] = defaultdict(Counter)
    severities: dict[str, Severity] = {}
    idle, own = Idle(), list[ResultLine]()
    modes: defaultdict[str, set[tuple[bool, bool]]] = defaultdict(set)
    for result in record.of(target.name):
        clauses[result.clause][result.outcome] += 1
        if result.outcome in JUDGED:
            modes[result.clause].add((result.mode == "train", result.outcome in BAD))
        severities.setdefault(result.clause, result.severity)
        idle.add(result)
        own += [result] if is_own_fault(result) else []
    failing: Counter[Severity] = Counter(dict.fromkeys(SEVERITIES, 0))
    states: Counter[str] = Counter()
    for clause, outcomes in clauses.items():
        state = _state(set(outcomes))
        states[state] += 1
        if state == "fails":
            failing[severities[clause]] += 1
    states["unjudged"] += sum(1 for clause, number in target.planned.items() if number and clause not in clauses)
    cases = sum(clauses.values(), Counter[Outcome]())
    had = Counter({clause: outcomes.total() for clause, outcomes in clauses.items()})
    gap = _gap(record, target, had, own) if target.loaded else _run_gap(record)
    return Verdict(
        target=target.name,
        loaded=target.loaded,
        gap=gap,
        failing=dict(failing),
        passing=states["passes"],
        unjudged=states["unjudged"],
        cases=dict(cases),
        planned=sum(target.planned.values()),
        words=_words(target, record.baseline, cases, idle, gap, failing, states, list(modes.values())),
    )


def _state(outcomes: set[Outcome]) -> str:
    if outcomes & BAD:
        return "fails"
    if "xfail" in outcomes:
        return "expected"
    if "xpass" in outcomes:
        return "unexpected"
    return "passes" if "pass" in outcomes else "unjudged"


def _run_gap(record: Record) -> str | None:
    """What the record lacks as a whole."""
    footer, results = record.footer, len(record.results)
    if footer is None:
        return "the run did not come to its end"
    if footer.broke is not None:
        return f"the run broke ({plain.line(footer.broke)})"
    if footer.results != results:
        return f"the run counted {counted(footer.results, 'result')} and the record has {results:,}"
    return None


def _gap(record: Record, target: TargetLine, had: Counter[str], own: Sequence[ResultLine]) -> str | None:
    """What the record lacks about one loaded target. own: the cases in which the suite failed, and not the target."""
    planned = Counter(target.planned)
    missing = sum((planned - had).values())
    run = _run_gap(record)
    if missing:
        without = f"{missing:,} of {counted(sum(planned.values()), 'case')} {_have(missing)} no result"
        return f"{run}; {without}" if record.footer is not None and record.footer.broke is not None else without
    if run is not None:
        return run
    if own:
        more = f", and in {counted(len(own) - 1, 'other case')}" if len(own) > 1 else ""
        return f"in {plain.line(own[0].id)} {plain.line(str(own[0].message), 200)}{more}"
    if +planned != had:
        return f"{counted(sum((had - planned).values()), 'result')} more than planned"
    if target.plan_digest is None:
        return "the record does not say which cases were planned"
    if target.plan_digest != plan_digest(result.id for result in record.of(target.name)):
        return "the cases that ran are not those that were planned"
    return None


def _words(
    target: TargetLine,
    baseline: BaselineLine | None,
    cases: Counter[Outcome],
    idle: Idle,
    gap: str | None,
    failing: Mapping[Severity, int],
    states: Mapping[str, int],
    modes: Sequence[set[tuple[bool, bool]]],
) -> str:
    if not target.loaded:
        return f"could not be loaded: {plain.line(target.reason or 'no reason was recorded')}"
    if gap is not None:
        return f"incomplete: {gap}" + (f"; so far {_fail(failing)}" if any(failing.values()) else "")
    if not cases.keys() & JUDGED:
        return f"nothing was judged: {_idle(cases, idle)}"
    stale = "" if baseline is None or not baseline.problems else f"; {counted(len(baseline.problems), 'problem')} with "
    stale += "the baseline" if stale else ""
    if failing["must"]:
        return f"does not conform: {_fail(failing)}{_mute(cases) or _training(modes)}{stale}"
    passing = states["passes"]
    parts = [f"{counted(passing, 'clause') if passing else 'no clause'} {'passes' if passing < 2 else 'pass'}"]
    if any(failing.values()):
        parts.append(_fail(failing))
    if states["expected"]:
        parts.append(f"{states['expected']:,} {_s(states['expected'], 'fail')} as expected")
    if states["unexpected"]:
        parts.append(f"{states['unexpected']:,} {_s(states['unexpected'], 'pass', 'es')} unexpectedly")
    if states["unjudged"]:
        parts.append(f"{states['unjudged']:,} could not be judged")
    # A known failure is forgiven, and it is still a failure.
    return f"conforms{', known failures apart' if states['expected'] else ''}: {'; '.join(parts)}{stale}"


def _fail(failing: Mapping[Severity, int]) -> str:
    total = sum(failing.values())
    parts = [f"{failing[severity]:,} {severity.upper()}" for severity in SEVERITIES if failing[severity]]
    return f"{listed(parts)} {'clause fails' if total == 1 else 'clauses fail'}"


def _mute(cases: Counter[Outcome]) -> str:
    """What to see to first, where more than half of all cases got no answer: little is known of what it computes."""
    mute, judged = sum(cases[outcome] for outcome in MUTE), sum(cases[outcome] for outcome in JUDGED)
    return f"; {mute:,} of {counted(judged, 'case')} got no answer: see to that first" if 2 * mute > judged else ""


def _training(modes: Sequence[set[tuple[bool, bool]]]) -> str:
    """How many clauses fail in training mode and pass in evaluation, where these are many: they may have one cause.

    modes: for each clause of what its cases were judged: whether in training mode, and whether they failed.
    """
    alone = sum((True, True) in seen and (False, True) not in seen and (False, False) in seen for seen in modes)
    return f"; {alone:,} of them in training mode alone" if alone > 2 else ""


def _idle(cases: Counter[Outcome], idle: Idle) -> str:
    if not cases:
        return "no case was planned"
    groups = sorted((*idle.reasons("not-run"), *idle.reasons("unsupported")), key=lambda group: -group.cases)
    shown = [
        f"{plain.line(group.words, 120)} ({counted(group.cases, 'case')} {group.outcome.replace('-', ' ')})"
        for group in groups[:2]
    ]
    if len(groups) > 2:
        rest = groups[2:]
        shown.append(f"{counted(len(rest), 'other reason')} ({counted(sum(group.cases for group in rest), 'case')})")
    return "; ".join(shown)


def _s(number: int, verb: str, ending: str = "s") -> str:
    return verb + ending if number == 1 else verb


def _have(number: int) -> str:
    return "has" if number == 1 else "have"
