"""A comparison on a terminal: the matrix of tokens that change, each pair, and the verdict in the last line."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from ..reports import plain
from ..reports.printing import STATUS_STYLES, fact, print_line, say, width
from . import words
from .results import Interop, Pair

#: The width of a column of the matrix and of the numbers before it.
_CELL, _NUMBER = 12, 5
#: More pairs than this are told by the matrix, and the verdict of each in one line.
PAIR_LIMIT = 10


def render(found: Interop, console: Console) -> None:
    """Print the comparison; the last line is the verdict. Third-party text is shown, never obeyed."""
    say(console, Text(words.setting(found)))
    console.print()
    for position in range(len(found.members)):
        label = Text(f"{position + 1:>{_NUMBER - 2}}  ")
        say(console, Text(plain.line(words.member(found, position), 300)), label=label)
    if len(found.pairs) > 1:
        _matrix(found, console)
    console.print()
    for pair in found.pairs:
        if len(found.pairs) > PAIR_LIMIT:
            say(console, Text(_heading(found, pair)), hanging=2)
        else:
            _pair(found, pair, console)
    say(console, Text(plain.line(words.conclusion(found), 1_000), style=STATUS_STYLES[found.status]), hanging=2)


def _matrix(found: Interop, console: Console) -> None:
    columns = max(1, (width(console) - _NUMBER) // _CELL)
    count = len(found.members)
    console.print()
    print_line(console, Text("Tokens that change", style="bold"))
    for start in range(0, count, columns):
        shown = range(start, min(start + columns, count))
        print_line(console, Text(" " * _NUMBER + "".join(f"{one + 1:>{_CELL}}" for one in shown), style="dim"))
        for row in range(count):
            cells = "".join(f"{words.cell(found, row, one):>{_CELL}}" for one in shown)
            print_line(console, Text(f"{row + 1:>{_NUMBER - 2}}  {cells}"))


def _heading(found: Interop, pair: Pair) -> str:
    return plain.line(f"{words.title(found, pair)}: {words.verdict(found, pair)}", 1_000)


def _pair(found: Interop, pair: Pair, console: Console) -> None:
    say(console, Text(_heading(found, pair), style="bold"), hanging=2)
    fact(console, "tokens", words.tokens(found, pair))
    for channel in pair.channels:
        if channel.changed:
            fact(console, f"channel {channel.channel}", words.channel(found, channel))
    for said in words.decodings(found, pair):
        fact(console, "codes", plain.line(said, 600))
    fact(console, "gradients", plain.line(words.gradient(found, pair), 600))
    console.print()
