"""A record on a terminal: for each target a table, the findings worst first, what was not judged, and the verdict."""

from __future__ import annotations

import re

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from . import plain
from .facts import facts, rerun, script
from .family import Family, columns, families, total
from .finding import Finding, findings
from .reason import Reason, idle
from .record import Outcome, Record, Severity, TargetLine
from .verdict import Verdict, verdicts
from .words import counted, listed

#: Text wider than this is harder to read, however wide the terminal is.
WIDEST = 100
#: Text narrower than this is left to the terminal to wrap.
NARROWEST = 20
#: More reasons than this are counted, not shown.
REASON_LIMIT = 10

#: Where the text beside a label starts.
_INDENT = 12

_SEVERITY_STYLES: dict[Severity, str] = {"must": "bold red", "should": "yellow", "may": "cyan"}
_COLUMN_STYLES = {"pass": "green", "fail": "red", "error": "red", "no result": "yellow"}
_STATUS_STYLES = {0: "green", 1: "bold red", 2: "bold red", 3: "bold yellow"}
_IDLE: dict[Outcome, str] = {
    "not-run": "Not run",
    "unsupported": "Unsupported",
    "xfail": "Failed as expected",
    "xpass": "Passed unexpectedly",
}
#: A word of a command: what a shell would not split.
_WORD = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'|"(?:\\.|[^"\\])*")+""")


def render(record: Record, console: Console) -> None:
    """Print the record; the last line is the verdict (one line a target). Third-party text is shown, never obeyed."""
    judged = verdicts(record)
    for target, verdict in zip(record.targets, judged, strict=True):
        _section(record, target, verdict, console)
    if not judged:
        _print(console, Text("incomplete: no target was tried", style=_STATUS_STYLES[3]))
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
    for finding in findings(record, target.name):
        console.print()
        _finding(console, finding)
    gathered = idle(record.of(target.name))
    for outcome, title in _IDLE.items():
        if groups := gathered.reasons(outcome):
            console.print()
            _reasons(console, title, groups)
    console.print()
    _verdict(console, verdict)


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
    _say(console, Text(name, style="bold"))
    if about:
        _say(console, Text("; ".join(about), style="dim"))


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
        table.add_row(_fitted(console, name), *cells)
    return table


def _cell(number: int, style: str) -> Text:
    return Text(f"{number:,}", style=style) if number else Text("-", style="dim")


def _finding(console: Console, finding: Finding) -> None:
    label = f"{finding.severity.upper()}  {plain.line(finding.clause.id, 40)}  "
    title = Text(plain.line(finding.clause.title, 200), style="bold")
    _say(console, title, label=Text(label, style=_SEVERITY_STYLES[finding.severity]))
    if finding.clause.meaning:
        _say(console, Text(plain.line(finding.clause.meaning)), label=Text("  "))
    for fact in facts(finding):
        _fact(console, fact.label, fact.text)
    if (command := rerun(finding)) is not None:
        _fact(console, "rerun", _continued(command, _width(console) - _INDENT), whole=True)
    if (code := script(finding)) is not None:
        _print(console, Text("  script", style="dim"))
        # As it is: a wrapped or boxed script cannot be copied.
        for line in code.split("\n"):
            _print(console, Text(f"    {line}"))


def _fact(console: Console, label: str, text: str, *, whole: bool = False) -> None:
    """A label, and beside it the text, whose lines start in one column and are not broken if `whole`."""
    shown = Text("  " + label.ljust(_INDENT - 2), style="dim")
    if len(shown) > _INDENT:
        _print(console, Text("  " + label, style="dim"))
        shown = Text(" " * _INDENT)
    for line in text.split("\n"):
        if whole:
            _print(console, Text.assemble(shown, line))
        else:
            _say(console, Text(line), label=shown)
        shown = Text(" " * _INDENT)


def _reasons(console: Console, title: str, groups: tuple[Reason, ...]) -> None:
    _print(console, Text(title, style="bold"))
    for group in groups[:REASON_LIMIT]:
        clauses = [plain.line(id, 40) for id in group.clauses]
        named = listed(clauses if len(clauses) <= 4 else [*clauses[:3], f"{len(clauses) - 3:,} more"])
        words = f"{counted(group.cases, 'case')}: {plain.line(group.words, 200)} ({named})"
        _say(console, Text(words), label=Text("  "), hanging=4)
    if len(groups) > REASON_LIMIT:
        rest = groups[REASON_LIMIT:]
        cases = counted(sum(group.cases for group in rest), "case")
        _print(console, Text(f"  {cases}: {counted(len(rest), 'other reason')}"))


def _verdict(console: Console, verdict: Verdict) -> None:
    words = f"{plain.line(verdict.target, 200)}: {verdict.words}"
    _say(console, Text(words, style=_STATUS_STYLES[verdict.status]), hanging=2)


def _width(console: Console) -> int:
    return min(max(console.width, NARROWEST), WIDEST)


def _say(console: Console, text: Text, *, label: Text | None = None, hanging: int = 0) -> None:
    """Print text after a label, in lines that fit; they hang under its start, or by `hanging` if that is deeper."""
    start = _fitted(console, label or Text())
    depth = max(len(start), hanging)
    if depth > _width(console) // 2:  # no room left beside so long a label
        _print(console, start)
        start, depth = Text("  "), 2
    for piece in _fitted(console, text).wrap(console, _width(console) - depth, overflow="fold"):
        _print(console, Text.assemble(start, piece))
        start = Text(" " * depth)


def _continued(command: str, room: int) -> str:
    """A command in lines that a shell joins again: broken between words only, a backslash at each break."""
    words = _WORD.findall(command)
    if not words or " ".join(words) != command:
        return command
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) + 3 <= room:
            lines[-1] += f" {word}"
        else:
            lines[-1] += " \\"
            lines.append(f"  {word}")
    return "\n".join(lines)


def _fitted(console: Console, text: Text) -> Text:
    """The text with escapes for what the console's encoding has no character for."""
    encoded = text.plain.encode(console.encoding, "backslashreplace").decode(console.encoding)
    return text if encoded == text.plain else Text(encoded, style=text.style)


def _print(console: Console, line: Text) -> None:
    line = _fitted(console, line)
    line.rstrip()
    console.print(line, soft_wrap=True)
