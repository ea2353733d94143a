"""The table of safe ranges: needs against rules."""

from __future__ import annotations

from dataclasses import dataclass

from ...reports import plain as safe
from ...reports.words import listed
from .. import words
from ..lines import History
from ..needs import NEEDS
from ..ranges import Safety, Span, safe_ranges


@dataclass(frozen=True)
class RangeCell:
    """One need under one rule: the spans, each with the releases left out of it; or, without, a word and why."""

    tone: str
    symbol: str
    spans: tuple[tuple[str, str], ...]
    word: str = ""
    why: str = ""


@dataclass(frozen=True)
class RangeTable:
    """The table; a need that could be judged nowhere is in `unjudged` and in no row."""

    rules: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[RangeCell, ...]], ...]
    unjudged: str


def range_table(history: History) -> RangeTable:
    """The needs that were judged, against the rules, those of the newest release first."""
    summaries = words.summaries(history)
    found = {(safe.line(one.rule, 60), one.need): one for one in safe_ranges(history)}
    names = [one.rule for one in summaries]
    judged = [need for need in NEEDS if any(found[rule, need].judged for rule in names)]
    return RangeTable(
        rules=tuple((one.rule, f"until {one.until}" if one.until else "") for one in summaries),
        rows=tuple((need, tuple(_cell(found[rule, need]) for rule in names)) for need in judged),
        unjudged=listed([need for need in NEEDS if need not in judged]) if names else "",
    )


def _cell(safety: Safety) -> RangeCell:
    if safety.spans:
        good = safety.newest == "safe"
        shown = tuple(_span(span) for span in safety.spans)
        return RangeCell("pass" if good else "should", "✓" if good else "!", shown)
    if not safety.judged:
        return RangeCell("idle", "○", (), "not judged")
    against = [safe.line(id, 40) for id in safety.against[:6]]
    return RangeCell("none", "✗", (), "none", listed(against))


def _span(span: Span) -> tuple[str, str]:
    """The range, and what is left out of it."""
    whole = Span(span.first, span.last, span.before)
    return safe.line(whole.words, 200), safe.line(f"without {listed(span.without)}", 300) if span.without else ""
