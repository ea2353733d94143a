"""A comparison on a terminal: the changes of each target, the worst first, and the verdict in the last line."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from . import plain
from .comparison import KINDS, Comparison, Group, Pair
from .comparison_words import TITLES, caution, counts, heading, reach, timing
from .printing import INDENT, SEVERITY_STYLES, STATUS_STYLES, continued, fact, print_line, say, width
from .words import counted

#: More clauses than this are counted, not shown, for each kind of change.
GROUP_LIMIT = 20


def render(comparison: Comparison, console: Console) -> None:
    """Print the comparison; the last line is the verdict. Third-party text is shown, never obeyed."""
    for pair in comparison.pairs:
        _pair(pair, console)
    if comparison.environment:
        console.print()
        print_line(console, Text("Environment", style="bold"))
        for difference in comparison.environment[:GROUP_LIMIT]:
            say(console, Text(difference), label=Text("  "))
        if (words := caution(comparison)) is not None:
            say(console, Text(words), label=Text("  "))
    for title, names in (("Only in the old run", comparison.only_old), ("Only in the new run", comparison.only_new)):
        if names:
            console.print()
            say(console, Text(", ".join(plain.line(name, 100) for name in names)), label=Text(f"{title}: "))
    console.print()
    if len(comparison.pairs) > 1:
        for pair in comparison.pairs:
            say(
                console,
                Text(f"{plain.line(heading(pair), 200)}: {pair.words}", style=STATUS_STYLES[pair.status]),
                hanging=2,
            )
    say(console, Text(comparison.words, style=STATUS_STYLES[comparison.status]), hanging=2)


def _pair(pair: Pair, console: Console) -> None:
    console.print()
    say(console, Text(plain.line(heading(pair), 300), style="bold"))
    fact(console, "old", pair.old.verdict)
    fact(console, "new", pair.new.verdict)
    for title, number, words in counts(pair):
        say(console, Text(f"{title.lower()}: {words}"), label=Text(f"  {number:>7,}  "))
    if (took := timing(pair)) is not None:
        say(console, Text(took, style="dim"), label=Text("  "))
    for kind in KINDS:
        groups = [group for group in pair.groups if group.kind == kind]
        if not groups:
            continue
        console.print()
        print_line(console, Text(TITLES[kind], style="bold"))
        for group in groups[:GROUP_LIMIT]:
            _group(group, console)
        if len(groups) > GROUP_LIMIT:
            print_line(console, Text(f"  and {counted(len(groups) - GROUP_LIMIT, 'more clause')}"))


def _group(group: Group, console: Console) -> None:
    label = Text(f"  {group.severity.upper()}  {plain.line(group.clause, 40)}  ", style=SEVERITY_STYLES[group.severity])
    say(console, Text(f"{plain.line(group.title, 100)}: {reach(group)}"), label=label)
    fact(console, "  case", plain.line(group.example.id))
    if group.example.message:
        fact(console, "  found", plain.line(group.example.message, 300))
    if group.remedy:
        fact(console, "  remedy", group.remedy)
    if group.kind in ("regressed", "fails-differently") and group.example.rerun:
        command = continued(plain.line(group.example.rerun, 4_000), width(console) - INDENT)
        fact(console, "  rerun", command, whole=True)
