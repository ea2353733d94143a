"""A record on a terminal: for each target a table, the findings worst first, what was not judged, and the verdict."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from . import plain
from .facts import facts, rerun, script
from .family import Family, columns, families, total
from .finding import Finding, findings
from .printing import INDENT, SEVERITY_STYLES, STATUS_STYLES, continued, fact, fitted, print_line, say, width
from .reason import Reason, idle
from .record import SEVERITIES, BaselineLine, Record, TargetLine
from .verdict import Verdict, verdicts
from .words import IDLE, capital, counted, listed

#: More reasons than this are counted, not shown.
REASON_LIMIT = 10
#: With more findings than this their clauses are listed again at the end.
LIST_FROM = 4
#: More problems of a baseline than this are counted, not shown.
PROBLEM_LIMIT = 30

_COLUMN_STYLES = {"pass": "green", "fail": "red", "error": "red", "no result": "yellow"}


def render(record: Record, console: Console) -> None:
    """Print the record; the last line is the verdict (one line a target). Third-party text is shown, never obeyed."""
    judged = verdicts(record)
    if record.baseline is not None and record.baseline.problems:
        _baseline(console, record.baseline)
    for target, verdict in zip(record.targets, judged, strict=True):
        _section(record, target, verdict, console)
    if not judged:
        print_line(console, Text("incomplete: no target was tried", style=STATUS_STYLES[3]))
    elif len(judged) > 1:
        console.print()
        for verdict in judged:
            _verdict(console, verdict)


def _section(record: Record, target: TargetLine, verdict: Verdict, console: Console) -> None:
    if target.loaded:
        console.print()
        _heading(console, target)
    if rows := families(record, target.name):
        console.print()
        console.print(_table(console, rows))
    found = findings(record, target.name)
    for finding in found:
        console.print()
        _finding(console, finding)
    gathered = idle(record.of(target.name))
    for outcome, words in IDLE.items():
        if groups := gathered.reasons(outcome):
            console.print()
            _reasons(console, capital(words), groups)
    console.print()
    if len(found) > LIST_FROM:
        _list(console, found)
    _verdict(console, verdict)


def _baseline(console: Console, baseline: BaselineLine) -> None:
    console.print()
    title = f"The baseline is stale{' (allowed)' if baseline.allow_stale else ''}"
    print_line(console, Text(title, style="yellow" if baseline.allow_stale else "bold red"))
    for problem in baseline.problems[:PROBLEM_LIMIT]:
        say(console, Text(plain.line(problem)), label=Text("  "))
    if len(baseline.problems) > PROBLEM_LIMIT:
        print_line(console, Text(f"  and {counted(len(baseline.problems) - PROBLEM_LIMIT, 'more problem')}"))


def _heading(console: Console, target: TargetLine) -> None:
    name = plain.line(target.name, 200)
    if target.version is not None and not target.name.endswith(target.version):
        name += f" {plain.line(target.version, 60)}"
    about = []
    if target.framework is not None:
        about.append(plain.line(target.framework, 60))
    if target.rules:
        about.append(f"{'rule' if len(target.rules) == 1 else 'rules'} {plain.line(', '.join(target.rules), 200)}")
    if target.origin is not None:
        about.append(plain.line(target.origin, 200))
    say(console, Text(name, style="bold"))
    if about:
        say(console, Text("; ".join(about), style="dim"))


def _table(console: Console, rows: tuple[Family, ...]) -> Table:
    shown = columns(rows)
    summed = total(rows)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim", border_style="dim")
    table.add_column("family", no_wrap=True)
    for column in shown:
        table.add_column(column.title, justify="right", no_wrap=True)
    for row in [*rows, summed] if len(rows) > 1 else rows:
        name = Text(plain.line(row.name, 12), style="bold" if row is summed else "")
        cells = [_cell(column.value(row), _COLUMN_STYLES.get(column.title, "")) for column in shown]
        table.add_row(fitted(console, name), *cells)
    return table


def _cell(number: int, style: str) -> Text:
    return Text(f"{number:,}", style=style) if number else Text("-", style="dim")


def _finding(console: Console, finding: Finding) -> None:
    label = f"{finding.severity.upper()}  {plain.line(finding.clause.id, 40)}  "
    title = Text(plain.line(finding.clause.title, 200), style="bold")
    say(console, title, label=Text(label, style=SEVERITY_STYLES[finding.severity]))
    if finding.clause.meaning:
        say(console, Text(plain.line(finding.clause.meaning)), label=Text("  "))
    for known in facts(finding):
        fact(console, known.label, known.text)
    if (command := rerun(finding)) is not None:
        fact(console, "rerun", continued(command, width(console) - INDENT), whole=True)
    if (code := script(finding)) is not None:
        print_line(console, Text("  script", style="dim"))
        # As it is: a wrapped or boxed script cannot be copied.
        for line in code.split("\n"):
            print_line(console, Text(f"    {line}"))


def _list(console: Console, found: tuple[Finding, ...]) -> None:
    """The clauses that fail, when what is said of each fills more than a screen."""
    print_line(console, Text("What fails", style="bold"))
    for severity in SEVERITIES:
        if clauses := [plain.line(one.clause.id, 40) for one in found if one.severity == severity]:
            label = Text(f"  {severity.upper():<8}", style=SEVERITY_STYLES[severity])
            say(console, Text(", ".join(clauses)), label=label)
    console.print()


def _reasons(console: Console, title: str, groups: tuple[Reason, ...]) -> None:
    print_line(console, Text(title, style="bold"))
    for group in groups[:REASON_LIMIT]:
        clauses = [plain.line(id, 40) for id in group.clauses]
        named = listed(clauses if len(clauses) <= 4 else [*clauses[:3], f"{len(clauses) - 3:,} more"])
        words = f"{counted(group.cases, 'case')}: {plain.line(group.words, 200)} ({named})"
        say(console, Text(words), label=Text("  "), hanging=4)
    if len(groups) > REASON_LIMIT:
        rest = groups[REASON_LIMIT:]
        cases = counted(sum(group.cases for group in rest), "case")
        print_line(console, Text(f"  {cases}: {counted(len(rest), 'other reason')}"))


def _verdict(console: Console, verdict: Verdict) -> None:
    words = f"{plain.line(verdict.target, 200)}: {verdict.words}"
    say(console, Text(words, style=STATUS_STYLES[verdict.status]), hanging=2)
