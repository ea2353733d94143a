"""A history as Markdown, to be read in a repository: what is safe, the bars of every clause, and what changed."""

from __future__ import annotations

from collections.abc import Iterator

from ..reports.gfm import prose, span
from ..reports.words import counted, listed
from . import words
from .changes import Step, Turn, changes
from .lines import History
from .needs import NEEDS
from .ranges import safe_ranges
from .standing import BROKEN, KEPT
from .timeline import Row, timeline

#: What is said of a failure is cut to so many characters.
_MESSAGE = 160


def render(history: History) -> str:
    """The history as GitHub Markdown. Third-party text can neither format, nor link, nor mention anyone."""
    return (
        "\n\n".join([*_top(history), *_ranges(history), *_clauses(history), *_changes(history), *_rest(history)]) + "\n"
    )


def _top(history: History) -> Iterator[str]:
    yield f"# {prose(history.header.package, 100)}, release by release"
    if (gap := words.gap(history)) is not None:
        yield f"**This history is incomplete:** {gap}. What is missing is in no safe range."
    yield f"**{prose(words.headline(history))}.**"
    good, against = words.purposes(history)
    if good:
        yield f"Safe to use for {prose(listed(good), 2_000)}."
    if against:
        yield f"Not for {prose(listed(against), 2_000)}."
    yield f"{counted(len(history.releases), 'release')}; {prose('; '.join(words.facts(history)), 1_000)}."


def _ranges(history: History) -> Iterator[str]:
    if not history.rules:
        return
    found = {(one.rule, one.need): one for one in safe_ranges(history)}
    judged = [need for need in NEEDS if any(found[rule, need].judged for rule in history.rules)]
    yield "## Which release is safe"
    heads = [
        f"{span(one.rule, 60)}{f' (until {prose(one.until)})' if one.until else ''}" for one in words.summaries(history)
    ]
    lines = ["| safe for | " + " | ".join(heads) + " |", "|---|" + "---|" * len(heads)]
    for need in judged:
        cells = [prose(words.range_words(found[rule, need]), 1_000) for rule in history.rules]
        lines.append(f"| {prose(need)} | " + " | ".join(cells) + " |")
    yield "\n".join(lines)
    if unjudged := [need for need in NEEDS if need not in judged]:
        yield f"Not judged in any release: {prose(listed(unjudged))}."


def _clauses(history: History) -> Iterator[str]:
    rows = {rule: {row.clause.id: row for row in timeline(history, rule)} for rule in history.rules}
    together = timeline(history)
    if not together:
        return
    yield "## In which releases each clause holds"
    alike: dict[tuple[str, str], list[Row]] = {}
    always = [row for row in together if all(bar.standing in KEPT for bar in row.known)]
    for row in together:
        if row in always:
            continue
        for told in words.told([rows[rule][row.clause.id] for rule in rows if row.clause.id in rows[rule]]):
            if all(bar.standing in KEPT for bar in told.bars):
                continue
            rules = ", ".join(span(rule, 60) for rule in told.rules)
            alike.setdefault((rules, prose(words.bars_words(history, told.bars), 2_000)), []).append(row)
    if alike:
        yield "Only where it does not always hold: under a rule that is not named each release keeps the clause."
        rows_of = [f"| {_titled(these)} | {rules} | {bars} |" for (rules, bars), these in alike.items()]
        yield "\n".join(["| clause | rules | releases |", "|---|---|---|", *rows_of])
    if always:
        yield f"Kept by every release that has a case of them: {_named(always)}."


def _titled(rows: list[Row]) -> str:
    """One clause with its title; of several that stand alike the ids alone."""
    if len(rows) > 1:
        return ", ".join(f"**{prose(row.clause.id, 40)}**" for row in rows)
    (row,) = rows
    return f"**{prose(row.clause.id, 40)}** {prose(row.clause.title, 100)} ({row.clause.severity.upper()})"


def _named(rows: list[Row]) -> str:
    return listed([prose(row.clause.id, 40) for row in rows])


def _changes(history: History) -> Iterator[str]:
    steps = changes(history)
    if not steps:
        return
    yield "## What changed"
    for step in reversed(steps):
        yield "\n".join(_step(step))


def _step(step: Step) -> Iterator[str]:
    date = f" ({prose(step.release.date, 20)})" if step.release.date else ""
    yield f"**{prose(step.release.version, 60)}**{date}: {prose(words.step_counts(step), 1_000)}"
    yield ""
    if step.skipped:
        yield f"- not known: {prose(listed(step.skipped), 400)}; a change may be theirs"
    for group in words.together(step):
        head = f"{group.title.lower()}, {prose(group.words)}"
        if group.apart:
            yield from (f"- {head}: {_turn(turn)}" for turn in group.turns)
        else:
            yield f"- {head}: {listed([prose(turn.clause.id, 40) for turn in group.turns])}"


def _turn(turn: Turn) -> str:
    said = turn.example.message if turn.example is not None and turn.now in BROKEN else None
    return f"**{prose(turn.clause.id, 40)}** {prose(turn.clause.title, 100)}" + (
        f": {span(said, _MESSAGE)}" if said else ""
    )


def _rest(history: History) -> Iterator[str]:
    unknown, yanked = words.unknown(history), words.yanked(history)
    if not (unknown or yanked):
        return
    yield "## Releases of which nothing is known"
    lines = [f"- {prose(listed(versions), 2_000)}: {span(reason)}" for reason, versions in unknown]
    lines += [f"- withdrawn by the maintainer: {prose(listed(yanked), 2_000)}"] if yanked else []
    yield "\n".join(lines)
