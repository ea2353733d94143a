"""Text on a terminal, whatever its width and encoding: lines that fit, labels with texts beside them, commands that copy."""

from __future__ import annotations

import re

from rich.console import Console
from rich.text import Text

from .record import Severity

#: Text wider than this is harder to read, however wide the terminal is.
WIDEST = 100
#: Text narrower than this is left to the terminal to wrap.
NARROWEST = 20
#: Where the text beside a label starts.
INDENT = 12

SEVERITY_STYLES: dict[Severity, str] = {"must": "bold red", "should": "yellow", "may": "cyan"}
STATUS_STYLES = {0: "green", 1: "bold red", 2: "bold red", 3: "bold yellow"}

#: A word of a command: what a shell would not split.
_WORD = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'|"(?:\\.|[^"\\])*")+""")


def fact(console: Console, label: str, text: str, *, whole: bool = False) -> None:
    """A label, and beside it the text, whose lines start in one column and are not broken if `whole`."""
    shown = Text("  " + label.ljust(INDENT - 2), style="dim")
    if len(shown) > INDENT:
        print_line(console, Text("  " + label, style="dim"))
        shown = Text(" " * INDENT)
    for line in text.split("\n"):
        if whole:
            print_line(console, Text.assemble(shown, line))
        else:
            say(console, Text(line), label=shown)
        shown = Text(" " * INDENT)


def width(console: Console) -> int:
    """How wide text is printed, in cells."""
    return min(max(console.width, NARROWEST), WIDEST)


def say(console: Console, text: Text, *, label: Text | None = None, hanging: int = 0) -> None:
    """Print text after a label, in lines that fit; they hang under its start, or by `hanging` if that is deeper."""
    start = fitted(console, label or Text())
    depth = max(len(start), hanging)
    if depth > width(console) // 2:  # no room left beside so long a label
        print_line(console, start)
        start, depth = Text("  "), 2
    for piece in fitted(console, text).wrap(console, width(console) - depth, overflow="fold"):
        print_line(console, Text.assemble(start, piece))
        start = Text(" " * depth)


def continued(command: str, room: int) -> str:
    """A command in lines that a shell joins again: a backslash at each break, between words only and never after an option."""
    words = _WORD.findall(command)
    if not words or " ".join(words) != command:
        return command
    lines = [words[0]]
    for before, word, after in zip(words, words[1:], [*words[2:], ""], strict=False):
        wanted = f"{word} {after}" if word.startswith("--") else word  # an option stands beside its value
        if before.startswith("--") or len(lines[-1]) + len(wanted) + 3 <= room:
            lines[-1] += f" {word}"
        else:
            lines[-1] += " \\"
            lines.append(f"  {word}")
    return "\n".join(lines)


def fitted(console: Console, text: Text) -> Text:
    """The text with escapes for what the console's encoding has no character for."""
    encoded = text.plain.encode(console.encoding, "backslashreplace").decode(console.encoding)
    return text if encoded == text.plain else Text(encoded, style=text.style)


def print_line(console: Console, line: Text) -> None:
    """One line as it is, however long."""
    line = fitted(console, line)
    line.rstrip()
    console.print(line, soft_wrap=True)
