"""Numbers and lists in English, said the same way in every report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .record import Outcome

#: The outcomes that neither pass nor fail a case, as they are said.
IDLE: Mapping[Outcome, str] = {
    "not-run": "not run",
    "unsupported": "unsupported",
    "xfail": "failed as expected",
    "xpass": "passed unexpectedly",
}


def capital(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 case`, `1,200 cases`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(items: Sequence[str]) -> str:
    """A list as it is said: `a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)
