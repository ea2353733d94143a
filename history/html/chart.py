"""The timeline as a picture: bars over releases in cells of a table, and the axis above them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from ...reports import Severity
from ...reports import plain as safe
from ...reports.words import counted
from ..changes import Step
from ..lines import History, ReleaseLine
from ..ordering import series
from ..standing import BROKEN, KEPT, Standing
from ..timeline import Bar, Row
from ..words import STANDINGS, stretch

#: A bar that covers less than this share of all releases has no room for its releases, or not even for its symbol.
_ROOM_FOR_WORDS = 0.12
_ROOM_FOR_SYMBOL = 0.014
#: A tick needs so much of the axis for each character of its label.
_ROOM_FOR_CHARACTER = 0.0058


@dataclass(frozen=True)
class Kind:
    """What a bar can say: its CSS class, symbol and word; bars differ in shape too, never by colour alone."""

    name: str
    symbol: str
    word: str
    meaning: str = ""


#: For the legend.
BAR_KINDS: tuple[Kind, ...] = (
    Kind("must", "✗", "MUST", "a wrong result, an error, a crash"),
    Kind("should", "!", "SHOULD", "a trap for users"),
    Kind("may", "i", "MAY", "for information"),
    Kind("pass", "✓", "pass", "every case that was judged conforms"),
    Kind("turned", "◇", "other values", "passes as before, but the values changed"),
    Kind("idle", "○", "not judged", "unsupported, or could not be judged here"),
    Kind("gone", "?", "not known", "the release could not be run"),
)

_OTHERS: dict[Standing, tuple[str, str]] = {
    "pass": ("pass", "✓"),
    "xpass": ("pass", "✓"),
    "not-run": ("idle", "○"),
    "unsupported": ("idle", "–"),
    "unknown": ("gone", "?"),
    "absent": ("none", "·"),
}
_SYMBOLS: dict[Severity, str] = {"must": "✗", "should": "!", "may": "i"}


def kind_of(standing: Standing, severity: Severity) -> Kind:
    """How a standing of a clause of this severity is shown."""
    if standing in BROKEN:
        return Kind(severity, _SYMBOLS[severity], STANDINGS[standing])
    name, symbol = _OTHERS[standing]
    return Kind(name, symbol, STANDINGS[standing])


@dataclass(frozen=True)
class BarView:
    """A cell: how many releases it covers, its kind, the text that fits in it, and all of it for who asks.

    `turned`: its first release passes as before, with other values.
    """

    span: int
    kind: Kind
    text: str
    title: str
    turned: bool = False


#: The places of the releases with other values that still pass, by clause and rule; rule None is any.
Turned = Mapping[tuple[str, str | None], Collection[int]]


def turned(history: History, steps: Iterable[Step]) -> Turned:
    """Where values changed although the clause still passed."""
    places = {release.version: place for place, release in enumerate(history.releases)}
    found: defaultdict[tuple[str, str | None], set[int]] = defaultdict(set)
    for step in steps:
        for turn in step.turns:
            for rule in (None, *turn.rules) if turn.kind == "values-changed" else ():
                found[turn.clause.id, rule].add(places[step.release.version])
    return found


def bar_views(history: History, row: Row, turns: Turned) -> tuple[BarView, ...]:
    """The cells of a row; a bar in which values changed is one cell for each stretch of equal values."""
    places = turns.get((row.clause.id, row.rule), ())
    return tuple(_bar(history, row, part, part.first in places) for bar in row.bars for part in _parts(bar, places))


def _parts(bar: Bar, places: Collection[int]) -> Iterator[Bar]:
    starts = [bar.first, *sorted(place for place in places if bar.first < place <= bar.last and bar.standing in KEPT)]
    for start, stop in zip(starts, [*starts[1:], bar.last + 1], strict=True):
        yield Bar(start, stop - 1, bar.standing)


def _bar(history: History, row: Row, bar: Bar, turned: bool) -> BarView:
    kind = kind_of(bar.standing, row.clause.severity)
    if bar.standing == "absent":
        return BarView(bar.length, kind, "", "")
    if turned and bar.standing in KEPT:
        return BarView(
            bar.length, kind, "", f"{stretch(history, bar)}: {kind.word}, with other values than before", True
        )
    share = bar.length / len(history.releases)
    said = stretch(history, bar)
    text = kind.symbol if share >= _ROOM_FOR_SYMBOL else ""
    if bar.standing in BROKEN and share >= _ROOM_FOR_WORDS:
        text = f"{kind.symbol} {said}"
    elif kind.name in ("pass", "idle", "gone"):
        text = ""
    return BarView(bar.length, kind, text, f"{said}: {kind.word}")


@dataclass(frozen=True)
class Tick:
    """A stretch of the axis: how many releases, its label, whether there is room to see it, and what it is in full."""

    span: int
    label: str
    fits: bool
    title: str


def series_ticks(history: History) -> tuple[Tick, ...]:
    """The releases by the first two numbers of their versions."""
    return _ticks(history, lambda release: series(release.version))


def year_ticks(history: History) -> tuple[Tick, ...]:
    """The releases by year; nothing where no date is known. One without a date stands with the one before it."""
    years: dict[str, str] = {}
    last = ""
    for release in history.releases:
        last = (release.date or last)[:4]
        years[release.version] = last
    return _ticks(history, lambda release: years[release.version]) if last else ()


def _ticks(history: History, of: Callable[[ReleaseLine], str]) -> tuple[Tick, ...]:
    ticks = []
    for name, group in groupby(history.releases, key=of):
        number = len(list(group))
        label = safe.line(name, 20)
        fits = number / len(history.releases) >= _ROOM_FOR_CHARACTER * (len(label) + 1)
        ticks.append(Tick(number, label, fits, f"{label}: {counted(number, 'release')}"))
    return tuple(ticks)
