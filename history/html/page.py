"""The page: the view laid out by the template, with the style of all pages and what the timeline needs beside it."""

from __future__ import annotations

from ...reports.html.layout import rendered_page, text_of
from ..lines import History
from .view import page_view


def rendered(history: History) -> str:
    """The page as text."""
    view = page_view(history)
    return rendered_page(
        __package__,
        "history.html.j2",
        title=view.title,
        style=f"{text_of(__package__, 'history.css')}\n{_sheet(view.releases, len(view.rules))}",
        script=text_of(__package__, "history.js"),
        page=view,
    )


def _sheet(releases: int, rules: int) -> str:
    """How wide the timeline must be for its releases, and which of its rows each choice of a rule shows."""
    lines = [f".timeline {{ --releases: {releases}; }}"]
    for number in range(1, rules + 1):
        chosen = f"body:has(#rule-{number}:checked)"
        lines.append(
            f"{chosen} .timeline tr.r0, {chosen} .timeline tbody.some:not(:has(tr.r{number})) {{ display: none; }}"
        )
        lines.append(f"{chosen} .timeline tr.r{number} {{ display: table-row; }}")
    return "\n".join(lines)
