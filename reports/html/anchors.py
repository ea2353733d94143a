"""Names of places in the page, and the links of a clause's source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .. import plain

_ARXIV = re.compile(r"arXiv[ :](\d{4}\.\d{4,5})")
_NUMBER = re.compile(r"(?:issues?|PR|,|and) (\d{1,5})\b")
_TRACKER = re.compile(r"vector-quantize-pytorch[^;]*?\b(?:issues?|PR) \d[^;]*")


@dataclass(frozen=True)
class Part:
    """A piece of a text, with the address that it links to, if any."""

    text: str
    href: str | None = None


def slug(text: str, number: int) -> str:
    """A text as part of an id: itself if it is plain, else its number."""
    return text if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,40}", text) else f"n{number}"


def linked(source: str) -> tuple[Part, ...]:
    """A clause's source with links to the papers and issues that it names; addresses are made of digits alone."""
    text = plain.line(source, 300)
    links = sorted(_links(text))
    parts, end = [], 0
    for start, stop, href in links:
        if start < end:
            continue
        parts += [Part(text[end:start]), Part(text[start:stop], href)]
        end = stop
    return tuple(part for part in (*parts, Part(text[end:])) if part.text)


def _links(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _ARXIV.finditer(text):
        yield *match.span(), f"https://arxiv.org/abs/{match[1]}"
    for tracker in _TRACKER.finditer(text):
        for match in _NUMBER.finditer(tracker[0]):
            start, stop = match.span(1)
            address = f"https://github.com/lucidrains/vector-quantize-pytorch/issues/{match[1]}"
            yield tracker.start() + start, tracker.start() + stop, address
