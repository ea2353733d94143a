"""A record as JUnit XML, which CI systems read: a suite a target, a test a case.

What fails a run fails here, and nothing else: a run whose exit status is not 0 has a `failure` or an `error`. So a SHOULD
or MAY that fails is `skipped` with its reason and its facts, as in pytest; what is missing from an incomplete record, and
what the baseline says wrongly, are tests of their own, in a suite named `fsqcheck`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from . import plain
from .facts import case_facts, remedy
from .record import BAD, Record, ResultLine, TargetLine
from .verdict import Verdict, verdicts

#: Outcomes that say that the target did not answer, and not that it answered wrongly.
_ERRORS = ("error", "crash", "timeout")


@dataclass(frozen=True)
class _Said:
    """What a test of the file says beside its name: an element, its message and its text; nothing for a pass."""

    element: str
    message: str = ""
    text: str = ""
    kind: str = ""


def render(records: Sequence[Record]) -> str:
    """One document for all records."""
    return "".join(pieces(records))


def pieces(records: Sequence[Record]) -> Iterator[str]:
    """The document in pieces, so that a long one need not be held."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="fsqcheck">\n'
    several = len(records) > 1
    for number, record in enumerate(records, 1):
        place = f" (report {number})" if several else ""
        for target in record.targets:
            yield from _suite(record, target, place)
        yield from _whole(record, place)
    yield "</testsuites>\n"


def _suite(record: Record, target: TargetLine, place: str) -> Iterator[str]:
    counts = {"tests": 0, "failure": 0, "error": 0, "skipped": 0}
    seconds = 0.0
    for result in record.of(target.name):
        counts["tests"] += 1
        seconds += result.seconds
        element = _of(result).element
        counts[element] = counts.get(element, 0) + 1
    if not counts["tests"]:
        return
    yield (
        f"<testsuite name={_attribute(target.name + place)} tests={_attribute(str(counts['tests']))} "
        f'failures="{counts["failure"]}" errors="{counts["error"]}" skipped="{counts["skipped"]}" '
        f'time="{seconds:.6f}" timestamp={_attribute(record.header.started)}>\n'
    )
    yield from _properties(record, target)
    remedies = {clause.id: remedy(clause.id, clause.page) for clause in record.clauses}
    for result in record.of(target.name):
        said = _of(result, remedies.get(result.clause))
        yield _case(f"{target.name}.{result.clause}", result.id, said, result.seconds)
    yield "</testsuite>\n"


def _properties(record: Record, target: TargetLine) -> Iterator[str]:
    header, environment = record.header, record.header.environment
    told = {
        "version": target.version,
        "origin": target.origin,
        "framework": target.framework,
        "rules": ", ".join(target.rules),
        "fsqcheck": header.fsqcheck,
        "tier": header.tier,
        "seed": str(header.seed),
        "python": environment.python,
        "platform": environment.platform,
        "processor": environment.processor,
        **{f"package {name}": version for name, version in environment.packages.items()},
    }
    yield "<properties>\n"
    for name, value in told.items():
        if value:
            yield f"<property name={_attribute(name)} value={_attribute(value)}/>\n"
    yield "</properties>\n"


def _of(result: ResultLine, command: str | None = None) -> _Said:
    message = plain.line(result.message or "nothing was recorded")
    title = f"{result.severity.upper()} {plain.line(result.clause, 40)}: {message}"
    if result.outcome == "pass":
        return _Said("")
    if result.outcome in BAD:
        if result.severity == "must":
            element = "error" if result.outcome in _ERRORS else "failure"
            return _Said(element, title, _facts(result, command), result.outcome)
        return _Said("skipped", f"does not fail a run: {title}", _facts(result, command))
    if result.outcome == "xfail":
        return _Said("skipped", f"fails as the baseline says: {title}", _facts(result, command))
    words = {"xpass": "passes unexpectedly", "not-run": "not run"}.get(result.outcome, result.outcome)
    return _Said("skipped", f"{words}: {message}")


def _facts(result: ResultLine, command: str | None) -> str:
    lines = []
    for fact in case_facts(result):
        first, *rest = fact.text.split("\n")
        lines += [f"{fact.label}: {first}", *(f"  {line}" for line in rest)]
    if command is not None:
        lines.append(f"remedy: {command}")
    if result.evidence is not None and result.evidence.rerun:
        lines.append(f"rerun: {plain.line(result.evidence.rerun, 4_000)}")
    if result.evidence is not None and result.evidence.script:
        lines += ["script:", *(f"  {line}" for line in plain.block(result.evidence.script, 4_000, 60).split("\n"))]
    return "\n".join(lines)


def _whole(record: Record, place: str) -> Iterator[str]:
    """What is not a case: whether each target could be loaded and was checked to the end."""
    tests = [(verdict.target, "is checked to the end", _ended(verdict)) for verdict in verdicts(record)]
    if not tests:
        tests = [("fsqcheck", "a target is tried", _Said("error", "incomplete: no target was tried"))]
    if record.baseline is not None:
        element = "skipped" if record.baseline.allow_stale else "failure"
        tests += [("baseline", "is still true", _Said(element, plain.line(one))) for one in record.baseline.problems]
    errors = sum(said.element == "error" for _, _, said in tests)
    failures = sum(said.element == "failure" for _, _, said in tests)
    skipped = sum(said.element == "skipped" for _, _, said in tests)
    yield (
        f'<testsuite name={_attribute("fsqcheck" + place)} tests="{len(tests)}" failures="{failures}" '
        f'errors="{errors}" skipped="{skipped}" time="0">\n'
    )
    for target, name, said in tests:
        yield _case(f"fsqcheck.{target}", name, said, 0.0)
    yield "</testsuite>\n"


def _ended(verdict: Verdict) -> _Said:
    return _Said("error", plain.line(verdict.words)) if verdict.status >= 2 else _Said("")


def _case(group: str, name: str, said: _Said, seconds: float) -> str:
    opened = f'<testcase classname={_attribute(group)} name={_attribute(name)} time="{seconds:.6f}"'
    if not said.element:
        return f"{opened}/>\n"
    inside = f"<{said.element} message={_attribute(said.message)}"
    if said.kind:
        inside += f" type={_attribute(said.kind)}"
    text = escape(said.text)
    if said.element == "skipped":  # readers show no text inside of it
        rest = f"<system-out>{text}</system-out>\n" if text else ""
        return f"{opened}>\n{inside}/>\n{rest}</testcase>\n"
    return f"{opened}>\n{inside}>{text}</{said.element}>\n</testcase>\n"


def _attribute(text: str) -> str:
    return quoteattr(plain.line(text, 1_000))
