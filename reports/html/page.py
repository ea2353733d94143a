"""The page on records: its view laid out, with the colours that its pictures use and its filter."""

from __future__ import annotations

from collections.abc import Sequence

from ..record import Record
from .layout import rendered_page, text_of
from .matrix import KINDS
from .pictures import Galleries
from .view import page_view


def rendered(records: Sequence[Record]) -> str:
    """The page as text."""
    galleries = Galleries()
    view = page_view(records, galleries)
    return rendered_page(
        __package__,
        "page.html.j2",
        title=view.title,
        style=galleries.sheet.css(),
        script=text_of(__package__, "page.js"),
        page=view,
        kinds=KINDS,
    )
