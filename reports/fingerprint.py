"""What makes two failures the same failure: the outcome and the message without what differs from machine to machine.

A message holds the values of one input (`L = 8: z = 0.29 takes level 3, not level 4`). Another processor, another draw or
another level list gives other numbers in the same sentence, so numbers, lists of them, addresses and folders are taken out.
What is left must be the same for a known failure to be known: a collapse to few codes is not a step out of its band.
"""

from __future__ import annotations

import hashlib
import re

from . import plain
from .record import ResultLine

#: A longer fingerprint, in characters, ends in a hash of all of it.
_LONGEST = 200

#: What of a message counts; what a target raises may be a megabyte.
_MESSAGE = 1_000

_ONCE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b0x[0-9a-fA-F]+\b"), "#"),
    # A folder is another one on each machine; the file in it is not.
    (re.compile(r"(?:[A-Za-z]:)?(?:[\\/][^\\/\s'\":,;()]+)+[\\/](?=[^\\/\s])"), ""),
    # A number that is no part of a name such as float32 or IDX-6.
    (re.compile(r"(?<![\w.])(?<!\w-)[-+]?(?:\d+(?:[,_]\d{3})*(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?(?!\w)%?", re.I), "#"),
    (re.compile(r"(?<!\w)[-+]?inf\b"), "#"),
)
#: Lists of numbers, of any length and nested; `level 3 or 4`.
_LISTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"#(?:(?:\s*[,…]\s*|\s+or\s+)+#)+"), "#"),
    (re.compile(r"[\[({][#\s,…]+[\])}]"), "#"),
)
_DEPTH = 4


def fingerprint(result: ResultLine) -> str:
    """The outcome and the kind of the message of a case that failed: `fail: L = #: z = # takes level #, not level #`.

    Of a known failure (`xfail`) it is that of the failure itself.
    """
    text = f"{result.ended or result.outcome}: {kind(result.message or '')}"
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… {hashlib.sha256(text.encode()).hexdigest()[:8]}"


def kind(message: str) -> str:
    """A message without its values."""
    message = " ".join(plain.encodable(message[:_MESSAGE]).split())
    for pattern, replacement in (*_ONCE, *_LISTS * _DEPTH):
        message = pattern.sub(replacement, message)
    return message
