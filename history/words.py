"""What a history says in sentences: the terminal, Markdown and the page say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..reports import plain as safe
from ..reports.comparison_words import TITLES
from ..reports.uses import USES
from ..reports.words import counted, listed
from .changes import Step, Turn
from .lines import History, ReleaseLine
from .ranges import Safety, safe_ranges
from .standing import BROKEN, Standing
from .timeline import Bar, Milestones, Row

#: How a clause stands, in a word.
STANDINGS: dict[Standing, str] = {
    "pass": "pass",
    "fail": "fail",
    "error": "error",
    "crash": "crash",
    "timeout": "timeout",
    "xfail": "known failure",
    "xpass": "unexpected pass",
    "not-run": "not judged",
    "unsupported": "unsupported",
    "absent": "no case",
    "unknown": "not known",
}


def title(history: History) -> str:
    """`vector-quantize-pytorch, 212 releases`."""
    return f"{safe.line(history.header.package, 100)}, {counted(len(history.releases), 'release')}"


def headline(history: History) -> str:
    """The verdict on the newest release that was run."""
    newest = history.newest
    if newest is None:
        return "nothing is known of any release"
    words = safe.line(newest.verdict or "it was not judged")
    later = history.releases[-1] is not newest
    which = "the newest that could be run" if later else "the newest release"
    return f"{version(newest)}, {which}, {words}"


def purposes(history: History) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the newest release is safe for, and what not, with the rules where that is so under some only."""
    safe_for, unsafe_for = [], []
    rules = history.newest.clauses if history.newest is not None else {}
    ranges = [safety for safety in safe_ranges(history) if safety.judged and safety.rule in rules]
    for need in (use.words for use in USES):
        tried = [safety.rule for safety in ranges if safety.need == need]
        good = [safety.rule for safety in ranges if safety.need == need and safety.newest == "safe"]
        bad = any(safety.need == need and safety.newest == "unsafe" for safety in ranges)
        if good:
            only = "" if len(good) == len(tried) else f" ({listed([safe.line(rule, 60) for rule in good])} only)"
            safe_for.append(need + only)
        elif bad:
            unsafe_for.append(need)
    return tuple(safe_for), tuple(unsafe_for)


def gap(history: History) -> str | None:
    """What is missing from the history, None if it is whole."""
    if not history.missing:
        return None
    number, planned = len(history.missing), len(history.releases)
    return f"{number:,} of {counted(planned, 'release')} {'was' if number == 1 else 'were'} not run yet"


@dataclass(frozen=True)
class RuleSummary:
    """What a history says of one rule: needs that share their safe releases together, then what no release is safe for.

    `until`: the newest release that has the rule, where a later one has it no more.
    """

    rule: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    none: tuple[str, ...]
    unjudged: tuple[str, ...]
    until: str | None


def summaries(history: History) -> tuple[RuleSummary, ...]:
    """Each rule, those that the newest release has first."""
    return tuple(_summary(history, rule) for rule in history.rules)


def _summary(history: History, rule: str) -> RuleSummary:
    groups: dict[str, list[str]] = {}
    none: list[str] = []
    unjudged: list[str] = []
    for safety in safe_ranges(history, rule):
        if safety.spans:
            groups.setdefault(range_words(safety), []).append(safety.need)
        else:
            (none if safety.judged else unjudged).append(safety.need)
    having = [release for release in history.known if rule in release.clauses]
    return RuleSummary(
        rule=safe.line(rule, 60),
        groups=tuple((words, tuple(needs)) for words, needs in groups.items()),
        none=tuple(none),
        unjudged=tuple(unjudged),
        until=version(having[-1]) if having and having[-1] is not history.newest else None,
    )


def range_words(safety: Safety) -> str:
    """The safe releases as they are said."""
    return safe.line(safety.words, 1_000)


def version(release: ReleaseLine) -> str:
    """A release on one line."""
    return safe.line(release.version, 60)


def stretch(history: History, bar: Bar) -> str:
    """The releases of a bar: `1.21.0 – 1.22.15`, or the one."""
    first, last = history.releases[bar.first], history.releases[bar.last]
    return version(first) if first is last else f"{version(first)} – {version(last)}"


@dataclass(frozen=True)
class Told:
    """A row in words, with the rules under which it reads the same.

    Bars that only releases of which nothing is known keep apart are one here: those releases are named once for all.
    """

    rules: tuple[str, ...]
    bars: tuple[Bar, ...]


def told(rows: Sequence[Row]) -> tuple[Told, ...]:
    """The rows of one clause under its rules; those with the same bars once, and only bars that say something."""
    alike: dict[tuple[Bar, ...], list[str]] = {}
    for row in rows:
        alike.setdefault(_joined(row.bars), []).append(safe.line(row.rule or "", 60))
    return tuple(Told(tuple(rules), bars) for bars, rules in alike.items())


