"""Several records as one Markdown page: all verdicts first, then each report in its share of the page."""

from __future__ import annotations

from collections.abc import Sequence

from . import markdown
from .gfm import prose, span
from .record import Record
from .verdict import exit_status, verdicts
from .words import counted

#: A report that would get less room than this, in bytes, is left to the list of verdicts.
_LEAST = 3_000
#: What the list of verdicts may take of the page.
_HEAD = 0.25


def render(records: Sequence[Record], limit: int = markdown.LIMIT) -> str:
    """GitHub Markdown of at most `limit` bytes; of one record the same as `render_markdown`."""
    if len(records) == 1:
        return markdown.render(records[0], limit)
    worst_first = sorted(records, key=lambda record: -exit_status(record))
    lines = [
        f"- {span(verdict.target, 100)}: {prose(verdict.words)}"
        for record in worst_first
        for verdict in verdicts(record)
    ]
    head = _within(lines, int(limit * _HEAD))
    shown, shares = _shares(worst_first, limit - _size(head) - 200)
    left = len(records) - len(shown)
    note = [f"**Left out to keep this short:** {counted(left, 'report')}. The records have everything."] if left else []
    parts = [markdown.render(record, share) for record, share in zip(shown, shares, strict=True)]
    # A record's own page starts with a heading of the second level; here it is one of several.
    return "\n\n".join(
        [f"## fsqcheck: {counted(len(records), 'report')}", head, *(f"#{part}" for part in parts), *note]
    )


def _within(lines: Sequence[str], limit: int) -> str:
    kept: list[str] = []
    room = limit - 60
    for line in lines:
        room -= _size(line) + 1
        if room < 0:
            break
        kept.append(line)
    rest = len(lines) - len(kept)
    return "\n".join([*kept, *([f"- and {counted(rest, 'more target')}"] if rest else [])])


def _shares(records: Sequence[Record], room: int) -> tuple[Sequence[Record], list[int]]:
    """The records that get a page, and how many bytes each: what small ones leave over goes to the others."""
    shown = records[: max(0, room // _LEAST)]
    needs = [_size(markdown.render(record, room)) + 3 for record in shown]
    shares = dict.fromkeys(range(len(shown)), 0)
    open_ = len(shown)
    for number in sorted(shares, key=lambda number: needs[number]):
        shares[number] = min(needs[number], room // open_)
        room -= shares[number]
        open_ -= 1
    return shown, [share - 3 for share in shares.values()]


def _size(text: str) -> int:
    return len(text.encode())
