"""The verdict as a badge: an SVG of its own, and the JSON that shields.io draws one from."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass

from .record import Record
from .verdict import Status, Verdict, exit_status, verdicts
from .words import counted

LABEL = "FSQ conformance"

#: The name that shields.io knows, and the colour itself, dark enough for white text.
_COLOURS: dict[str, str] = {
    "brightgreen": "#2f7d1e",
    "yellowgreen": "#5f6f00",
    "red": "#b62324",
    "lightgrey": "#5d5d5d",
}
_COLOUR_OF: dict[Status, str] = {0: "brightgreen", 1: "red", 2: "red", 3: "lightgrey"}

#: Widths of 11-pixel Verdana, in pixels, near enough that `textLength` moves no letter visibly.
_NARROW, _WIDE, _USUAL = 4.2, 10.5, 7.0


@dataclass(frozen=True)
class Badge:
    """What a badge says, and the name of its colour; `broken` if what it says is not about conformance."""

    message: str
    colour: str
    broken: bool


def badge(records: Sequence[Record]) -> Badge:
    """One badge for all targets of all records: the worst of them decides its colour."""
    status: Status = max((exit_status(record) for record in records), default=3)
    judged = [verdict for record in records for verdict in verdicts(record)]
    message = _one(judged[0], status) if len(judged) == 1 else _several(judged, status)
    lesser = status == 0 and any(any(verdict.failing.values()) or verdict.cases.get("xfail") for verdict in judged)
    return Badge(message, "yellowgreen" if lesser else _COLOUR_OF[status], status >= 2)


def render_svg(records: Sequence[Record]) -> str:
    """A flat SVG badge with its text for screen readers; it loads nothing from elsewhere."""
    made = badge(records)
    left, right = _width(LABEL), _width(made.message)
    whole = left + right
    title = html.escape(f"{LABEL}: {made.message}")
    texts = "".join(
        f'<text x="{start + width / 2:g}" y="14" textLength="{width - 10:g}">{html.escape(text)}</text>'
        for text, start, width in ((LABEL, 0.0, left), (made.message, left, right))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole:g}" height="20" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<clipPath id="r"><rect width="{whole:g}" height="20" rx="3"/></clipPath><g clip-path="url(#r)">'
        f'<rect width="{left:g}" height="20" fill="#444"/>'
        f'<rect x="{left:g}" width="{right:g}" height="20" fill="{_COLOURS[made.colour]}"/></g>'
        f'<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
        f"{texts}</g></svg>\n"
    )


def render_shields(records: Sequence[Record]) -> str:
    """The JSON of a shields.io endpoint badge, schema version 1."""
    made = badge(records)
    told = {"schemaVersion": 1, "label": LABEL, "message": made.message, "color": made.colour}
    if made.broken:
        told["isError"] = True
    return json.dumps(told, ensure_ascii=False) + "\n"


def _one(verdict: Verdict, status: Status) -> str:
    if status == 3:
        return "incomplete" if verdict.gap is not None else "nothing judged"
    if status == 2:
        return "not loaded"
    if verdict.failing["must"]:
        return f"{verdict.failing['must']:,} MUST fail" + ("s" if verdict.failing["must"] == 1 else "")
    if status == 1:
        return "baseline is stale"
    notes = [f"{verdict.failing['should']:,} SHOULD fail"] if verdict.failing["should"] else []
    if known := verdict.cases.get("xfail", 0):
        notes.append(counted(known, "known failure"))
    return ", ".join(["conforms", *notes])


def _several(judged: Sequence[Verdict], status: Status) -> str:
    if not judged or (status == 3 and all(verdict.status == 0 for verdict in judged)):
        return "incomplete"
    good = sum(verdict.status == 0 for verdict in judged)
    if good == len(judged) and status == 1:
        return "baseline is stale"
    return f"all {good:,} conform" if good == len(judged) else f"{good:,} of {len(judged):,} conform"


def _width(text: str) -> float:
    narrow = sum(character in "fijltI.,:;|!' ()1" for character in text)
    wide = sum(character in "mwMW%" or ord(character) > 0x2E80 for character in text)
    return round(10 + narrow * _NARROW + wide * _WIDE + (len(text) - narrow - wide) * _USUAL, 1)
