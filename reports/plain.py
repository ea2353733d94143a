"""Third-party text made safe to show.

Names, messages and inputs come from whatever was under test. A terminal must not obey them and a reader must not be
misled by them, so every character that Python does not call printable (controls, ANSI escapes, bidirectional overrides,
lone surrogates, invisible spaces) is shown as its escape, and a very long text is cut with a note of what is missing.
"""

from __future__ import annotations

import re

#: The longest one-line text that a report shows, in characters.
LINE_LIMIT = 400
#: The longest text of several lines that a report shows, in characters.
BLOCK_LIMIT = 900
#: The most lines of a text that a report shows.
BLOCK_LINES = 10

_SURROGATES = re.compile("[\ud800-\udfff]")


def encodable(text: str) -> str:
    """The text with each lone surrogate replaced by U+FFFD, so that it can be written as UTF-8."""
    return _SURROGATES.sub("\ufffd", text)


def line(text: str, limit: int = LINE_LIMIT) -> str:
    r"""The text on one line, with what is not printable escaped (a newline reads `\n`), cut at `limit` characters."""
    return _escaped(text, "", limit)


def block(text: str, limit: int = BLOCK_LIMIT, lines: int = BLOCK_LINES) -> str:
    """The text with its line breaks kept, the rest as in `line`, cut at `limit` characters and at `lines`."""
    shown = _escaped(_unified(text[: limit + 1]) + text[limit + 1 :], "\n", limit).strip("\n").split("\n")
    rest = [] if len(shown) <= lines else [f"… ({len(shown) - lines:,} more lines)"]
    return "\n".join(part.rstrip() for part in shown[:lines] + rest)


def source(text: str) -> str:
    """A script as it is, line breaks and indentation kept, never cut; what is not printable reads as its escape."""
    return _escaped(_unified(text), "\n", None).strip("\n")


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n").expandtabs(4)


def _escaped(text: str, kept: str, limit: int | None) -> str:
    if text.isprintable() and (limit is None or len(text) <= limit):
        return text
    shown: list[str] = []
    size = 0
    for position, character in enumerate(text):
        safe = character if character.isprintable() or character in kept else _escape(character)
        size += len(safe)
        if limit is not None and size > limit:
            return "".join(shown) + f"… ({len(text) - position:,} more characters)"
        shown.append(safe)
    return "".join(shown)


def _escape(character: str) -> str:
    # Python's own escapes: the ones that its reader knows, and valid inside a string of a script.
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
