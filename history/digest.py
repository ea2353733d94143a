"""A record in a few kilobytes: what a history keeps of the run on one release."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from ..reports import BAD, Record, ResultLine, fingerprint, judge, reasons
from ..reports import plain as safe
from ..reports.finding import simplicity_of
from ..reports.words import listed
from .lines import Example, Held, ReleaseLine
from .needs import fits

#: The longest text of an example that is kept, in characters; a longer script is left to the record.
TEXT_LIMIT = 400
SCRIPT_LIMIT = 4_000


@dataclass(frozen=True)
class Entry:
    """One release and the run on it; with no record, the `reason` why it could not be installed or run."""

    version: str
    date: str | None = None
    yanked: bool = False
    record: Record | None = None
    reason: str | None = None
    source: str | None = None


def digest(entry: Entry, target: str | None = None) -> ReleaseLine:
    """What a history keeps of a release.

    target: the name of the target in the record; None is its only one. `ValueError` if the record has no such target. A
    run that is not complete, or in which nothing was judged, is kept as the reason alone: half a run calls nothing safe.
    """
    record = entry.record
    if record is None:
        return _nothing(entry, entry.reason or "was not run")
    name = _target(record, target)
    verdict = judge(record, name)
    if verdict.status > 1:
        return _nothing(entry, verdict.words)
    return ReleaseLine(
        version=entry.version,
        date=entry.date,
        yanked=entry.yanked,
        verdict=verdict.words,
        seconds=round(record.footer.seconds, 1) if record.footer is not None else None,
        environment=record.header.environment,
        clauses=_clauses(record.of(name)),
        uses=fits(record, name),
        source=entry.source,
    )


def copied(line: ReleaseLine, entry: Entry, old: str, new: str) -> ReleaseLine:
    """The line of a release whose quantizer is written in the same bytes as that of one that was run.

    old, new: what targets are called in the commands that run a case again.
    """
    return msgspec.structs.replace(
        line,
        version=entry.version,
        date=entry.date,
        yanked=entry.yanked,
        seconds=None,
        clauses={
            rule: {id: _renamed(held, old, new) for id, held in clauses.items()}
            for rule, clauses in line.clauses.items()
        },
        as_in=line.version,
    )


def _renamed(held: Held, old: str, new: str) -> Held:
    example = held.example
    if example is None or example.rerun is None:
        return held
    again = msgspec.structs.replace(example, rerun=example.rerun.replace(old, new))
    return msgspec.structs.replace(held, example=again)


def _nothing(entry: Entry, reason: str) -> ReleaseLine:
    return ReleaseLine(version=entry.version, date=entry.date, yanked=entry.yanked, reason=safe.line(reason))


def _target(record: Record, target: str | None) -> str:
    names = [line.name for line in record.targets]
    if target is None and len(names) == 1:
        return names[0]
    if target in names:
        return target
    wanted = "one target" if target is None else f"the target {safe.line(target)}"
    raise ValueError(f"the record must have {wanted}, and has {safe.line(listed(names) or 'none')}")


def _clauses(results: Iterable[ResultLine]) -> dict[str, dict[str, Held]]:
    grouped: defaultdict[str, defaultdict[str, list[ResultLine]]] = defaultdict(lambda: defaultdict(list))
    for result in results:
        grouped[result.rule][result.clause].append(result)
    return {
        rule: {clause: _held(sorted(some, key=lambda one: one.id)) for clause, some in clauses.items()}
        for rule, clauses in grouped.items()
    }


def _held(results: Sequence[ResultLine]) -> Held:
    """What came of one clause; its results are sorted by id."""
    outcomes = Counter(result.outcome for result in results)
    answers = [
        f"{one.id} {one.digest}" for one in results if one.outcome in ("pass", "xpass") and one.digest is not None
    ]
    bad = min(
        (one for one in results if one.outcome in BAD), key=lambda one: (simplicity_of(one), one.id), default=None
    )
    return Held(
        outcomes=dict(sorted(outcomes.items())),
        plan=_hash(result.id for result in results),
        answers=_hash(answers) if answers else None,
        example=None if bad is None else _example(bad),
        reason=None if bad or outcomes["pass"] else _reason(results),
    )


def _hash(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(map(safe.encodable, lines)).encode()).hexdigest()[:16]


def _example(result: ResultLine) -> Example:
    evidence = result.evidence
    script = evidence.script if evidence is not None else None
    return Example(
        id=result.id,
        outcome=result.outcome,
        message=_cut(result.message),
        observed=_cut(evidence.observed) if evidence is not None else None,
        expected=_cut(evidence.expected) if evidence is not None else None,
        rerun=evidence.rerun if evidence is not None and len(evidence.rerun or "") <= SCRIPT_LIMIT else None,
        script=script if script is not None and len(script) <= SCRIPT_LIMIT else None,
        fingerprint=fingerprint(result),
    )


def _cut(text: str | None) -> str | None:
    return None if text is None else text[:TEXT_LIMIT]


def _reason(results: Sequence[ResultLine]) -> str | None:
    found = [*reasons(results, "not-run"), *reasons(results, "unsupported")]
    return _cut(max(found, key=lambda one: one.cases).words) if found else None
