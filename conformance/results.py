"""The result of a case, from what its test left behind."""

from __future__ import annotations

import traceback

import msgspec

from ..reports.record import OWN_FAULT, Evidence, ResultLine
from .evidence import evidence_of, evidence_of_raise
from .findings import NonConformanceError, TargetRaisedError
from .recording import bare_result, outcome_of
from .subject import Subject


def result_of(subject: Subject, error: BaseException | None, seconds: float, loss: str | None = None) -> ResultLine:
    """The result: its outcome, a message in one sentence, the evidence, and the digest of the target's answers.

    loss: what the device says, if the case has cost it: then it is a crash, even where an exception would have been right.
    """
    outcome = outcome_of(error)
    if loss is not None:
        told = None
        if isinstance(error, TargetRaisedError):
            told = evidence_of_raise(error, subject.case, subject.adapter, subject.seed)
        words = f"it costs the process its {subject.case.device} device: {loss}"
        return msgspec.structs.replace(bare_result(subject.case, "crash", seconds, words), evidence=told)
    if outcome is None:
        assert error is not None
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = " ".join(str(error).split())[:300]
        fault = f"{OWN_FAULT}: {type(error).__name__} in {where.name}, line {where.lineno}: {said}"
        return bare_result(subject.case, "error", seconds, fault)
    evidence: Evidence | None = None
    message: str | None = None
    if isinstance(error, NonConformanceError):
        evidence, message = (
            evidence_of(error.finding, subject.case, subject.adapter, subject.seed),
            error.finding.message,
        )
    elif isinstance(error, TargetRaisedError):
        evidence, message = evidence_of_raise(error, subject.case, subject.adapter, subject.seed), str(error)
    elif error is not None:
        message = str(error)
    bare = bare_result(subject.case, outcome, seconds, message)
    return msgspec.structs.replace(bare, evidence=evidence, digest=subject.witness.digest)


def in_plain_words(result: ResultLine) -> str:
    """A failure as pytest prints it: no traceback of the suite's insides, but all that is needed to believe it."""
    found = result.evidence
    lines = [f"{result.severity.upper()} {result.clause}: {result.message}"]
    if found is None:
        return lines[0]
    lines += [f"  observed  {found.observed}", f"  expected  {found.expected}"]
    if found.input:
        shown = ", ".join(f"{number.decimal} ({number.bits})" for number in found.input)
        lines.append(f"  input     {shown}" + (f"; {found.input_note}" if found.input_note else ""))
    if found.distance and found.distance.tolerance_units is not None:
        ulps = "" if found.distance.ulps is None else f", {found.distance.ulps:.0f} ulps"
        lines.append(f"  distance  {found.distance.tolerance_units:.4g} tolerance units{ulps}")
    if found.wrong is not None:
        lines.append(f"  wrong     {found.wrong} of {found.tried}")
    lines += [f"  {name}  {value}" for name, value in found.details.items()]
    lines.append(f"  rerun     {found.rerun}")
    if found.script:
        lines += ["  script", *(f"    {line}" for line in found.script.splitlines())]
    return "\n".join(lines)
