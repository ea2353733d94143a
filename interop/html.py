"""A comparison as one HTML page that needs nothing else: the verdicts, the matrix, and all thresholds of each pair."""

from __future__ import annotations

from dataclasses import dataclass

from ..reports import plain
from ..reports.facts import Fact
from ..reports.html import require_html
from . import words
from .results import Interop, Pair


@dataclass(frozen=True)
class Cell:
    """A cell of the matrix: the share of tokens that change; its tone; the pair that it leads to, if any."""

    text: str
    tone: str
    pair: str | None


@dataclass(frozen=True)
class ChannelView:
    """One channel: how many levels it has, the share of them that change, and around which thresholds."""

    channel: int
    levels: int
    share: str
    where: tuple[str, ...]


@dataclass(frozen=True)
class PairView:
    """Two targets: the verdict, what was counted, and the channels where any level changes."""

    id: str
    heading: str
    symbol: str
    tone: str
    words: str
    facts: tuple[Fact, ...]
    channels: tuple[ChannelView, ...]


@dataclass(frozen=True)
class PageView:
    """The page; `rows` are the matrix, one for each of `members`, and empty for two targets."""

    heading: str
    symbol: str
    tone: str
    words: str
    setting: str
    members: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    pairs: tuple[PairView, ...]


def render(found: Interop) -> str:
    """The page as text; third-party text is shown and never run. Raises `MissingExtra` without the extra `html`."""
    require_html(("jinja2",))
    from ..reports.html.layout import rendered_page

    view = _view(found)
    title = f"{view.heading}: {view.words} · fsqcheck"
    return rendered_page(__package__, "interop.html.j2", title=title, script="", page=view)


def _view(found: Interop) -> PageView:
    many = len(found.pairs) > 1
    symbol, tone = _mark(found.status == 0)
    places = range(len(found.members))
    return PageView(
        heading=f"{len(found.members)} targets, two at a time" if many else _line(words.title(found, found.pairs[0])),
        symbol=symbol,
        tone=tone,
        words=_line(words.conclusion(found) if many else words.verdict(found, found.pairs[0])),
        setting=_line(words.setting(found)),
        members=tuple(_line(words.member(found, one)) for one in places),
        rows=tuple(tuple(_cell(found, row, one) for one in places) for row in places) if many else (),
        pairs=tuple(_pair(found, pair) for pair in found.pairs),
    )


def _cell(found: Interop, row: int, column: int) -> Cell:
    text = words.cell(found, row, column)
    if row == column:
        return Cell(text, "none", None)
    pair = found.between(row, column)
    return Cell(text, _mark(pair.exchangeable)[1], _id(pair))


def _pair(found: Interop, pair: Pair) -> PairView:
    symbol, tone = _mark(pair.exchangeable)
    rows = [Fact("tokens", words.tokens(found, pair))]
    rows += [Fact("codes", _line(said)) for said in words.decodings(found, pair)]
    rows.append(Fact("gradients", _line(words.gradient(found, pair))))
    channels = tuple(
        ChannelView(
            channel=one.channel,
            levels=one.levels,
            share=words.percent(one.changed, found.inputs.compared),
            where=tuple(words.counted_region(region) for region in one.regions),
        )
        for one in pair.channels
        if one.changed
    )
    # Numbered: one target may be named twice, and every section needs a name of its own.
    heading = f"{pair.first + 1} and {pair.second + 1}: {_line(words.title(found, pair))}"
    said = _line(words.verdict(found, pair))
    return PairView(_id(pair), heading, symbol, tone, said, tuple(rows), channels)


def _id(pair: Pair) -> str:
    return f"p{pair.first + 1}-{pair.second + 1}"


def _line(text: str) -> str:
    return plain.line(text, 1_000)


def _mark(same: bool) -> tuple[str, str]:
    return ("✓", "pass") if same else ("✗", "must")
