"""From answers to a record: the clauses judge, and what they say is written as of any other target."""

from __future__ import annotations

import shlex
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ..conformance.clause import catalogue
from ..conformance.findings import NonConformanceError, UnsupportedError
from ..conformance.plan import Wanted
from ..conformance.recording import clause_line, header, now
from ..conformance.results import result_of
from ..conformance.subject import Subject
from ..reports import Footer, RecordWriter, ResultLine, TargetLine, plan_digest
from ..reports.record import is_own_fault, tally
from .form import Answers
from .judgements import CODES, LEVELS, Judgement, judgements
from .looking import adapter_of, row_of, source_of, told_of
from .making import Made, subject_of
from .reading import answers_in, vectors_in
from .writing import TABLE_NAME

#: Judged a second time by the level indices that a port tells beside its codes: the two may differ.
_BY_LEVELS = "BND-3"


def check(folder: Path, file: Path, report: Path) -> None:
    """Judges the answers of a file to the vectors of a folder, and writes the record to `report`.

    `UsageError` for vectors or answers that cannot be used, `UnwritableReport`.
    """
    made = vectors_in(folder)
    answers = answers_in(file, made)
    planned = list(_planned(answers, made, str(file)))
    started = time.monotonic()
    rerun = shlex.join(["fsqcheck", "vectors", "check", str(folder), str(file)])
    first = planned[0][1]
    wanted = Wanted((first.case.target,), rules=(first.case.rule,), levels=(first.levels,), dtypes=(first.case.dtype,))
    with RecordWriter(report, header(wanted)) as writer:
        writer.write(_target(planned))
        for id in dict.fromkeys(judgement.clause for judgement, _ in planned):
            writer.write(clause_line(catalogue()[id]))
        results = []
        for judgement, subject in planned:
            results.append(_judged(judgement, subject, told_of(answers), made, rerun))
            writer.write(results[-1])
        broke = next((one.message for one in results if is_own_fault(one)), None)
        outcomes = {str(outcome): count for outcome, count in tally(results).items()}
        seconds = round(time.monotonic() - started, 3)
        writer.close(Footer(finished=now(), seconds=seconds, results=len(results), outcomes=outcomes, broke=broke))


def _planned(answers: Answers, made: Made, origin: str) -> Iterator[tuple[Judgement, Subject]]:
    document, source = made.document, source_of(answers)
    described = document.rule, document.levels, document.dtype
    adapter = adapter_of(answers, made, origin, source)
    by_levels = told_of(answers) >= {CODES, LEVELS}
    for judgement in judgements(*described):
        yield judgement, subject_of(judgement.clause, *described, adapter)
        if by_levels and judgement.clause == _BY_LEVELS:
            told = adapter_of(answers, made, origin, LEVELS)
            yield judgement, subject_of(judgement.clause, *described, told, LEVELS)


def _target(planned: list[tuple[Judgement, Subject]]) -> TargetLine:
    adapter = planned[0][1].adapter
    cases = [subject.case for _, subject in planned]
    return TargetLine(
        name=adapter.identity.name,
        version=adapter.identity.version,
        origin=adapter.identity.origin,
        framework=adapter.identity.framework,
        rules=adapter.rules,
        planned=dict(Counter(case.clause for case in cases)),
        plan_digest=plan_digest(case.id for case in cases),
    )


def _judged(judgement: Judgement, subject: Subject, told: frozenset[str], made: Made, rerun: str) -> ResultLine:
    """The result of one clause; a failure names the vector that shows it, and the command that says so again."""
    started = time.perf_counter()
    error: BaseException | None = None
    try:
        if reason := judgement.lacks(told):
            raise UnsupportedError(reason)
        judgement.check(subject)
    except Exception as caught:
        error = caught
    result = result_of(subject, error, time.perf_counter() - started)
    if result.evidence is None:
        return result
    details = {**_vector(error, made), **result.evidence.details}
    return msgspec.structs.replace(
        result, evidence=msgspec.structs.replace(result.evidence, rerun=rerun, details=details)
    )


def _vector(error: BaseException | None, made: Made) -> dict[str, str]:
    """Which line of the table shows it, where a finding has a vector of the file."""
    if not isinstance(error, NonConformanceError) or (probe := error.finding.probe) is None or probe.array is None:
        return {}
    row = row_of(probe.array[0], made) if probe.array.shape[1:] == made.z.shape[1:] else None
    return {} if row is None else {"vector": f"{row} in {TABLE_NAME}"}
