"""What a finding shows, as labelled texts: the terminal and Markdown say the same things in the same order."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass

from . import plain
from .finding import Cause, Finding, error_key
from .record import Distance, Evidence, Number, ResultLine
from .words import counted

#: More numbers of an input than this are counted, not shown.
INPUT_LIMIT = 8
#: More details, or more errors beside the example's, than this are counted, not shown.
DETAIL_LIMIT = 5
#: A script longer than this, in characters, stays in the record.
SCRIPT_LIMIT = 4_000


@dataclass(frozen=True)
class Fact:
    """One label and its text, which may have several lines and is safe to show."""

    label: str
    text: str


def facts(finding: Finding) -> tuple[Fact, ...]:
    """What is known of a finding's best example, how far the finding reaches, and where its remedy is."""
    command = remedy(finding.clause.id, finding.clause.page)
    last = () if command is None else (Fact("remedy", command),)
    if finding.same_as is not None:
        return (
            Fact(finding.best.outcome, f"the same as in {plain.line(finding.same_as, 60)}"),
            *_reach(finding),
            *last,
        )
    return (*case_facts(finding.best), *_reach(finding), Fact("example", plain.line(finding.best.id)), *last)


def case_facts(result: ResultLine) -> tuple[Fact, ...]:
    """What is known of one case that did not pass."""
    evidence = result.evidence
    shown: list[Fact] = []
    if result.outcome != "fail" or evidence is None:
        message = result.message or "nothing was recorded"
        shown.append(Fact("message" if result.outcome == "fail" else result.outcome, plain.block(message)))
    elif result.message:
        shown.append(Fact("found", plain.block(result.message)))
    if evidence is not None:
        shown += _evidence(evidence)
    if result.known is not None and result.outcome != "xfail":
        shown.append(Fact("baseline", plain.line(result.known)))
    return tuple(shown)


def remedy(clause: str, page: str | None) -> str | None:
    """The command that says why a clause is demanded and how to mend a failure; None for a clause without a page."""
    return f"fsqcheck explain {shlex.quote(plain.line(clause, 40))}" if page else None


def rerun(finding: Finding) -> str | None:
    """The command that runs the best example again, on one line."""
    evidence = finding.best.evidence
    return plain.line(evidence.rerun, SCRIPT_LIMIT) if evidence is not None and evidence.rerun else None


def script(finding: Finding) -> str | None:
    """The script that shows the best example without fsqcheck; a comment in its place if it is too long to show."""
    evidence = finding.best.evidence
    if finding.same_as is not None or evidence is None or not evidence.script:
        return None
    if len(evidence.script) > SCRIPT_LIMIT:
        return f"# too long to show ({len(evidence.script):,} characters); the record has it"
    return plain.source(evidence.script)


def number(value: float) -> str:
    """A distance to four digits: `12.35`, `1,200,000`, `3.1e-09`."""
    if not math.isfinite(value):
        return "infinitely many" if value > 0 else str(value)
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.4g}"


def _evidence(evidence: Evidence) -> list[Fact]:
    shown = [
        Fact("observed", plain.block(evidence.observed)),
        Fact("expected", plain.block(evidence.expected)),
    ]
    if evidence.input or evidence.input_note:
        shown.append(Fact("input", _input(evidence.input, evidence.input_note)))
    if evidence.distance is not None and (distance := _distance(evidence.distance)):
        shown.append(Fact("distance", distance))
    if evidence.wrong is not None:
        of = "" if evidence.tried is None else f" of {evidence.tried:,}"
        shown.append(Fact("wrong", f"{evidence.wrong:,}{of} in this case"))
    details = list(evidence.details.items())
    shown += [Fact(plain.line(name, 30), plain.block(text, 300, 4)) for name, text in details[:DETAIL_LIMIT]]
    if len(details) > DETAIL_LIMIT:
        shown.append(Fact("more", f"{counted(len(details) - DETAIL_LIMIT, 'detail')} in the record"))
    return shown


def _input(numbers: tuple[Number, ...], note: str | None) -> str:
    shown = [f"{plain.line(one.decimal, 40)} ({plain.line(one.bits, 40)})" for one in numbers[:INPUT_LIMIT]]
    if len(numbers) > INPUT_LIMIT:
        shown.append(f"and {len(numbers) - INPUT_LIMIT:,} more")
    lines = [", ".join(shown)] if shown else []
    return "\n".join([*lines, plain.line(note)] if note else lines)


def _distance(distance: Distance) -> str:
    parts = []
    if distance.tolerance_units is not None:
        times = number(distance.tolerance_units)
        parts.append("just above the tolerance" if times == "1" else f"{times} times the tolerance")
    if distance.ulps is not None:
        parts.append(f"{number(distance.ulps)} {'ulp' if distance.ulps == 1 else 'ulps'}")
    return ", ".join(parts)


def _reach(finding: Finding) -> list[Fact]:
    cases = finding.count + (f"\n{finding.where}" if finding.where else "")
    shown = [Fact("cases", cases)]
    others = [cause for cause in finding.causes if cause.message is not None and not _is_best(cause, finding)]
    shown += [
        Fact("also", f"{counted(cause.cases, 'case')}, {cause.outcome}: {plain.line(cause.message or '', 200)}")
        for cause in others[:DETAIL_LIMIT]
    ]
    if len(others) > DETAIL_LIMIT:
        rest = others[DETAIL_LIMIT:]
        cases = counted(sum(cause.cases for cause in rest), "case")
        shown.append(Fact("also", f"{counted(len(rest), 'other message')} ({cases})"))
    return shown


def _is_best(cause: Cause, finding: Finding) -> bool:
    return (cause.outcome, cause.message or "") == (finding.best.outcome, error_key(finding.best.message))