def _joined(bars: Sequence[Bar]) -> tuple[Bar, ...]:
    found: list[Bar] = []
    for bar in bars:
        if bar.standing == "unknown":
            continue
        if found and found[-1].standing == bar.standing:
            found[-1] = Bar(found[-1].first, bar.last, bar.standing)
        else:
            found.append(bar)
    return tuple(bar for bar in found if bar.standing != "absent")


def milestone_words(one: Milestones) -> str:
    """`first bad in 1.21.0, first good in 1.22.16, good since 1.22.16`; empty for a clause that was never bad."""
    if one.first_bad is None:
        return ""
    good = f"first good in {safe.line(one.first_good, 60)}" if one.first_good is not None else "never good"
    start = " (the first that has it)" if one.from_the_start else ""
    since = f", good since {safe.line(one.good_since, 60)}" if one.good_since is not None else ", not good now"
    return f"first bad in {safe.line(one.first_bad, 60)}{start}, {good}{since if one.first_good is not None else ''}"


def bars_words(history: History, bars: Sequence[Bar]) -> str:
    """`1.21.0 – 1.22.15: fail; 1.22.16 – 1.32.0: pass`."""
    return "; ".join(f"{stretch(history, bar)}: {STANDINGS[bar.standing]}" for bar in bars)


@dataclass(frozen=True)
class Together:
    """Clauses that turned alike in one step: `Fixed`, `fail → pass under widened`, and each of them.

    `apart`: what fails now is worth a line of its own for each clause, with what it says.
    """

    title: str
    words: str
    turns: tuple[Turn, ...]
    apart: bool


def together(step: Step) -> tuple[Together, ...]:
    """What a step changed, clauses that turned alike in one."""
    alike: dict[tuple[str, str, bool], list[Turn]] = {}
    for turn in step.turns:
        apart = turn.now in BROKEN and turn.example is not None
        alike.setdefault((TITLES[turn.kind], _turned(turn), apart), []).append(turn)
    return tuple(Together(title, words, tuple(turns), apart) for (title, words, apart), turns in alike.items())


def _turned(turn: Turn) -> str:
    """`pass → fail under widened and symmetric`."""
    under = f"under {listed([safe.line(rule, 60) for rule in turn.rules])}"
    return under if turn.before == turn.now else f"{STANDINGS[turn.before]} → {STANDINGS[turn.now]} {under}"


def step_counts(step: Step) -> str:
    """`2 regressed, 34 fixed`, by kind of change."""
    kinds = Counter(
        "new and failing" if turn.kind == "new" and turn.now in BROKEN else KIND_WORDS[turn.kind] for turn in step.turns
    )
    parts = [f"new rule {safe.line(rule, 60)}" for rule in step.new_rules]
    parts += [f"rule {safe.line(rule, 60)} gone" for rule in step.gone_rules]
    return ", ".join([*parts, *(f"{number:,} {words}" for words, number in kinds.items())])


#: Each kind of change of a clause, as it is counted.
KIND_WORDS: dict[str, str] = {
    "regressed": "regressed",
    "clause-changed": "with another sentence",
    "environment-changed": "judged in one of the two only",
    "removed": "no longer tried",
    "fails-differently": "failing differently",
    "values-changed": "passing with other values",
    "new": "new",
    "withdrawn": "withdrawn",
    "fixed": "fixed",
    "unchanged": "unchanged",
}


def unknown(history: History) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The releases of which nothing is known, by reason, apart from those not reached."""
    found: dict[str, list[str]] = {}
    for release in history.releases:
        if release.reason is not None and release.version not in history.missing:
            found.setdefault(safe.line(release.reason, 300), []).append(version(release))
    return tuple((reason, tuple(versions)) for reason, versions in found.items())


def yanked(history: History) -> tuple[str, ...]:
    """The releases that were withdrawn."""
    return tuple(version(release) for release in history.releases if release.yanked)


def copied_from(release: ReleaseLine) -> str | None:
    """Whose run the line of a release is; None where it is its own."""
    if release.as_in is None:
        return None
    return f"its quantizer is, byte for byte, that of {safe.line(release.as_in, 60)}, which was run"


def facts(history: History) -> tuple[str, ...]:
    """How the history was made, in a few words each."""
    header = history.header
    parts = [f"tier {header.tier}", f"fsqcheck {header.fsqcheck}", header.started[:10]]
    parts += [f"rules {listed(header.rules)} only"] if header.rules else []
    parts += [f"clauses {listed(header.clauses)} only"] if header.clauses else []
    if copies := sum(release.as_in is not None for release in history.releases):
        ran = len(history.releases) - len(history.missing) - copies
        parts += [f"{ran:,} run, {copies:,} with the quantizer of one of these"]
    return tuple(safe.line(part, 200) for part in parts)
