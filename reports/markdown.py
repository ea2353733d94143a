"""A record as Markdown, for a pull request or a job summary: the verdict first, then the findings, worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from . import plain
from .facts import facts, rerun, script
from .family import Family, columns, families, total
from .finding import Finding, findings
from .gfm import fence, in_html, prose, span
from .reason import idle
from .record import SEVERITIES, BaselineLine, Record, Severity, TargetLine
from .verdict import Verdict, verdicts
from .words import IDLE, capital, counted, listed

#: GitHub takes 65,536 characters in a comment; this leaves room for what a bot puts around the report.
LIMIT = 60_000

#: More reasons than this are counted, not shown.
REASON_LIMIT = 10
#: More problems of a baseline than this are counted, not shown.
PROBLEM_LIMIT = 30

#: What the sentence about what was left out may take.
_RESERVE = 400


@dataclass(frozen=True)
class _Block:
    """A piece of the report, with a shorter form ("" for none) and what to call it if it is left out."""

    text: str
    short: str
    name: str
    target: int
    urgency: tuple[int, ...]


def render(record: Record, limit: int = LIMIT) -> str:
    """The record as GitHub Markdown of at most `limit` bytes; what did not fit is named in a sentence.

    Third-party text is inside code spans and fences, or escaped, so that it can neither format nor mention anyone.
    """
    judged = verdicts(record)
    environment = _environment(record)
    blocks = [*_verdicts(judged), *_baseline(record.baseline), *_sections(record, judged)]
    room = limit - _size(environment) - 1
    kept, left_out = _fitting(blocks, room)
    if left_out:  # then the sentence that says so needs room too
        kept, left_out = _fitting(blocks, room - _RESERVE)
    sentence = _left_out(left_out)
    return "\n\n".join([*kept, *([sentence] if sentence else []), environment]) + "\n"


def _verdicts(judged: tuple[Verdict, ...]) -> list[_Block]:
    if not judged:
        return [_Block("## fsqcheck: incomplete: no target was tried", "", "verdict", -1, (0,))]
    if len(judged) == 1:
        return [_Block(f"## {span(judged[0].target, 100)}: {prose(judged[0].words)}", "", "verdict", -1, (0,))]
    lines = [
        _Block(f"- {span(verdict.target, 100)}: {prose(verdict.words)}", "", "verdict", -1, (0, -verdict.status))
        for verdict in judged
    ]
    return [_Block("## fsqcheck", "", "heading", -1, (-1,)), *lines]


def _baseline(baseline: BaselineLine | None) -> Iterable[_Block]:
    if baseline is None or not baseline.problems:
        return
    lines = [f"- {span(problem)}" for problem in baseline.problems[:PROBLEM_LIMIT]]
    if len(baseline.problems) > PROBLEM_LIMIT:
        lines.append(f"- and {counted(len(baseline.problems) - PROBLEM_LIMIT, 'more problem')}")
    title = f"**The baseline is stale{' (allowed)' if baseline.allow_stale else ''}:**"
    yield _Block("\n".join([title, "", *lines]), title, "baseline", -1, (0, 0))


def _sections(record: Record, judged: tuple[Verdict, ...]) -> Iterable[_Block]:
    alone = len(judged) == 1
    for position, (target, verdict) in enumerate(zip(record.targets, judged, strict=True)):
        heading = "" if alone else f"### {span(target.name, 100)}"
        rows = families(record, target.name)
        parts = [part for part in (_about(target), _table(rows) if rows else "", _idle(record, target)) if part]
        text = "\n\n".join([heading, *parts] if heading else parts)
        if parts:
            yield _Block(text, heading, "table", position, (1, -verdict.status))
        for finding in findings(record, target.name):
            urgency = (2, SEVERITIES.index(finding.severity))
            yield _Block(_finding(finding), _summary(finding), f"{finding.severity} finding", position, urgency)


def _fitting(blocks: list[_Block], room: int) -> tuple[list[str], Counter[str]]:
    """The blocks that fit, most urgent chosen first, in their own order; and what was cut or left out, counted."""
    chosen: dict[int, str] = {}
    left_out: Counter[str] = Counter()
    headless: set[int] = set()
    for number in sorted(range(len(blocks)), key=lambda number: blocks[number].urgency):
        block = blocks[number]
        fits = [text for text in (block.text, block.short) if text and _size(text) + 2 <= room]
        if block.target in headless or not fits:
            left_out[block.name] += 1
            if block.name == "table" and block.short:
                headless.add(block.target)  # findings under another target's heading would accuse the wrong one
            continue
        chosen[number] = fits[0]
        room -= _size(fits[0]) + 2
        if fits[0] != block.text:
            left_out["table" if block.name == "table" else f"detail of {block.name}"] += 1
    return [chosen[number] for number in sorted(chosen)], left_out


def _left_out(left_out: Counter[str]) -> str:
    if not left_out:
        return ""
    parts = []
    for severity in SEVERITIES:
        if cut := left_out[f"detail of {severity} finding"]:
            parts.append(f"the details of {counted(cut, f'{severity.upper()} finding')}")
        if gone := left_out[f"{severity} finding"]:
            parts.append(counted(gone, f"{severity.upper()} finding"))
    parts += [counted(left_out[name], name) for name in ("verdict", "table", "baseline") if left_out[name]]
    return f"**Left out to keep this short:** {listed(parts)}. The record has everything."


def _about(target: TargetLine) -> str:
    about = [f"version {span(target.version, 60)}"] if target.version is not None else []
    if target.framework is not None:
        about.append(span(target.framework, 60))
    if target.rules:
        about.append(f"{'rule' if len(target.rules) == 1 else 'rules'} {span(', '.join(target.rules), 200)}")
    if target.origin is not None:
        about.append(f"from {span(target.origin, 200)}")
    return capital("; ".join(about)) + "." if about else ""


def _table(rows: tuple[Family, ...]) -> str:
    shown = columns(rows)
    lines = [
        "| family | " + " | ".join(column.title for column in shown) + " |",
        "|---|" + "--:|" * len(shown),
    ]
    for row in [*rows, total(rows)] if len(rows) > 1 else rows:
        cells = [f"{number:,}" if (number := column.value(row)) else "" for column in shown]
        lines.append(f"| {prose(row.name, 20)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _idle(record: Record, target: TargetLine) -> str:
    gathered = idle(record.of(target.name))
    lines = []
    for outcome, words in IDLE.items():
        groups = gathered.reasons(outcome)
        for group in groups[:REASON_LIMIT]:
            named = _named(group.clauses)
            lines.append(f"- {counted(group.cases, 'case')} {words}: {span(group.words, 200)} ({named})")
        if len(groups) > REASON_LIMIT:
            rest = groups[REASON_LIMIT:]
            cases = counted(sum(group.cases for group in rest), "case")
            lines.append(f"- {cases} {words}: {counted(len(rest), 'other reason')}")
    return "\n".join(lines)


def _named(clauses: tuple[str, ...]) -> str:
    shown = [prose(id, 40) for id in clauses]
    return listed(shown if len(shown) <= 4 else [*shown[:3], f"{len(shown) - 3:,} more"])


def _finding(finding: Finding) -> str:
    clause = finding.clause
    parts = [
        f"<details><summary>{_title(finding.severity, clause.id, clause.title)}: {finding.count}</summary>",
        prose(clause.meaning),
        *_facts(finding),
    ]
    if clause.sentence:
        places = [prose(clause.source, 200)] if clause.source else []
        places += [f"{span(clause.page, 60)} of fsqcheck"] if clause.page else []
        parts.append(f"The clause: {prose(clause.sentence)}" + (f" ({'; '.join(places)})" if places else ""))
    if (command := rerun(finding)) is not None:
        parts += ["Run it again:", fence(command, "sh")]
    if (code := script(finding)) is not None:
        parts += ["Without fsqcheck:", fence(code, "python")]
    return "\n\n".join([*(part for part in parts if part), "</details>"])


def _facts(finding: Finding) -> list[str]:
    """One list; a text of several lines is a fenced block in its item."""
    items = []
    for fact in facts(finding):
        if "\n" in fact.text and fact.label not in ("cases", "input"):
            fenced = "\n".join("  " + line for line in fence(fact.text, "text").split("\n"))
            items.append(f"- {prose(fact.label)}:\n\n{fenced}\n")
        else:
            items.append(f"- {prose(fact.label)}: " + "; ".join(span(line) for line in fact.text.split("\n")))
    return ["\n".join(items)]


def _summary(finding: Finding) -> str:
    clause = finding.clause
    return f"<p>{_title(finding.severity, clause.id, clause.title)}: {finding.count}</p>"


def _title(severity: Severity, id: str, title: str) -> str:
    # GitHub reads no Markdown on a line that starts with a tag, so this is HTML.
    return f"<b>{severity.upper()} {in_html(plain.line(id, 40))}</b> {in_html(plain.line(title, 200))}"


def _environment(record: Record) -> str:
    header, environment = record.header, record.header.environment
    packages = [f"{name} {version}" for name, version in environment.packages.items()]
    shown = [*packages[:30], *([f"{len(packages) - 30:,} more"] if len(packages) > 30 else [])]
    rows = [
        ("fsqcheck", f"{header.fsqcheck}, tier {header.tier}, seed {header.seed}"),
        ("command", " ".join(header.command)),
        ("started", header.started),
        ("python", environment.python),
        ("platform", environment.platform),
        ("processor", f"{environment.processor}, {counted(environment.cores, 'core')}"),
        ("packages", ", ".join(shown)),
    ]
    lines = [f"- {label}: {span(text, 1000)}" for label, text in rows if text]
    return "<details><summary>Environment</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def _size(text: str) -> int:
    return len(text.encode())
