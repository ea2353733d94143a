"""Text made safe inside GitHub Markdown: it can neither format, nor link an issue, nor mention anyone."""

from __future__ import annotations

import html
import re

from . import plain

_SPECIAL = re.compile(r"([\\`*_{}\[\]|~$#])")
_MENTION = re.compile(r"([@#])(?=\w)")


def prose(text: str, limit: int = plain.LINE_LIMIT) -> str:
    """Text that reads as itself in a paragraph or a table cell."""
    escaped = _SPECIAL.sub(r"\\\1", html.escape(plain.line(text, limit), quote=False))
    return _MENTION.sub(r"\1&#8203;", escaped)


def in_html(text: str) -> str:
    """Text inside an HTML tag, where nothing is Markdown."""
    return _MENTION.sub(r"\1&#8203;", html.escape(text, quote=False))


def span(text: str, limit: int = plain.LINE_LIMIT) -> str:
    """Text in a code span, whatever backticks it holds."""
    shown = plain.line(text, limit)
    if not shown.strip():
        return "(empty)"
    ticks = "`" * (_longest_run(shown) + 1)
    space = " " if shown[0] == "`" or shown[-1] == "`" else ""
    return f"{ticks}{space}{shown}{space}{ticks}"


def fence(text: str, language: str) -> str:
    """Text of several lines in a fence that is longer than any run of backticks inside."""
    ticks = "`" * max(3, _longest_run(text) + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
