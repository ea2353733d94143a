"""A history on a terminal: what is safe under each rule, what does not hold now and since when, and the last changes."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from ..reports import plain as safe
from ..reports.printing import SEVERITY_STYLES, STATUS_STYLES, fact, print_line, say
from ..reports.words import counted, listed
from . import words
from .changes import changes
from .lines import History
from .standing import BROKEN
from .status import status_of
from .timeline import Row, timeline

#: More changes, and more reasons, than this are counted, not shown.
LIMIT = 10


def render(history: History, console: Console) -> None:
    """Print the history; the last line is the verdict on the newest release. Third-party text is shown, never obeyed."""
    console.print()
    say(console, Text(words.title(history), style="bold"))
    say(console, Text("; ".join(words.facts(history)), style="dim"))
    _safe(history, console)
    _broken(history, console)
    _changes(history, console)
    _unknown(history, console)
    console.print()
    if (gap := words.gap(history)) is not None:
        say(console, Text(f"incomplete: {gap}", style=STATUS_STYLES[3]))
    say(console, Text(words.headline(history), style=STATUS_STYLES[status_of(history.newest)]), hanging=2)


def _safe(history: History, console: Console) -> None:
    for summary in words.summaries(history):
        console.print()
        until = f" (until {summary.until})" if summary.until else ""
        print_line(console, Text.assemble((f"{summary.rule}{until}", "bold")))
        for ranges, needs in summary.groups:
            say(console, Text(f"{ranges}: {listed(needs)}"), label=Text("  safe    ", style="green"), hanging=10)
        if summary.none:
            say(console, Text(listed(summary.none)), label=Text("  none    ", style="red"))
        if summary.unjudged:
            say(console, Text(listed(summary.unjudged)), label=Text("  unknown ", style="dim"))


def _broken(history: History, console: Console) -> None:
    rows = [row for row in timeline(history) if row.newest in BROKEN]
    if not rows:
        return
    console.print()
    print_line(console, Text("Clauses that do not hold now", style="bold"))
    for row in sorted(rows, key=lambda row: list(SEVERITY_STYLES).index(row.clause.severity)):
        label = f"  {row.clause.severity.upper():<6}  {safe.line(row.clause.id, 40):<6}  "
        text = f"{safe.line(row.clause.title, 100)}: {_since(history, row)}"
        say(console, Text(text), label=Text(label, style=SEVERITY_STYLES[row.clause.severity]))


def _since(history: History, row: Row) -> str:
    """`since 1.22.16`, or that it has never been otherwise."""
    bars = words.told([row])[0].bars
    if len(bars) == 1:
        return "in every release that has it"
    return f"since {words.version(history.releases[bars[-1].first])}"


def _changes(history: History, console: Console) -> None:
    steps = changes(history)
    if not steps:
        return
    console.print()
    print_line(console, Text("What changed", style="bold"))
    for step in steps[: -LIMIT - 1 : -1]:
        fact(console, words.version(step.release), words.step_counts(step))
    if len(steps) > LIMIT:
        print_line(console, Text(f"  and {counted(len(steps) - LIMIT, 'earlier release')}"))


def _unknown(history: History, console: Console) -> None:
    unknown, yanked = words.unknown(history), words.yanked(history)
    if not (unknown or yanked):
        return
    console.print()
    print_line(console, Text("Releases of which nothing is known", style="bold"))
    for reason, versions in unknown[:LIMIT]:
        say(console, Text(f"{listed(versions)}: {reason}"), label=Text("  "), hanging=4)
    if len(unknown) > LIMIT:
        print_line(console, Text(f"  and {counted(len(unknown) - LIMIT, 'other reason')}"))
    if yanked:
        say(console, Text(f"withdrawn by the maintainer: {listed(yanked)}"), label=Text("  "), hanging=4)
