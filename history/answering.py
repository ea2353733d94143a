"""What `ask`, `suggest` and `bisect` found, on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from ..reports import plain as safe
from ..reports.facts import SCRIPT_LIMIT
from ..reports.printing import INDENT, SEVERITY_STYLES, STATUS_STYLES, continued, fact, print_line, say, width
from ..reports.words import listed
from .asking import Answer, Choice, Fault
from .bisect import Bisection
from .suggesting import Suggestion
from .words import STANDINGS, copied_from


def render_answer(answer: Answer, console: Console) -> None:
    """Print what is wrong with one release and what to take in its place; the last line is its verdict."""
    release = answer.release
    name = f"{safe.line(answer.package, 100)} {safe.line(release.version, 60)}"
    console.print()
    about = [safe.line(release.date, 20)] if release.date else []
    about += ["withdrawn by the maintainer"] if release.yanked else []
    about += [said] if (said := copied_from(release)) is not None else []
    say(console, Text(name, style="bold"))
    if about:
        say(console, Text("; ".join(about), style="dim"))
    for fault in answer.faults:
        console.print()
        _fault(fault, console)
    for rule in dict.fromkeys(choice.rule for choice in answer.choices):
        console.print()
        _choices(rule, [choice for choice in answer.choices if choice.rule == rule], console)
    console.print()
    if release.reason is not None:
        say(console, Text(f"{name}: {safe.line(release.reason)}", style=STATUS_STYLES[3]), hanging=2)
        return
    bad = any(fault.clause.severity == "must" for fault in answer.faults)
    say(console, Text(f"{name}: {safe.line(release.verdict or '')}", style=STATUS_STYLES[1 if bad else 0]), hanging=2)


def _fault(fault: Fault, console: Console) -> None:
    clause, example = fault.clause, fault.example
    label = f"{clause.severity.upper()}  {safe.line(clause.id, 40)}  "
    title = Text(safe.line(clause.title, 200), style="bold")
    say(console, title, label=Text(label, style=SEVERITY_STYLES[clause.severity]))
    if clause.meaning:
        say(console, Text(safe.line(clause.meaning)), label=Text("  "))
    fact(console, "rules", safe.line(", ".join(fault.rules), 300))
    if example is not None and example.message:
        fact(console, STANDINGS[fault.standing], safe.block(example.message, 400, 4))
    fact(console, "since", "the first release that has it" if fault.since is None else safe.line(fault.since, 60))
    fact(console, "fixed in", "no later release" if fault.fixed_in is None else safe.line(fault.fixed_in, 60))
    if example is not None and example.rerun:
        fact(console, "rerun", continued(safe.line(example.rerun, SCRIPT_LIMIT), width(console) - INDENT), whole=True)


def _choices(rule: str, choices: Iterable[Choice], console: Console) -> None:
    print_line(console, Text(safe.line(rule, 60), style="bold"))
    alike: dict[tuple[str, str], list[str]] = {}
    for choice in choices:
        alike.setdefault((choice.state, _instead(choice)), []).append(choice.need)
    for (state, instead), needs in alike.items():
        style = {"safe": "green", "unsafe": "red"}.get(state, "dim")
        label = {"safe": "safe", "unsafe": "not safe", "unknown": "not judged"}[state]
        words = listed(needs) + (f": {instead}" if state == "unsafe" else "")
        say(console, Text(words), label=Text(f"  {label:<10}  ", style=style))


def _instead(choice: Choice) -> str:
    """The nearest releases that are."""
    if choice.state != "unsafe":
        return ""
    near = [safe.line(one, 60) for one in (choice.newer, choice.older) if one is not None]
    return f"take {' or '.join(near)}" if near else "no release is"


def render_suggestions(suggestions: Sequence[Suggestion], console: Console) -> None:
    """Print the releases that satisfy, for each rule; one line a rule where there are some."""
    if not suggestions:
        say(console, Text("no release is known, so none can be suggested", style=STATUS_STYLES[3]))
    for one in suggestions:
        wanted = listed([safe.line(name, 60) for name in (*one.needs, *one.clauses)])
        rule = Text.assemble((safe.line(one.rule, 60), "bold"), "  ")
        if one.best is not None:
            ranges = safe.line("; ".join(span.words for span in one.spans), 400)
            say(console, Text(f"{wanted}: {ranges} (take {safe.line(one.best, 60)})"), label=rule, hanging=2)
            continue
        say(console, Text(f"{wanted}: no release", style="red"), label=rule, hanging=2)
        for near in one.near:
            against = safe.line(listed(near.against), 300)
            say(console, Text(f"{safe.line(near.version, 60)} lacks {against}"), label=Text("    nearest: "))


def render_bisection(clause: str, found: Bisection, console: Console) -> None:
    """Print every answer that was had, and in the last line what came of it."""
    console.print()
    for version, outcome in found.answers.items():
        fact(console, safe.line(version, 60), STANDINGS[outcome])
    console.print()
    style = "bold yellow" if found.monotone is not True else "bold"
    say(console, Text(f"{safe.line(clause, 40)}: {found.words}", style=style), hanging=2)
